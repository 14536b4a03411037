#include "adapters/files/csv.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "adapters/charset.h"

using adapters::files::read_csv;
using adapters::files::split_csv;

namespace {

std::string sample(const std::string& name) {
  std::ifstream stream(CAUSEWAY_SOURCE_DIR "/tests/cases/samples/" + name, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

/// What is wrong with one record: "csv.fields 2:1"; "" when nothing is.
std::string wrong(const std::string& record) {
  const auto read = read_csv(record);
  return read ? "" : read.error().code + " " + read.error().where;
}

std::string value(const std::string& record, const char* column) {
  const auto read = read_csv(record);
  REQUIRE(read);
  const auto field = read->root()["row"][column];
  return field.is_string() ? std::string(field.text()) : field ? "null" : "absent";
}

}  // namespace

TEST_CASE("a case as an agency exports it: byte order mark, CR LF, a quoted line end", "[csv]") {
  const auto records = split_csv(sample("hopenoah_case.csv"));
  REQUIRE(records);
  REQUIRE(records->size() == 1);
  CHECK(records->front().line == 2);
  const std::string& text = records->front().text;
  CHECK(value(text, "case_no") == "HN-2026-0091");
  CHECK(value(text, "name_local") == "刘䶮");
  CHECK(value(text, "id_no") == "510199194903110039");
  CHECK(value(text, "question") == "是否适合重离子治疗?\n既往：胃大部切除术");
  CHECK(read_csv(text)->root()["table"].text() == "case_no");
}

TEST_CASE("the same case as Excel writes it in GBK, where the charset can hold it", "[csv]") {
  const std::string utf8 = "case_no,name,diagnosis\r\nHN-1,林蔚,\"胰腺癌\n伴\"\"黄疸\"\"\"\r\n";
  const auto gbk = adapters::encode(utf8, adapters::Charset::gbk);
  REQUIRE(gbk);
  const auto back = adapters::decode(*gbk, adapters::Charset::gbk);
  REQUIRE(back);
  const auto records = split_csv(*back);
  REQUIRE(records);
  CHECK(value(records->front().text, "name") == "林蔚");
  CHECK(value(records->front().text, "diagnosis") == "胰腺癌\n伴\"黄疸\"");
}

TEST_CASE("rows are cut with their lines; lines without a value are none", "[csv]") {
  const auto records = split_csv("a,b\n1,2\r\n\r\n,\n\"x\ny\",3\r4,5");
  REQUIRE(records);
  REQUIRE(records->size() == 3);
  CHECK((*records)[0].line == 2);
  CHECK((*records)[1].line == 5);
  CHECK((*records)[2].line == 7);
  CHECK((*records)[0].text == "a,b\r\n1,2");
  CHECK((*records)[1].text == "a,b\r\n\"x\ny\",3");
  CHECK(value((*records)[2].text, "b") == "5");
}

TEST_CASE("an empty field is no value, quoted or not", "[csv]") {
  CHECK(value("a,b,c\n1,,\"\"", "b") == "null");
  CHECK(value("a,b,c\n1,,\"\"", "c") == "null");
  CHECK(value("a,b\n  ,2, ,", "a") == "null");
}

TEST_CASE("a long number in scientific notation is refused where it stands", "[csv]") {
  CHECK(wrong("案例号,身份证\nA1,5.10199E+17") == "csv.scientific 2:4");
  CHECK(wrong("a,b\n\"x\n名字\",\"5E+11\"") == "csv.scientific 3:5");
  CHECK(wrong("a,b\n1,1.2E+05") == "");  // a result, not an identifier
  CHECK(wrong("a,b\n1,E+17") == "");     // a word
  CHECK(wrong("a,b\n1,5.1x9E+17") == "");
}

TEST_CASE("what makes a file doubtful is refused with its place", "[csv]") {
  CHECK(wrong("a,b\n1") == "csv.fields 2:1");
  CHECK(wrong("a,b\n1,2,3") == "csv.fields 2:5");
  CHECK(wrong("a,b\n1,2,,") == "");  // empty columns behind the last one
  CHECK(wrong("a,a\n1,2") == "csv.header 1:3");
  CHECK(wrong("a,,c\n1,2,3") == "csv.header 1:3");
  CHECK(wrong("a,b,\n1,2,") == "");
  CHECK(wrong("a,b\n1,2\"3") == "csv.quote 2:4");
  CHECK(wrong("a,b\n1,\"2\"3") == "csv.quote 2:6");
  CHECK(wrong("a,b\n1,\"2\n3") == "csv.quote 2:3");
  CHECK(wrong(std::string("a,b\n1,2\0", 8)) == "csv.control 2:3");
  CHECK(wrong("a,b") == "csv.fields 1:1");
  CHECK(wrong("") == "csv.header 1:1");
  CHECK(wrong("a,b\n1,2\n3,4") == "csv.fields 3:1");
  const auto open = split_csv("a,b\n1,2\n3,\"4\n5,6\n");
  REQUIRE_FALSE(open);
  CHECK(open.error().where == "3:3");
}
