#include "adapters/charset.h"

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

}  // namespace

TEST_CASE("charsets are known by the names people and HL7 table 0211 use", "[charset]") {
  CHECK(charset_named("GB 18030-2000") == Charset::gb18030);
  CHECK(charset_named("gb18030") == Charset::gb18030);
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
  for (Charset charset : {ascii, latin1, windows_1252, utf8, gbk, gb18030, big5_hkscs, shift_jis, iso_2022_jp}) {
    CHECK(charset_named(to_string(charset)) == charset);
    if (!hl7_name(charset).empty()) CHECK(declared_charset(hl7_name(charset), charset) == Declared::confirms);
  }
}

TEST_CASE("MSH-18 only confirms or contradicts the configured charset", "[charset]") {
  CHECK(declared_charset("", Charset::gb18030) == Declared::nothing);
  CHECK(declared_charset("GB 18030-2000", Charset::gb18030) == Declared::confirms);
  CHECK(declared_charset("GBK", Charset::gb18030) == Declared::confirms);
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
