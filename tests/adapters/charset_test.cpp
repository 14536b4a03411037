#include "adapters/charset.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>

using namespace adapters;
using namespace std::string_view_literals;

namespace {

std::string read_sample(const std::string& name) {
  std::ifstream in(std::filesystem::path(CAUSEWAY_SOURCE_DIR) / "tests/cases/samples" / name, std::ios::binary);
  REQUIRE(in);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string decoded(std::string_view bytes, Charset charset) {
  auto text = decode(bytes, charset);
  INFO((text ? "" : fhir::to_string(text.error())));
  REQUIRE(text);
  return *text;
}

std::string encoded(std::string_view text, Charset charset) {
  auto bytes = encode(text, charset);
  INFO((bytes ? "" : fhir::to_string(bytes.error())));
  REQUIRE(bytes);
  return *bytes;
}

fhir::Error decode_error(std::string_view bytes, Charset charset) {
  auto text = decode(bytes, charset);
  REQUIRE_FALSE(text);
  return text.error();
}

bool is_surrogate(char32_t c) { return c >= 0xD800 && c <= 0xDFFF; }

std::string utf8_of(char32_t c) {
  const auto tail = [&](unsigned shift) { return static_cast<char>(0x80 | ((c >> shift) & 0x3F)); };
  if (c < 0x80) return {static_cast<char>(c)};
  if (c < 0x800) return {static_cast<char>(0xC0 | (c >> 6)), tail(0)};
  if (c < 0x10000) return {static_cast<char>(0xE0 | (c >> 12)), tail(6), tail(0)};
  return {static_cast<char>(0xF0 | (c >> 18)), tail(12), tail(6), tail(0)};
}

/// The private-use characters that stood for those which GB 18030 has at real code points now.
bool moved_private_use(char32_t c) {
  static constexpr char32_t kMoved[] = {0xE81E, 0xE826, 0xE82B, 0xE82C, 0xE832, 0xE843, 0xE854, 0xE864,
                                        0xE816, 0xE817, 0xE818, 0xE831, 0xE83B, 0xE855, 0xE7C7};
  return (c >= 0xE78D && c <= 0xE796) || std::ranges::find(kMoved, c) != std::end(kMoved);
}

struct Tally {
  std::size_t codes = 0, elsewhere = 0, unwritten = 0, lost = 0;
};

/// Of what one code gives; nothing when it means nothing, or is two characters.
void count(Tally& tally, const std::string& bytes, Charset charset) {
  const auto text = decode(bytes, charset);
  if (!text) return;
  ++tally.codes;
  const auto again = encode(*text, charset);
  if (!again) {
    ++tally.unwritten;
  } else if (*again != bytes) {
    ++tally.elsewhere;
    tally.lost += decode(*again, charset).value_or("") != *text;
  }
}

/// All codes of one and two bytes beyond ASCII.
Tally tally_of(Charset charset) {
  Tally tally;
  for (int lead = 0x80; lead <= 0xFF; ++lead) {
    const std::string one{static_cast<char>(lead)};
    const bool single = decode(one, charset).has_value();
    if (single) count(tally, one, charset);
    for (int trail = 0x40; trail <= 0xFF && !single; ++trail) count(tally, one + static_cast<char>(trail), charset);
  }
  return tally;
}

}  // namespace

TEST_CASE("charsets are known by the names people and HL7 table 0211 use", "[charset]") {
  CHECK(charset_named("gb18030") == Charset::gb18030);
  CHECK(charset_named("GB 18030-2000") == Charset::gb18030_2000);
  CHECK(charset_named("GB18030-2005") == Charset::gb18030_2005);
  CHECK(charset_named("GB 18030-2022") == Charset::gb18030_2022);
  CHECK(charset_named("JIS X 0202") == Charset::iso_2022_jp);
  CHECK(charset_named("GB2312") == Charset::gbk);
  CHECK(charset_named("BIG-5") == Charset::big5_hkscs);
  CHECK(charset_named("BIG5") == Charset::big5_hkscs);
  CHECK(charset_named("Big5-HKSCS") == Charset::big5_hkscs);
  CHECK(charset_named("UNICODE UTF-8") == Charset::utf8);
  CHECK(charset_named("utf8") == Charset::utf8);
  CHECK(charset_named("8859/1") == Charset::latin1);
  CHECK(charset_named("ISO IR87") == Charset::iso_2022_jp);
  CHECK(charset_named("Shift_JIS") == Charset::shift_jis);
  CHECK(charset_named("ASCII") == Charset::ascii);
  CHECK(charset_named("windows-1252") == Charset::windows_1252);
  CHECK_FALSE(charset_named("KLINGON"));
  CHECK_FALSE(charset_named(""));
  CHECK_FALSE(charset_named(" - "));
  CHECK_FALSE(charset_named("BIG5 GBK"));
}

TEST_CASE("each charset is found again by its own name and by its HL7 name", "[charset]") {
  using enum Charset;
  for (Charset charset : {ascii, latin1, windows_1252, utf8, gbk, gb18030, gb18030_2000, gb18030_2005, gb18030_2022,
                          big5_hkscs, shift_jis, iso_2022_jp}) {
    CHECK(charset_named(to_string(charset)) == charset);
    if (!hl7_name(charset).empty()) CHECK(declared_charset(hl7_name(charset), charset) == Declared::confirms);
  }
}

TEST_CASE("MSH-18 only confirms or contradicts the configured charset", "[charset]") {
  CHECK(declared_charset("", Charset::gb18030) == Declared::nothing);
  CHECK(declared_charset("GB 18030-2000", Charset::gb18030) == Declared::confirms);
  CHECK(declared_charset("GBK", Charset::gb18030) == Declared::confirms);
  for (Charset edition : {Charset::gb18030_2000, Charset::gb18030_2005, Charset::gb18030_2022, Charset::gbk}) {
    CHECK(declared_charset("GB 18030-2000", edition) == Declared::confirms);  // the only name that table 0211 has
  }
  CHECK(declared_charset("UTF8", Charset::gb18030) == Declared::contradicts);
  CHECK(declared_charset("NOISE", Charset::gb18030) == Declared::contradicts);
  CHECK(declared_charset("~ISO IR87", Charset::iso_2022_jp) == Declared::confirms);
  CHECK(declared_charset("~", Charset::iso_2022_jp) == Declared::nothing);
}

TEST_CASE("the samples decode, and encode back to the same bytes", "[charset]") {
  const std::pair<const char*, Charset> samples[] = {
      {"tj_oru_gb18030.hl7", Charset::gb18030},     {"tj_oru_gb18030_nocharset.hl7", Charset::gb18030},
      {"hk_adt_a04_big5.hl7", Charset::big5_hkscs}, {"huili_ref_i12_utf8.hl7", Charset::utf8},
      {"hn_rde_o11_utf8.hl7", Charset::utf8},       {"hn_consult_apply.json", Charset::utf8},
      {"huili_staging.sql", Charset::gb18030},      {"bjch_bsoft.sql", Charset::gbk},
      {"hopenoah_case.csv", Charset::utf8}};
  for (const auto& [name, charset] : samples) {
    INFO(name);
    const std::string bytes = read_sample(name);
    CHECK(encoded(decoded(bytes, charset), charset) == bytes);
  }
  CHECK(decoded(read_sample("tj_oru_gb18030.hl7"), Charset::gb18030).contains("||赵珅^^^^^^L^I~ZHAO^SHEN"));
  CHECK(decoded(read_sample("hk_adt_a04_big5.hl7"), Charset::big5_hkscs).contains("~許^泰育^^^^^L^I|"));
  CHECK(decoded(read_sample("bjch_bsoft.sql"), Charset::gbk).contains("'陈思远'"));
}

TEST_CASE("second bytes that look like delimiters belong to their character", "[charset]") {
  CHECK(encoded("赵珅", Charset::gb18030) == "\xD5\xD4\xAB\x7C"sv);
  CHECK(decoded("\xD5\xD4\xAB\x7C", Charset::gb18030) == "赵珅");
  for (const char* text : {"瑋東玘區葉珇昞錦誠"}) {
    CHECK(decoded(encoded(text, Charset::gb18030), Charset::gb18030) == text);
    CHECK(decoded(encoded(text, Charset::gbk), Charset::gbk) == text);
  }
  CHECK(encoded("許", Charset::big5_hkscs) == "\xB3\x5C"sv);
  CHECK(encoded("院", Charset::big5_hkscs) == "\xB0\x7C"sv);
  const char* big5 = "許泰育院四彭奉年業功蓋";
  CHECK(decoded(encoded(big5, Charset::big5_hkscs), Charset::big5_hkscs) == big5);
  CHECK(encoded("表能", Charset::shift_jis) == "\x95\x5C\x94\x5C"sv);
  CHECK(decoded("\x95\x5C\x94\x5C", Charset::shift_jis) == "表能");
}

TEST_CASE("rare characters survive where the charset has them", "[charset]") {
  for (const char* text : {"陳𤧬", "𨋢", "峯", "邨", "戶", "€"}) {
    CHECK(decoded(encoded(text, Charset::big5_hkscs), Charset::big5_hkscs) == text);
  }
  CHECK(encoded("𤧬", Charset::big5_hkscs) == "\x94\x46"sv);
  for (const char* text : {"刘䶮", "𬱖", "𤧬", "㐀", "吉克·阿依", "℃μⅢ×±"}) {
    CHECK(decoded(encoded(text, Charset::gb18030), Charset::gb18030) == text);
  }
  CHECK(encoded("䶮", Charset::gb18030) == "\xFE\x9F"sv);
}

TEST_CASE("every edition of GB 18030 gives real characters, never known private-use ones", "[charset]") {
  CHECK(decoded("\xFE\x59", Charset::gb18030) == "\u9FB4");          // two bytes: private until 2022
  CHECK(decoded("\x82\x35\x90\x37", Charset::gb18030) == "\u9FB4");  // four bytes: its code in 2000 and 2005
  CHECK(decoded("\xA8\xBC", Charset::gb18030) == "\u1E3F");          // private in 2000
  CHECK(decoded("\x81\x35\xF4\x37", Charset::gb18030) == "\u1E3F");
  CHECK(decoded("\xFE\x51", Charset::gb18030) == "\U00020087");
  CHECK(decoded("\xFE\x91", Charset::gb18030) == "\U000241FE");
  CHECK(decoded("\xA6\xD9", Charset::gb18030) == "\uFE10");
  CHECK(encoded("\u9FB4", Charset::gb18030) == "\xFE\x59"sv);
  CHECK(encoded("\u1E3F", Charset::gb18030) == "\xA8\xBC"sv);
  CHECK(encoded("\U00020087", Charset::gb18030) == "\xFE\x51"sv);
}

TEST_CASE("all two-byte codes of GB 18030 come back as they were", "[charset]") {
  std::size_t real = 0;
  for (int lead = 0x81; lead <= 0xFE; ++lead) {
    for (int trail = 0x40; trail <= 0xFE; ++trail) {
      if (trail == 0x7F) continue;
      const std::string bytes{static_cast<char>(lead), static_cast<char>(trail)};
      const auto text = decode(bytes, Charset::gb18030);
      REQUIRE(text);
      if (encoded(*text, Charset::gb18030) != bytes) FAIL_CHECK(lead << " " << trail << " " << *text);
      real += doubts(*text).empty();
    }
  }
  CHECK(real == 21'897);  // as in glibc's table; the rest is the user-defined area, and unassigned
}

TEST_CASE("what is written for a character that moved between editions of GB 18030 is what that edition reads",
          "[charset]") {
  struct Moved {
    const char* text;
    std::string_view two, four;
    Charset since;  // the first edition that has it at two bytes; gb18030: none, but each prints it there
  };
  using enum Charset;
  const Moved moved[] = {
      {"\uFE10", "\xA6\xD9"sv, "\x84\x31\x82\x36"sv, gb18030_2022},
      {"\uFE12", "\xA6\xDA"sv, "\x84\x31\x82\x38"sv, gb18030_2022},
      {"\uFE11", "\xA6\xDB"sv, "\x84\x31\x82\x37"sv, gb18030_2022},
      {"\uFE13", "\xA6\xDC"sv, "\x84\x31\x82\x39"sv, gb18030_2022},
      {"\uFE14", "\xA6\xDD"sv, "\x84\x31\x83\x30"sv, gb18030_2022},
      {"\uFE15", "\xA6\xDE"sv, "\x84\x31\x83\x31"sv, gb18030_2022},
      {"\uFE16", "\xA6\xDF"sv, "\x84\x31\x83\x32"sv, gb18030_2022},
      {"\uFE17", "\xA6\xEC"sv, "\x84\x31\x83\x33"sv, gb18030_2022},
      {"\uFE18", "\xA6\xED"sv, "\x84\x31\x83\x34"sv, gb18030_2022},
      {"\uFE19", "\xA6\xF3"sv, "\x84\x31\x83\x35"sv, gb18030_2022},
      {"\u9FB4", "\xFE\x59"sv, "\x82\x35\x90\x37"sv, gb18030_2022},
      {"\u9FB5", "\xFE\x61"sv, "\x82\x35\x90\x38"sv, gb18030_2022},
      {"\u9FB6", "\xFE\x66"sv, "\x82\x35\x90\x39"sv, gb18030_2022},
      {"\u9FB7", "\xFE\x67"sv, "\x82\x35\x91\x30"sv, gb18030_2022},
      {"\u9FB8", "\xFE\x6D"sv, "\x82\x35\x91\x31"sv, gb18030_2022},
      {"\u9FB9", "\xFE\x7E"sv, "\x82\x35\x91\x32"sv, gb18030_2022},
      {"\u9FBA", "\xFE\x90"sv, "\x82\x35\x91\x33"sv, gb18030_2022},
      {"\u9FBB", "\xFE\xA0"sv, "\x82\x35\x91\x34"sv, gb18030_2022},
      {"\u1E3F", "\xA8\xBC"sv, "\x81\x35\xF4\x37"sv, gb18030_2005},
      {"\U00020087", "\xFE\x51"sv, "\x95\x32\x90\x31"sv, gb18030},
      {"\U00020089", "\xFE\x52"sv, "\x95\x32\x90\x33"sv, gb18030},
      {"\U000200CC", "\xFE\x53"sv, "\x95\x32\x97\x30"sv, gb18030},
      {"\U000215D7", "\xFE\x6C"sv, "\x95\x36\xB9\x37"sv, gb18030},
      {"\U0002298F", "\xFE\x76"sv, "\x96\x30\xBA\x35"sv, gb18030},
      {"\U000241FE", "\xFE\x91"sv, "\x96\x35\xB6\x30"sv, gb18030},
  };
  for (const Moved& one : moved) {
    INFO(one.text);
    for (Charset charset : {gb18030, gb18030_2000, gb18030_2005, gb18030_2022}) {
      const bool two = charset == gb18030 || (one.since != gb18030 && charset >= one.since);
      CHECK(encoded(one.text, charset) == (two ? one.two : one.four));
      CHECK(decoded(one.two, charset) == one.text);
      CHECK(decoded(one.four, charset) == one.text);
    }
    CHECK(encoded("\uFE10\u1E3F", gb18030) == "\xA6\xD9\xA8\xBC"sv);  // beside another one, too
  }
}

TEST_CASE("GB 18030 writes every character of Unicode and reads it again, in every edition", "[charset]") {
  std::string text;
  for (char32_t c = 1; c <= 0x10FFFF; ++c) {
    const std::string one = is_surrogate(c) ? std::string() : utf8_of(c);
    if (moved_private_use(c) || one.empty()) continue;  // read as the real character: see the test above
    text += one;
  }
  using enum Charset;
  for (Charset charset : {gb18030, gb18030_2000, gb18030_2005, gb18030_2022}) {
    const bool same = decoded(encoded(text, charset), charset) == text;
    CHECK(same);
  }
}

TEST_CASE("every assigned code of every table is read, and written as it came or as its other code", "[charset]") {
  struct Table {
    Charset charset;
    std::size_t codes;      // that mean something
    std::size_t elsewhere;  // written as another code for the same character, as everybody does
    std::size_t unwritten;  // read, but never written: what CP936 does not have
  };
  const Table tables[] = {
      {Charset::gbk, 23'941, 1, 105},          // A2E3, the euro sign, is written as 80
      {Charset::gb18030, 23'940, 0, 0},        //
      {Charset::gb18030_2000, 23'940, 25, 0},  // four bytes
      {Charset::gb18030_2005, 23'940, 24, 0},  //
      {Charset::gb18030_2022, 23'940, 6, 0},   //
      {Charset::big5_hkscs, 19'097, 10, 0},    // box drawing, and ten and thirty, are there twice
      {Charset::shift_jis, 9'667, 398, 0},     // NEC's and IBM's rows say again what others have
      {Charset::latin1, 96, 0, 0},             // A0 to FF
      {Charset::windows_1252, 123, 0, 0},      // 81, 8D, 8F, 90, 9D mean nothing
  };
  for (const Table& table : tables) {
    INFO(to_string(table.charset));
    const Tally tally = tally_of(table.charset);
    CHECK(tally.codes == table.codes);
    CHECK(tally.elsewhere == table.elsewhere);
    CHECK(tally.unwritten == table.unwritten);
    CHECK(tally.lost == 0);
  }
}

/// The rows that JIS X 0208 fills; makers put more into others, which are read and written at their JIS X 0212 codes or
/// not at all.
bool is_jis_row(char row) { return (row >= 0x21 && row <= 0x28) || (row >= 0x30 && row <= 0x74); }

TEST_CASE("all of JIS X 0208 goes through ISO-2022-JP", "[charset]") {
  std::size_t real = 0;
  for (char row = 0x21; row <= 0x7E; ++row) {
    if (!is_jis_row(row)) continue;
    for (char cell = 0x21; cell <= 0x7E; ++cell) {
      const std::string bytes = "\x1B$B" + std::string{row, cell} + "\x1B(B";
      const auto text = decode(bytes, Charset::iso_2022_jp);
      if (!text) continue;
      ++real;
      if (encoded(*text, Charset::iso_2022_jp) != bytes) FAIL_CHECK(int(row) << " " << int(cell) << " " << *text);
    }
  }
  CHECK(real == 6'879);
}

TEST_CASE("Big5-HKSCS gives Unicode's characters where older tables have private use", "[charset]") {
  const std::pair<std::string_view, const char*> vectors[] = {
      {"\x88\x40"sv, "\u31C0"},  {"\x88\x55"sv, "\u31CE"},  {"\xC8\x79"sv, "\u31CF"},  {"\x88\x62"sv, "Ê\u0304"},
      {"\x88\x64"sv, "Ê\u030C"}, {"\x88\xA3"sv, "ê\u0304"}, {"\x88\xA5"sv, "ê\u030C"}, {"\x88\xA9"sv, "\u23DA"},
      {"\x88\xAA"sv, "\u23DB"},  {"\x8C\x43"sv, "\u9FA6"},  {"\x8D\x48"sv, "\u9FB3"},  {"\xC8\xA1"sv, "\u9FB0"},
      {"\x88\x66"sv, "Ê"},       {"\x88\xA7"sv, "ê"},       {"\x94\x46"sv, "𤧬"},      {"\x9D\xF2"sv, "𨋢"},
      {"\x81\x40"sv, "\uEEB8"},  {"\xA3\xE1"sv, "€"},       {"\xC6\xA1"sv, "①"},       {"\xA2\x4A"sv, "℃"},
      {"\xA3\x67"sv, "μ"},       {"\xA2\xBB"sv, "Ⅲ"},
  };
  for (const auto& [bytes, text] : vectors) {
    INFO(text);
    CHECK(decoded(bytes, Charset::big5_hkscs) == text);
    CHECK(encoded(text, Charset::big5_hkscs) == bytes);
  }
  CHECK(encoded("ÊÊ\u0304Ê", Charset::big5_hkscs) == "\x88\x66\x88\x62\x88\x66"sv);
}

TEST_CASE("units, numerals and full-width forms are kept to the code", "[charset]") {
  const std::pair<const char*, std::string_view> gb[] = {
      {"℃", "\xA1\xE6"sv}, {"μ", "\xA6\xCC"sv}, {"Ⅲ", "\xA2\xF3"sv}, {"５", "\xA3\xB5"sv}, {"（", "\xA3\xA8"sv},
      {"×", "\xA1\xC1"sv}, {"±", "\xA1\xC0"sv}, {"≤", "\xA1\xDC"sv}, {"↑", "\xA1\xFC"sv},  {"·", "\xA1\xA4"sv},
  };
  for (const auto& [text, bytes] : gb) {
    for (Charset charset : {Charset::gb18030, Charset::gb18030_2022, Charset::gbk}) {
      CHECK(encoded(text, charset) == bytes);
      CHECK(decoded(bytes, charset) == text);
    }
  }
  CHECK(encoded("µ", Charset::gb18030) == "\x81\x30\x85\x38"sv);  // the micro sign is no mu
  CHECK(decoded("\x81\x30\x85\x38", Charset::gb18030) == "µ");
  CHECK(encode("µ", Charset::gbk).error().where == "character 0");
  CHECK(decoded("\xAA\xA1", Charset::gb18030) == "\uE000");  // a hospital's own characters stay its own
  CHECK(encoded("\uE000", Charset::gb18030) == "\xAA\xA1"sv);
  CHECK(encoded("℃μⅢ５", Charset::shift_jis) == "\x81\x8E\x83\xCA\x87\x56\x82\x54"sv);
  CHECK(decoded("\x81\x8E\x83\xCA\x87\x56\x82\x54", Charset::shift_jis) == "℃μⅢ５");
}

TEST_CASE("both readings of a JIS code are written as that code", "[charset]") {
  CHECK(encoded("9〜12", Charset::shift_jis) == encoded("9～12", Charset::shift_jis));
  CHECK(encoded("−‖—", Charset::shift_jis) == "\x81\x7C\x81\x61\x81\x5C"sv);
  CHECK(encoded("9〜12", Charset::iso_2022_jp) == "9\x1B$B!A\x1B(B12");
}

TEST_CASE("GBK reads the holes of Windows' table as the standard fills them", "[charset]") {
  CHECK(decoded("\xFE\x9F", Charset::gbk) == "䶮");
  CHECK(decoded("\xA8\xBF", Charset::gbk) == "ǹ");
  CHECK(decoded("\xFE\x59", Charset::gbk) == "\u9FB4");
  CHECK(decoded("\x80", Charset::gbk) == "€");
  CHECK(encode("䶮", Charset::gbk).error().code == "charset.unencodable");  // a GBK receiver would show a blank
  CHECK(decode_error("\xFF", Charset::gbk).where == "byte 0");
  CHECK(decode_error("ab\x82\x35\x90\x37", Charset::gbk).where == "byte 2");  // four bytes: GB 18030, not GBK
}

TEST_CASE("what cannot be decoded is an error at its byte, never a replacement character", "[charset]") {
  CHECK(decode_error("ok\xFF", Charset::gb18030).code == "charset.undecodable");
  CHECK(decode_error("ok\xFF", Charset::gb18030).where == "byte 2");
  CHECK(decode_error("ok\xD5", Charset::gb18030).where == "byte 2");
  CHECK(decode_error("\xD5\xD4\xD5 x", Charset::gb18030).where == "byte 2");
  CHECK(decode_error("ok\x87\xFE", Charset::big5_hkscs).where == "byte 2");
  CHECK(decode_error("ok\x80z", Charset::shift_jis).where == "byte 2");
  CHECK(decode_error("ok\x80z", Charset::utf8).where == "byte 2");
  CHECK(decode_error("\xED\xA0\x80", Charset::utf8).where == "byte 0");  // a surrogate
  CHECK(decode_error("\xC0\xAF", Charset::utf8).where == "byte 0");      // overlong
  CHECK(decode_error("ok\xE9", Charset::ascii).where == "byte 2");
  CHECK(decode_error("ok \x93quoted\x94", Charset::latin1).where == "byte 3");  // windows-1252 in disguise
  CHECK(decode_error("ok\x1B$B\x30", Charset::iso_2022_jp).code == "charset.undecodable");
}

TEST_CASE("what cannot be encoded is an error at its character", "[charset]") {
  CHECK(encode("赵珅", Charset::latin1).error().where == "character 0");
  CHECK(encode("é珅", Charset::latin1).error().where == "character 1");
  CHECK(encode("𤧬é€珅", Charset::gb18030));
  CHECK(encode("a𬱖", Charset::big5_hkscs).error().where == "character 1");
  CHECK(encode("a\u200Bb", Charset::gbk).error().where == "character 1");  // not dropped in silence
  CHECK(encode("a\u0085", Charset::latin1).error().where == "character 1");
  CHECK(encode("\xFF", Charset::gbk).error().code == "charset.undecodable");
}

TEST_CASE("a GB or Big5 endpoint that turned UTF-8 trips the wire", "[charset]") {
  for (Charset charset : {Charset::gb18030, Charset::gbk, Charset::big5_hkscs, Charset::latin1}) {
    const auto error = decode_error("PID|1||7||赵珅", charset);
    CHECK(error.code == "charset.utf8-tripwire");
    CHECK(error.fault == fhir::Fault::needs_person);
  }
  CHECK(decode_error(read_sample("huili_ref_i12_utf8.hl7"), Charset::gb18030).code == "charset.utf8-tripwire");
  CHECK(decode("PID|1||7||\xC4\xA3", Charset::gb18030));  // one character proves nothing
  CHECK(decode(read_sample("tj_oru_gb18030.hl7"), Charset::gb18030));
}

TEST_CASE("Latin-1 and windows-1252 keep their upper half", "[charset]") {
  CHECK(decoded("caf\xE9 \xB5", Charset::latin1) == "café µ");
  CHECK(encoded("café µ", Charset::latin1) == "caf\xE9 \xB5"sv);
  CHECK(decoded("\x93ja\x94 5 \x80", Charset::windows_1252) == "“ja” 5 €");
  CHECK(decode_error("ok\x9D", Charset::windows_1252).where == "byte 2");  // means nothing there
}

TEST_CASE("ISO-2022-JP is decoded statefully: delimiters inside Kanji are not delimiters", "[charset]") {
  const std::string bytes = "\x1B$B;3ED\x1B(B^\x1B$BB@O:\x1B(B";  // 山田^太郎
  CHECK(decoded(bytes, Charset::iso_2022_jp) == "山田^太郎");
  CHECK(encoded("山田^太郎", Charset::iso_2022_jp) == bytes);
  CHECK(encoded("表|能", Charset::iso_2022_jp).ends_with("\x1B(B"));
  CHECK(decoded("\x1B(I1\x1B(B", Charset::iso_2022_jp) == "ｱ");
}

TEST_CASE("control characters stay what they are in every charset", "[charset]") {
  std::string controls;
  for (char c = 1; c < 0x20; ++c) controls += c;
  controls += "\x7F";
  using enum Charset;
  for (Charset charset : {ascii, latin1, windows_1252, utf8, gbk, gb18030, big5_hkscs, shift_jis}) {
    CHECK(decoded(controls, charset) == controls);
    CHECK(encoded(controls, charset) == controls);
  }
  CHECK(decoded("\x95\x5C\x1A\x1C\x7F", Charset::shift_jis) == "表\x1A\x1C\x7F");
}

TEST_CASE("doubtful characters are reported with their offset", "[charset]") {
  CHECK(doubts("赵珅 ZHAO?").empty());
  CHECK(doubts("").empty());
  const auto found = doubts("赵\uE000\uFFFD?");
  REQUIRE(found.size() == 2);
  CHECK(found[0].kind == Doubt::Kind::private_use);
  CHECK(found[0].offset == 3);
  CHECK(found[1].kind == Doubt::Kind::replacement);
  CHECK(found[1].offset == 6);
  for (const char* name : {"刘?", "?刘", "刘?明"}) {
    INFO(name);
    REQUIRE(doubts(name).size() == 1);
    CHECK(doubts(name)[0].kind == Doubt::Kind::question_mark);
  }
  CHECK(doubts("why? 刘").empty());
  CHECK(doubts("\U000F0000").size() == 1);
}
