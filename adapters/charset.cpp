#include "adapters/charset.h"

#include <unicode/ucnv.h>
#include <unicode/ucnv_err.h>
#include <unicode/ustring.h>
#include <unicode/utf16.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <limits>
#include <memory>
#include <utility>

#include "adapters/charset_deltas.h"

namespace adapters {

namespace {

using fhir::fail;
using fhir::Fault;
using fhir::pass;

struct Row {
  Charset charset;
  std::string_view name, hl7;
  const char* decoder;  // ICU's names
  const char* encoder;
  std::string_view aliases;  // upper case, letters and digits only, between blanks
};

// ICU: "gb18030" is the edition of 2005, "ibm-1375" is Big5-HKSCS 2008 (both with deltas of ours), "ibm-943_P15A" is
// what Windows calls Shift_JIS with 5C as backslash, and version 3 of ISO-2022-JP reads all Japanese sets that HL7
// names while version 1 writes none that receivers may not know.
constexpr std::array kRows{
    Row{Charset::ascii, "ASCII", "ASCII", "US-ASCII", "US-ASCII", " ASCII USASCII ISOIR6 ISO646 "},
    Row{Charset::latin1, "ISO-8859-1", "8859/1", "ISO-8859-1", "ISO-8859-1", " 88591 ISO88591 LATIN1 ISOIR100 "},
    Row{Charset::windows_1252, "windows-1252", "", "ibm-5348_P100-1997", "ibm-5348_P100-1997", " WINDOWS1252 CP1252 "},
    Row{Charset::utf8, "UTF-8", "UNICODE UTF-8", "UTF-8", "UTF-8", " UTF8 UNICODEUTF8 ISOIR192 "},
    Row{Charset::gbk, "GBK", "GB 18030-2000", "windows-936-2000", "windows-936-2000",
        " GBK CP936 WINDOWS936 GB2312 GB231280 EUCCN "},
    Row{Charset::gb18030, "GB18030", "GB 18030-2000", "gb18030", "gb18030", " GB18030 "},
    Row{Charset::gb18030_2000, "GB18030-2000", "GB 18030-2000", "gb18030", "gb18030", " GB180302000 "},
    Row{Charset::gb18030_2005, "GB18030-2005", "GB 18030-2000", "gb18030", "gb18030", " GB180302005 "},
    Row{Charset::gb18030_2022, "GB18030-2022", "GB 18030-2000", "gb18030", "gb18030", " GB180302022 "},
    Row{Charset::big5_hkscs, "Big5-HKSCS", "BIG-5", "ibm-1375_P100-2008", "ibm-1375_P100-2008",
        " BIG5 BIG5HKSCS HKSCS "},
    Row{Charset::shift_jis, "Shift_JIS", "", "ibm-943_P15A-2003", "ibm-943_P15A-2003",
        " SHIFTJIS SJIS CP932 WINDOWS932 WINDOWS31J MS932 "},
    Row{Charset::iso_2022_jp, "ISO-2022-JP", "ISO IR87", "ISO_2022,locale=ja,version=3", "ISO_2022,locale=ja,version=1",
        " ISO2022JP ISOIR87 ISOIR159 ISOIR14 ISOIR13 JISX0202 JAS2020 "},
};

bool is_gb(Charset charset) {
  using enum Charset;
  return charset == gbk || charset == gb18030 || charset == gb18030_2000 || charset == gb18030_2005 ||
         charset == gb18030_2022;
}

const Row& row_of(Charset charset) { return *std::ranges::find(kRows, charset, &Row::charset); }

std::string only_letters_and_digits(std::string_view name) {
  std::string key;
  for (char c : name) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    if ((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) key += c;
  }
  return key;
}

bool is_private(char32_t c) { return (c >= 0xE000 && c <= 0xF8FF) || c >= 0xF0000; }

struct Close {
  void operator()(UConverter* converter) const { ucnv_close(converter); }
};
using Converter = std::unique_ptr<UConverter, Close>;

// ICU's own stop callback lets "ignorable" characters (variation selectors, zero-width space) vanish; ours does not.
void stop_always(const void*, UConverterFromUnicodeArgs*, const UChar*, int32_t, UChar32, UConverterCallbackReason,
                 UErrorCode*) {}

Converter open(const char* name) {
  UErrorCode status = U_ZERO_ERROR;
  Converter converter(ucnv_open(name, &status));
  if (U_FAILURE(status)) return nullptr;
  ucnv_setToUCallBack(converter.get(), UCNV_TO_U_CALLBACK_STOP, nullptr, nullptr, nullptr, &status);
  ucnv_setFromUCallBack(converter.get(), stop_always, nullptr, nullptr, nullptr, &status);
  ucnv_setFallback(converter.get(), false);
  return converter;
}

std::unexpected<fhir::Error> no_tables() {
  return fail(Fault::broken, "charset.tables", "", "the charset tables (ICU data) are missing on this machine");
}

std::unexpected<fhir::Error> undecodable(std::size_t byte, Charset charset) {
  return fail(Fault::invalid, "charset.undecodable", "byte " + std::to_string(byte),
              "the bytes here mean nothing in " + std::string(to_string(charset)) +
                  ": the text was cut within a character, or its sender writes another charset than `charset:` says");
}

std::unexpected<fhir::Error> unencodable(std::size_t character, Charset charset) {
  return fail(
      Fault::invalid, "charset.unencodable", "character " + std::to_string(character),
      std::string(to_string(charset)) +
          " has no such character: write it otherwise, or let the receiver take UTF-8 or GB18030, which have all");
}

constexpr std::size_t kLongest = std::numeric_limits<int32_t>::max() / 4;  // ICU counts in int32_t

bool fits(std::string_view text) { return text.size() <= kLongest; }

std::unexpected<fhir::Error> too_long() {
  return fail(Fault::too_large, "charset.too-large", "", "longer than a charset conversion takes (512 MiB)");
}

/// The offset of the first byte that is not part of a well-formed character; text.size() if there is none.
std::size_t first_ill_formed(std::string_view text) {
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
  std::size_t i = 0;
  while (i < text.size()) {
    if (bytes[i] < 0x80) {
      ++i;
      continue;
    }
    const std::size_t start = i;
    UChar32 c = 0;
    U8_NEXT(bytes, i, text.size(), c);  // NOLINT(bugprone-inc-dec-in-conditions): a macro of ICU
    if (c < 0) return start;
  }
  return text.size();
}

Result<std::u16string> to_utf16(std::string_view bytes, Charset charset) {
  Converter converter = open(row_of(charset).decoder);
  if (!converter) return no_tables();
  std::u16string text(bytes.size() + 16, u'\0');  // no charset here makes more units than it has bytes
  const char* in = bytes.data();
  char16_t* out = text.data();
  UErrorCode status = U_ZERO_ERROR;
  ucnv_toUnicode(converter.get(), &out, text.data() + text.size(), &in, in + bytes.size(), nullptr, true, &status);
  if (U_FAILURE(status)) {
    std::array<char, 32> bad{};
    auto length = static_cast<int8_t>(bad.size());
    UErrorCode ignored = U_ZERO_ERROR;
    ucnv_getInvalidChars(converter.get(), bad.data(), &length, &ignored);
    return undecodable(static_cast<std::size_t>(in - bytes.data() - length), charset);
  }
  text.resize(static_cast<std::size_t>(out - text.data()));
  return text;
}

Result<std::string> from_utf16(std::u16string_view text, Charset charset) {
  Converter converter = open(row_of(charset).encoder);
  if (!converter) return no_tables();
  // ICU's bound: ten characters' worth for escape sequences at the ends
  std::string bytes((text.size() + 10) * static_cast<std::size_t>(ucnv_getMaxCharSize(converter.get())), '\0');
  const char16_t* in = text.data();
  char* out = bytes.data();
  UErrorCode status = U_ZERO_ERROR;
  ucnv_fromUnicode(converter.get(), &out, bytes.data() + bytes.size(), &in, in + text.size(), nullptr, true, &status);
  if (U_FAILURE(status)) {
    std::array<char16_t, 16> bad{};
    auto length = static_cast<int8_t>(bad.size());
    UErrorCode ignored = U_ZERO_ERROR;
    ucnv_getInvalidUChars(converter.get(), bad.data(), &length, &ignored);
    const auto units = static_cast<std::size_t>(in - text.data() - length);
    const auto characters = std::ranges::count_if(text.substr(0, units), [](char16_t c) { return !U16_IS_TRAIL(c); });
    return unencodable(static_cast<std::size_t>(characters), charset);
  }
  bytes.resize(static_cast<std::size_t>(out - bytes.data()));
  return bytes;
}

std::string utf8_of(std::u16string_view text) {
  std::string bytes(text.size() * 3, '\0');
  int32_t length = 0;
  UErrorCode status = U_ZERO_ERROR;
  u_strToUTF8(bytes.data(), static_cast<int32_t>(bytes.size()), &length, text.data(), static_cast<int32_t>(text.size()),
              &status);
  bytes.resize(static_cast<std::size_t>(length));
  return bytes;
}

/// Of well-formed UTF-8.
std::u16string utf16_of(std::string_view text) {
  std::u16string units(text.size(), u'\0');
  int32_t length = 0;
  UErrorCode status = U_ZERO_ERROR;
  u_strFromUTF8(units.data(), static_cast<int32_t>(units.size()), &length, text.data(),
                static_cast<int32_t>(text.size()), &status);
  units.resize(static_cast<std::size_t>(length));
  return units;
}

/// Windows' GBK leaves holes of the GBK standard to private use (U+E766-E864); GB 18030 says what stands there.
std::u16string gbk_holes() {
  std::u16string holes;
  for (char16_t c = 0xE766; c <= 0xE864; ++c) holes += c;
  auto bytes = from_utf16(holes, Charset::gbk);
  if (!bytes) return holes;
  auto real = to_utf16(*bytes, Charset::gb18030);
  return real && real->size() == holes.size() ? *real : holes;
}

std::u16string fill_gbk_holes(std::u16string text) {
  static const std::u16string kReal = gbk_holes();
  for (char16_t& c : text) {
    if (c >= 0xE766 && c <= 0xE864) c = kReal[c - 0xE766u];
  }
  return text;
}

/// IBM's tables rotate three control characters: 1A, 1C and 7F.
std::u16string rotate_controls(std::u16string text, char16_t x1a, char16_t x1c, char16_t x7f) {
  for (char16_t& c : text) {
    if (c == 0x1A) {
      c = x1a;
    } else if (c == 0x1C) {
      c = x1c;
    } else if (c == 0x7F) {
      c = x7f;
    }
  }
  return text;
}

std::u16string after_decoding(std::u16string text, Charset charset) {
  switch (charset) {
    case Charset::gbk: return made_real(fill_gbk_holes(std::move(text)), charset);
    case Charset::shift_jis: return rotate_controls(std::move(text), 0x7F, 0x1A, 0x1C);
    default: return made_real(std::move(text), charset);
  }
}

std::u16string before_encoding(std::u16string text, Charset charset) {
  text = as_in_table(std::move(text), charset);
  return charset == Charset::shift_jis ? rotate_controls(std::move(text), 0x1C, 0x7F, 0x1A) : text;
}

/// Bytes that tables accept although no text of this charset holds them: Latin-1's 80-9F are control codes (the sender
/// means windows-1252), five bytes of windows-1252 mean nothing, FF is no GBK.
bool is_forbidden(unsigned char byte, Charset charset) {
  switch (charset) {
    case Charset::latin1: return byte >= 0x80 && byte <= 0x9F;
    case Charset::windows_1252: return byte == 0x81 || byte == 0x8D || byte == 0x8F || byte == 0x90 || byte == 0x9D;
    case Charset::gbk: return byte == 0xFF;
    default: return false;
  }
}

/// The size when there is none.
std::size_t first_forbidden(std::string_view bytes, Charset charset) {
  const auto forbidden = [charset](char c) { return is_forbidden(static_cast<unsigned char>(c), charset); };
  return static_cast<std::size_t>(std::ranges::find_if(bytes, forbidden) - bytes.begin());
}

/// Charsets in which UTF-8 decodes to nonsense without an error. (Not Shift_JIS: pairs of half-width kana are UTF-8
/// too.)
bool has_tripwire(Charset charset) {
  using enum Charset;
  return is_gb(charset) || charset == big5_hkscs || charset == latin1 || charset == windows_1252;
}

bool is_utf8_of_two_or_more(std::string_view bytes) {
  const auto leads = std::ranges::count_if(bytes, [](char c) { return static_cast<unsigned char>(c) >= 0xC0; });
  return leads >= 2 && is_valid_utf8(bytes);
}

bool is_ascii(std::string_view text) {
  return std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
}

}  // namespace

std::optional<Charset> charset_named(std::string_view name) {
  const std::string key = " " + only_letters_and_digits(name) + " ";
  if (key.size() == 2) return std::nullopt;
  for (const Row& row : kRows) {
    if (row.aliases.contains(key)) return row.charset;
  }
  return std::nullopt;
}

std::string_view to_string(Charset charset) { return row_of(charset).name; }

std::string_view hl7_name(Charset charset) { return row_of(charset).hl7; }

Declared declared_charset(std::string_view msh_18, Charset configured) {
  const auto family = [](Charset charset) { return is_gb(charset) ? Charset::gb18030 : charset; };
  bool named = false;
  while (!msh_18.empty()) {
    const std::string_view name = msh_18.substr(0, msh_18.find('~'));
    msh_18.remove_prefix(std::min(msh_18.size(), name.size() + 1));
    if (name.empty()) continue;
    named = true;
    const auto known = charset_named(name);
    if (known && family(*known) == family(configured)) return Declared::confirms;
  }
  return named ? Declared::contradicts : Declared::nothing;
}

Result<std::string> decode(std::string_view bytes, Charset charset) {
  if (has_tripwire(charset) && is_utf8_of_two_or_more(bytes)) {
    return fail(Fault::needs_person, "charset.utf8-tripwire", "",
                "this endpoint is configured as " + std::string(to_string(charset)) +
                    ", but every non-ASCII byte is valid UTF-8: the sender seems to have changed its charset");
  }
  return decode_piece(bytes, charset);
}

Result<std::string> decode_piece(std::string_view bytes, Charset charset) {
  if (!fits(bytes)) return too_long();
  if (charset == Charset::utf8) {
    if (const std::size_t bad = first_ill_formed(bytes); bad < bytes.size()) return undecodable(bad, charset);
    return std::string(bytes);
  }
  if (charset != Charset::iso_2022_jp && is_ascii(bytes)) return std::string(bytes);
  if (const std::size_t bad = first_forbidden(bytes, charset); bad < bytes.size()) return undecodable(bad, charset);
  auto text = to_utf16(bytes, charset);
  if (!text) return pass(text);
  return utf8_of(after_decoding(std::move(*text), charset));
}

Result<std::string> encode(std::string_view utf8, Charset charset) {
  if (!fits(utf8)) return too_long();
  if (const std::size_t bad = first_ill_formed(utf8); bad < utf8.size()) return undecodable(bad, Charset::utf8);
  if (charset == Charset::utf8) return std::string(utf8);
  auto bytes = from_utf16(before_encoding(utf16_of(utf8), charset), charset);
  if (!bytes) return pass(bytes);
  if (const std::size_t bad = first_forbidden(*bytes, charset); bad < bytes->size()) return unencodable(bad, charset);
  return bytes;
}

std::vector<Doubt> doubts(std::string_view utf8) {
  std::vector<Doubt> found;
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(utf8.data());
  const auto is_han = [](UChar32 c) {
    return (c >= 0x3400 && c <= 0x9FFF) || (c >= 0xF900 && c <= 0xFAFF) || (c >= 0x20000 && c <= 0x3FFFF);
  };
  UChar32 before = 0;
  for (std::size_t i = 0; i < utf8.size();) {
    const std::size_t start = i;
    UChar32 c = 0;
    U8_NEXT(bytes, i, utf8.size(), c);  // NOLINT(bugprone-inc-dec-in-conditions): a macro of ICU
    if (before == '?' && is_han(c) && (found.empty() || found.back().offset != start - 1)) {
      found.push_back({Doubt::Kind::question_mark, start - 1});
    }
    if (c < 0 || c == 0xFFFD) {
      found.push_back({Doubt::Kind::replacement, start});
    } else if (is_private(static_cast<char32_t>(c))) {
      found.push_back({Doubt::Kind::private_use, start});
    } else if (c == '?' && is_han(before)) {
      found.push_back({Doubt::Kind::question_mark, start});
    }
    before = c;
  }
  return found;
}

bool is_valid_utf8(std::string_view text) { return first_ill_formed(text) == text.size(); }

}  // namespace adapters
