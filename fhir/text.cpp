#include "fhir/text.h"

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include <algorithm>

#include "fhir/text_han.h"

namespace fhir {
namespace {

constexpr std::size_t kHan = 3;  // bytes of a Han character of the table

void append_space(std::string& out) {
  if (!out.empty() && out.back() != ' ') out += ' ';
}

void trim_end(std::string& out) {
  if (out.ends_with(' ')) out.pop_back();
}

/// What the long way comes to when there is nothing but ASCII.
std::string fold_ascii(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (c >= 'A' && c <= 'Z')
      out += static_cast<char>(c - 'A' + 'a');
    else if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
      out += c;
    else if (c == ' ' || (c >= '\t' && c <= '\r'))
      append_space(out);
  }
  trim_end(out);
  return out;
}

/// The last character of `out`, when the table has a simplified form of it.
void simplify_last(std::string& out) {
  const std::string_view character = std::string_view(out).substr(out.size() - kHan);
  std::size_t first = 0, last = kSimplified.size() / (2 * kHan);
  while (first < last) {
    const std::size_t middle = first + (last - first) / 2;
    const std::string_view row = kSimplified.substr(middle * 2 * kHan, 2 * kHan);
    const int order = row.substr(0, kHan).compare(character);
    if (order == 0) return void(out.replace(out.size() - kHan, kHan, row.substr(kHan)));
    (order < 0 ? first : last) = order < 0 ? middle + 1 : middle;
  }
}

bool is_dropped(UChar32 character) {
  constexpr std::uint32_t kDropped =
      U_GC_M_MASK | U_GC_P_MASK | U_GC_S_MASK | U_GC_CC_MASK | U_GC_CF_MASK | U_GC_CS_MASK;
  return (U_GET_GC_MASK(character) & kDropped) != 0;
}

std::string fold_unicode(std::string_view text) {
  UErrorCode fault = U_ZERO_ERROR;
  const icu::Normalizer2* nfkd = icu::Normalizer2::getNFKDInstance(fault);
  icu::UnicodeString whole =
      icu::UnicodeString::fromUTF8(icu::StringPiece(text.data(), static_cast<std::int32_t>(text.size())));
  if (U_SUCCESS(fault)) whole = nfkd->normalize(whole, fault);
  whole.foldCase();
  std::string out;
  for (std::int32_t at = 0; at < whole.length(); at = whole.moveIndex32(at, 1)) {
    const UChar32 character = whole.char32At(at);
    if (u_isUWhiteSpace(character)) append_space(out);
    if (u_isUWhiteSpace(character) || is_dropped(character)) continue;
    icu::UnicodeString(character).toUTF8String(out);
    if (character >= 0x3400 && character < 0xa000) simplify_last(out);
  }
  trim_end(out);
  return out;
}

}  // namespace

std::string fold(std::string_view utf8) {
  const bool ascii = std::ranges::all_of(utf8, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  return ascii ? fold_ascii(utf8) : fold_unicode(utf8);
}

}  // namespace fhir
