#include "adapters/hl7v2/message.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "adapters/charset.h"

using namespace adapters;
using namespace adapters::hl7v2;

namespace {

Message parsed(std::string text) {
  auto message = Message::parse(std::move(text));
  INFO((message ? "" : fhir::to_string(message.error())));
  REQUIRE(message);
  return std::move(*message);
}

fhir::Error parse_error(std::string text, const Limits& limits = {}) {
  auto message = Message::parse(std::move(text), limits);
  REQUIRE_FALSE(message);
  return message.error();
}

Message sample(const std::string& name, Charset charset) {
  std::ifstream in(std::filesystem::path(CAUSEWAY_SOURCE_DIR) / "tests/cases/samples" / name, std::ios::binary);
  REQUIRE(in);
  std::string bytes(std::istreambuf_iterator<char>(in), {});
  const std::size_t end = bytes.find('\x1C');
  if (bytes.starts_with('\x0B')) bytes = bytes.substr(1, end - 1);
  auto text = decode(bytes, charset);
  REQUIRE(text);
  return parsed(std::move(*text));
}

const std::string kMsh = "MSH|^~\\&|LIS|LAB|GW|HOSP|20260310||ORU^R01|77|P|2.5.1\r";

}  // namespace

TEST_CASE("the laboratory report is read whole: the name keeps its second character", "[hl7v2]") {
  const Message oru = sample("tj_oru_gb18030.hl7", Charset::gb18030);
  CHECK(oru.size() == 11);
  CHECK(oru.type() == "ORU^R01");
  CHECK(oru.version() == "2.4");
  CHECK(oru.get("PID-5") == "赵珅");
  CHECK(oru.get("PID-5[2]") == "ZHAO");
  CHECK(oru.get("PID-5[2].2") == "SHEN");
  CHECK(oru.get("PID-3[2].1") == "120199195908120035");
  CHECK(oru.get("OBX[3]-5.1") == ">");
  CHECK(oru.get("OBX[3]-5.2") == "1200.00");
  CHECK(oru.get("OBX[4]-5") == "１５.８↑");
  CHECK(oru.get("OBX[5]-5") == "弱阳性(±)");
  CHECK(oru.get("NTE-3") == "标本轻度溶血\n建议结合临床");
  CHECK(oru.get("OBX[6]-5").empty());
  CHECK(oru.segment(1).fields() == 13);
}

TEST_CASE("the other samples are read", "[hl7v2]") {
  const Message adt = sample("hk_adt_a04_big5.hl7", Charset::big5_hkscs);
  CHECK(adt.get("PID-5[2].1") == "許");
  CHECK(adt.get("PID-5[2].2") == "泰育");
  CHECK(adt.get("PV1-3.4") == "香港測試醫院");
  CHECK(adt.get("MSH-9.3") == "ADT_A01");
  const Message ref = sample("huili_ref_i12_utf8.hl7", Charset::utf8);
  CHECK(ref.get("RF1-4.1") == "SO");
  CHECK(ref.get("PRD[2]-1") == "RT");
  CHECK(ref.get("PID-5") == "吉克·阿依");
  const Message rde = sample("hn_rde_o11_utf8.hl7", Charset::utf8);
  CHECK(rde.get("RXE-14.3") == "桐");
  CHECK(rde.get("DG1-3.1") == "C34.101");
}

TEST_CASE("a message keeps its views when it is moved", "[hl7v2]") {
  Message first = parsed(kMsh + "PID|1||7\r");
  const std::string_view id = first.segment(1).field(3);
  const Message second = std::move(first);
  CHECK(id == "7");
  CHECK(second.segment(1).field(3).data() == id.data());
}

TEST_CASE("fields, repetitions, components and subcomponents are found by position", "[hl7v2]") {
  const Message m = parsed(kMsh + "PID|1||a~b^c&d^e~|\"\"||\r");
  CHECK(m.raw(1, {3}) == "a~b^c&d^e~");
  CHECK(m.raw(1, {3, 2}) == "b^c&d^e");
  CHECK(m.raw(1, {3, 2, 2}) == "c&d");
  CHECK(m.raw(1, {3, 2, 2, 2}) == "d");
  CHECK(m.raw(1, {3, 0, 1}) == "a");
  CHECK(m.raw(1, {3, 4}).empty());
  CHECK(m.raw(1, {9}).empty());
  CHECK(m.raw(1, {}) == "PID|1||a~b^c&d^e~|\"\"||");
  CHECK(m.text(1, {3, 2, 2}) == "c");
  CHECK(m.segment(1).fields() == 6);
  CHECK(m.segment(1).field(0).empty());
}

TEST_CASE("the explicit null is not the empty field", "[hl7v2]") {
  const Message m = parsed(kMsh + "PID|1||\"\"|\r");
  CHECK(is_null(m.raw(1, {3})));
  CHECK_FALSE(is_null(m.raw(1, {4})));
  CHECK(m.text(1, {3}).empty());
}

TEST_CASE("MSH counts its separator as field 1", "[hl7v2]") {
  const Message m = parsed(kMsh);
  CHECK(m.segment(0).field(1) == "|");
  CHECK(m.segment(0).field(2) == "^~\\&");
  CHECK(m.segment(0).field(3) == "LIS");
  CHECK(m.get("MSH-2") == "^~\\&");
  CHECK(m.raw(0, {2, 1, 2}).empty());
  CHECK(m.segment(0).fields() == 12);
  CHECK(parsed("MSH|^~\\&").segment(0).fields() == 2);
}

TEST_CASE("the message's own separators are honoured", "[hl7v2]") {
  const Message m = parsed("MSH*!?$%*A*B\rPID*1**x!y%z?w*$F$|\r");
  CHECK(m.get("PID-3.2.2") == "z");
  CHECK(m.get("PID-3[2]") == "w");
  CHECK(m.get("PID-4") == "*|");
  CHECK(parsed("MSH|^~\\&#|A\r").separators().truncation == '#');
  const Message doubled = parsed("MSH|^~\\\\&|A\rPID|1||a&b\\T\\c\r");
  CHECK(doubled.get("PID-3.1.2") == "b&c");
  CHECK(doubled.encode().starts_with("MSH|^~\\\\&|A\r"));
}

TEST_CASE("segments end with CR, CR LF or, where there is no CR, LF", "[hl7v2]") {
  CHECK(parsed("MSH|^~\\&|A\r\nPID|1\r\n\r\n").encode() == "MSH|^~\\&|A\rPID|1\r");
  CHECK(parsed("\xEF\xBB\xBF\nMSH|^~\\&|A\n\nPID|1\n").encode() == "MSH|^~\\&|A\rPID|1\r");
  CHECK(parsed("MSH|^~\\&|A\rPID|1").encode() == "MSH|^~\\&|A\rPID|1\r");
  const Message report = parsed(kMsh + "OBX|1|TX|||line one\nline two\nEKG|||\r");
  CHECK(report.get("OBX-5") == "line one\nline two\nEKG");  // a line feed in a report is text
  const auto mixed = parse_error(kMsh + "PID|1||7\nPV1|1|O\r");
  CHECK(mixed.code == "hl7v2.mixed-ends");
  CHECK(mixed.where == "PID[1]-3");
  CHECK(parse_error(kMsh + "PID|1||7\nZPI|1|O\r").code == "hl7v2.mixed-ends");
}

TEST_CASE("what is no message is refused, and the place is named", "[hl7v2]") {
  CHECK(parse_error("").code == "hl7v2.empty");
  CHECK(parse_error("\r\n\r\n").code == "hl7v2.empty");
  CHECK(parse_error("PID|1\r").code == "hl7v2.no-msh");
  CHECK(parse_error("FHS|^~\\&\rMSH|^~\\&\r").code == "hl7v2.no-msh");
  CHECK(parse_error("MSH").where == "MSH-1");
  CHECK(parse_error("MSHA^~\\&A").where == "MSH-1");
  CHECK(parse_error("MSH|^^\\&|A").where == "MSH-2");
  CHECK(parse_error("MSH|^~\\&#!|A").where == "MSH-2");
  CHECK(parse_error("MSH|^~|A").where == "MSH-2");
  CHECK(parse_error("MSH|^~.&|A").where == "MSH-2");
  CHECK(parse_error("MSH|^~\"&|A").where == "MSH-2");
  CHECK(parse_error("MSH|a~\\&|A").where == "MSH-2");
  CHECK(parse_error("MSH|^~.&|A").where == "MSH-2");
  CHECK(parse_error("MSH|^~\\\"|A").where == "MSH-2");
  CHECK(parse_error(kMsh + "pid|1\r").where == "segment 2");
  CHECK(parse_error(kMsh + "PID^1\r").code == "hl7v2.segment");
  CHECK(parse_error(kMsh + "PI\r").code == "hl7v2.segment");
  CHECK(parse_error(kMsh + kMsh).code == "hl7v2.second-msh");
  CHECK(parse_error(kMsh + "PID|1||a\x02z\r").where == "PID[1]-3");
  CHECK(parse_error(kMsh + std::string("PID|1||a\0z\r", 11)).code == "hl7v2.control-character");
  CHECK(parse_error(kMsh + "NTE|1\rNTE|2||x\x1C\r").where == "NTE[2]-3");
  CHECK(parse_error(kMsh + "PID|1||\xD5\xD4\r").code == "hl7v2.utf8");
}

TEST_CASE("limits are enforced with the place", "[hl7v2]") {
  Limits limits;
  limits.bytes = 100;
  CHECK(parse_error(kMsh + std::string(100, 'x'), limits).fault == fhir::Fault::too_large);
  limits = {};
  limits.segments = 2;
  CHECK(parse_error(kMsh + "NTE\rNTE\r", limits).where == "segment 3");
  limits = {};
  limits.fields = 20;
  CHECK(parse_error(kMsh + "PID" + std::string(21, '|') + "\r", limits).where == "PID[1]");
  limits = {};
  limits.repetitions = 3;
  CHECK(parse_error(kMsh + "PID|||~~~\r", limits).where == "PID[1]-3");
  limits = {};
  limits.components = 3;
  CHECK(parse_error(kMsh + "PID|||^^^\r", limits).where == "PID[1]-3");
  CHECK(parse_error(kMsh + "PID|||a^&&&\r", limits).where == "PID[1]-3");
  CHECK(Message::parse(kMsh + "PID|||^^~^^&&\r", limits));
}

TEST_CASE("escape sequences are resolved", "[hl7v2]") {
  const Separators by{'|', '^', '~', '\\', '&', '#'};
  CHECK(unescape("\\F\\\\S\\\\T\\\\R\\\\E\\\\P\\", by) == "|^&~\\#");
  CHECK(unescape("a\\.br\\b", by) == "a\nb");
  CHECK(unescape("a\\.sp2\\b\\.sp\\c\\.sk3\\d", by) == "a\n\nb\nc   d");
  CHECK(unescape("\\.in+4\\a\\.fi\\b\\.ti-2\\c\\.nf\\\\.ce\\d", by) == "abc\nd");
  CHECK(unescape("\\H\\bold\\N\\", by) == "bold");
  CHECK(unescape("\\X41\\\\X0D0A\\\\Xe58c97\\", by) == "A\r\n北");
  CHECK(unescape("plain", by) == "plain");
}

TEST_CASE("characters that are written as hex are read in the sender's charset", "[hl7v2]") {
  const std::string msh = "MSH|^~\\&|LIS|\rNTE|1||";
  const auto read = [&](const std::string& field, Charset charset) {
    const std::string text = hex_to_utf8(msh + field + "\r", charset);
    const auto message = Message::parse(text);
    REQUIRE(message);
    return message->get("NTE-3");
  };
  using enum Charset;
  CHECK(read("\\XD6D0CEC4\\", gb18030) == "中文");
  CHECK(read("a\\XD6\\\\XD0\\\\XCE\\\\Xc4\\b", gb18030) == "a中文b");  // byte by byte, as some senders do
  CHECK(read("\\X8430CE35\\", gb18030_2022).size() == 3);              // of four bytes
  CHECK(read("\\XB07C\\\\F\\\\XA4A4\\", big5_hkscs) == "院|中");
  CHECK(read("\\X95\\\\X5C\\", shift_jis) == "表");
  CHECK(read("\\X1B2442493D1B2842\\", iso_2022_jp) == "表");
  CHECK(read("\\XE9\\", latin1) == "é");
  CHECK(read("\\XE4B8ADE69687\\", utf8) == "中文");
  CHECK(read("\\XE4\\\\XB8\\\\XAD\\", utf8) == "中");
  CHECK(read("\\XD6A6D6A6\\", gb18030) == "枝枝");  // which is UTF-8, too; that does not count here
  CHECK(read("\\XD6\\", gb18030) == "\\XD6\\");     // half a character means nothing
  CHECK(read("\\X0D0A\\", gb18030) == "\r\n");      // no characters of its own: as ever
  CHECK(read("\\X41\\\\E\\X42\\", gb18030) == "A\\X42\\");
  CHECK(read("\\E\\XD6D0\\E\\", gb18030) == "\\XD6D0\\");  // text that looks like one
  CHECK(hex_to_utf8("no message \\XD6D0\\", gb18030) == "no message \\XD6D0\\");
}

TEST_CASE("malformed, unknown and local escape sequences stay in the text", "[hl7v2]") {
  const Separators by;
  for (const char* text :
       {"C:\\temp\\file", "a\\", "\\", "\\\\", "\\X4\\", "\\X\\", "\\XZZ\\", "\\X00\\", "\\XB1\\", "\\Z01\\",
        "\\C2D41\\", "\\M242941\\", "\\.sp999\\", "\\.bogus\\", "\\.information\\", "\\P\\", "\\x41\\", "a\\b"}) {
    CHECK(unescape(text, by) == text);
  }
  CHECK(unescape("a\\b\\F\\c", by) == "a\\b|c");
  CHECK(unescape("\\Z01\\F\\", by) == "\\Z01\\F\\");
}

TEST_CASE("text is escaped so that it comes back", "[hl7v2]") {
  const Separators by{'|', '^', '~', '\\', '&', '#'};
  CHECK(escape("a|b^c&d~e\\f#g", by) == "a\\F\\b\\S\\c\\T\\d\\R\\e\\E\\f\\P\\g");
  CHECK(escape("x\r\ny\rz\n", by) == "x\\.br\\y\\.br\\z\\.br\\");
  CHECK(escape("\x0B\tend", by) == "\\X0B\\\tend");
  for (const char* text : {"|", "\"\"", "\\F\\", "赵珅\n第二行", "C:\\temp\\file", "\\.br\\"}) {
    CHECK(unescape(escape(text, by), by) == text);
    CHECK_FALSE(is_null(escape(text, by)));
  }
}

TEST_CASE("paths are read and written", "[hl7v2]") {
  const auto path = Path::parse("PID-3[2].4.1");
  REQUIRE(path);
  CHECK(*path == Path{"PID", 0, {3, 2, 4, 1}});
  CHECK(Path::parse("OBX[3]-5").value() == Path{"OBX", 3, {5}});
  CHECK(Path::parse("NTE").value() == Path{"NTE", 0, {}});
  for (const char* text : {"PID-3[2].4.1", "OBX[3]-5", "NTE", "MSH-9.2", "ZPI[2]", "PV1-3.1.2"}) {
    CHECK(Path::parse(text).value().to_string() == text);
  }
  for (const char* text : {"", "PI", "pid-3", "PID-", "PID-0", "PID-3.", "PID-3[0]", "PID-3[", "PID-3[1", "PID[1",
                           "PID.1", "PID-3.1.1.1", "PID-3x", "PID-99999", "PID[1]x", "PID-3.600", "PID--3", "PID-+3"}) {
    INFO(text);
    CHECK_FALSE(Path::parse(text));
  }
  CHECK(parsed(kMsh).get("nonsense").empty());
  CHECK(parsed(kMsh).get("MSH").empty());
}

TEST_CASE("the content leaves out what changes from sending to sending", "[hl7v2]") {
  const Message first = parsed("MSH|^~\\&|A|B|C|D|20260310||ADT^A01|1|P|2.4|7|x\rPID|1\r");
  const Message again = parsed("MSH|^~\\&|A|B|C|D|20260311||ADT^A01|1|P|2.4|8|x\r\nPID|1\r\n");
  const Message other = parsed("MSH|^~\\&|A|B|C|D|20260310||ADT^A01|1|P|2.4|7|x\rPID|2\r");
  CHECK(first.content() == again.content());
  CHECK(first.content() != other.content());
  CHECK(first.content() == "MSH|^~\\&|A|B|C|D|||ADT^A01|1|P|2.4||x\rPID|1\r");
}

TEST_CASE("a message is built and comes out as ER7", "[hl7v2]") {
  Builder out;
  out.add("MSH");
  CHECK(out.set("MSH-9.1", "ORU"));
  CHECK(out.set("MSH-9.2", "R01"));
  const std::size_t pid = out.add("PID");
  out.set(pid, {3, 2, 4, 1}, "A&B");
  out.set(pid, {3, 1, 1}, "7");
  out.set(pid, {5}, "赵珅");
  out.set_raw(pid, {8}, "\"\"");
  out.set(pid, {30}, "");
  CHECK(out.set("OBX[1]-5", "one\ntwo"));
  CHECK(out.set("OBX[2]-5.2", "^"));
  CHECK(out.encode() ==
        "MSH|^~\\&|||||||ORU^R01\rPID|||7~^^^A\\T\\B||赵珅|||\"\"\rOBX|||||one\\.br\\two\rOBX|||||^\\S\\\r");
  CHECK(out.raw(pid, {3, 2, 4}) == "A\\T\\B");
  CHECK(parsed(out.encode()).get("PID-3[2].4.1") == "A&B");
  CHECK_FALSE(out.set("OBX[9]-5", "x"));
  CHECK_FALSE(out.set("OBX", "x"));
  CHECK_FALSE(out.set("obx-5", "x"));
}

TEST_CASE("a received message can be changed at one place and keeps the rest as it was", "[hl7v2]") {
  Builder out = Builder::from(parsed("MSH|^~\\&#|A|B\rPID|1||a\\X41\\~b^c||n\rZPI|x|y|||\r"));
  CHECK(out.encode() == "MSH|^~\\&#|A|B\rPID|1||a\\X41\\~b^c||n\rZPI|x|y\r");
  out.set(1, {3, 2, 2}, "d#");
  out.set(0, {2}, "broken");
  out.insert(1, "EVN");
  CHECK(out.name(1) == "EVN");
  out.erase(3);
  CHECK(out.encode() == "MSH|^~\\&#|A|B\rEVN\rPID|1||a\\X41\\~b^d\\P\\||n\r");
}

TEST_CASE("setting within a field leaves its other parts alone", "[hl7v2]") {
  Builder out = Builder::from(parsed(kMsh + "PID|1||a~b^c&d^e~f\r"));
  out.set(1, {3, 2, 2, 2}, "X");
  CHECK(out.raw(1, {3}) == "a~b^c&X^e~f");
  out.set(1, {3, 2, 2}, "Y");
  CHECK(out.raw(1, {3}) == "a~b^Y^e~f");
  out.set(1, {3, 2}, "Z");
  CHECK(out.raw(1, {3}) == "a~Z~f");
  out.set(1, {3, 0, 0, 2}, "s");
  CHECK(out.raw(1, {3}) == "a&s~Z~f");
  out.set(1, {3}, "w");
  CHECK(out.raw(1, {3}) == "w");
}

TEST_CASE("escapes that change the character set are read in it", "[escape]") {
  const Separators by;
  CHECK(unescape("\\M2442\\;3ED\\C2842\\ Taro", by) == "山田 Taro");
  CHECK(unescape("\\M2442\\I=\\C2842\\b", by) == "表b");
  CHECK(unescape("\\M2442\\;3", by) == "山");  // to the end of the field
  CHECK(unescape("\\C2849\\1\\C2842\\1", by) == "ｱ1");
  CHECK(unescape("\\C2842\\plain", by) == "plain");
  CHECK(unescape("\\M2442\\odd", by) == "\\M2442\\odd");  // no pairs: kept as it stands
  CHECK(unescape("\\M2443\\;3", by) == "\\M2443\\;3");    // a set that we do not know
}
