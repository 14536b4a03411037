// A draft is clean for `causeway map check`, names every field of its sample, and holds no value of it.
#include "adapters/map/draft.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "adapters/map/compile.h"
#include "adapters/map/record_file.h"
#include "adapters/map/run.h"

using namespace adapters::map;

namespace {

constexpr const char* kPlace = CAUSEWAY_SOURCE_DIR "/mappings/tianjin/draft.map.yaml";  // need not be there

std::string drafted(const std::string& record) {
  const auto text = draft(record, format_of(record), "north/draft");
  if (!text) FAIL(fhir::to_string(text.error()));
  return *text;
}

void check_clean(const std::string& map, const std::string& record) {
  std::vector<FileFault> found;
  Faults faults(found);
  const auto plan = compile(map, kPlace, faults);
  INFO(map);
  for (const auto& fault : found)
    UNSCOPED_INFO(fault.line << ":" << fault.column << " " << fault.code << " " << fault.say);
  CHECK(found.empty());
  REQUIRE(plan);
  const auto made =
      run_plan(*plan, record, {"north", "https://gw.example/sid/", "+08:00", "2026-03-10T09:30:20+08:00"});
  if (!made) FAIL(fhir::to_string(made.error()));
  CHECK(made->report.unaccounted() == 0);
}

void check_names(const std::string& map, std::initializer_list<const char*> fields) {
  for (const auto* field : fields) {
    INFO(field << " in " << map);
    CHECK(map.find(field) != std::string::npos);
  }
}

}  // namespace

TEST_CASE("a draft of an HL7 v2 message", "[map][draft]") {
  const auto report = read_record(CAUSEWAY_SOURCE_DIR "/tests/cases/samples/tj_oru_gb18030.hl7", "GB18030");
  REQUIRE(report);
  const auto map = drafted(*report);
  check_clean(map, *report);
  CHECK(map.find("赵珅") == std::string::npos);
  check_names(map, {"PV1-7", "OBX-14", "each: OBX"});
  const auto referral = read_record(CAUSEWAY_SOURCE_DIR "/tests/cases/samples/huili_ref_i12_utf8.hl7", "UTF-8");
  REQUIRE(referral);
  check_clean(drafted(*referral), *referral);
}

TEST_CASE("a draft says the charset its record is in, and makes up no status", "[map][draft]") {
  const auto report = read_record(CAUSEWAY_SOURCE_DIR "/tests/cases/samples/tj_oru_gb18030.hl7", "GB18030");
  REQUIRE(report);
  const auto text = draft(*report, Format::hl7v2, "north/draft", adapters::Charset::gbk);
  REQUIRE(text);
  CHECK(text->find("charset: GBK ") != std::string::npos);
  CHECK(text->find("default: final") == std::string::npos);
  CHECK(drafted(*report).find("charset: UTF-8 ") != std::string::npos);
  const auto rows = draft("no,name\n7,Ann\n", Format::csv, "north/draft", adapters::Charset::gb18030);
  REQUIRE(rows);
  check_clean(*rows, "no,name\n7,Ann\n");
  CHECK(rows->find("charset: GB18030 ") != std::string::npos);
}

TEST_CASE("a draft of a CSV knows Chinese and English columns", "[map][draft]") {
  const std::string record =
      "病历号,姓名,性别,出生日期,身份证号,联系电话,case "
      "no,肿瘤标志物\n0001,张三,1,1960-01-02,110101196001021234,13800000000,A7,38.6\n";
  const auto map = drafted(record);
  check_clean(map, record);
  check_names(map, {"病历号", "姓名", "性别", "出生日期", "身份证号", "联系电话", "`case no`", "肿瘤标志物"});
  for (const auto* value : {"张三", "1960-01-02", "1234", "13800000000", "38.6"})
    CHECK(map.find(value) == std::string::npos);
}

TEST_CASE("a draft of a row with related rows", "[map][draft]") {
  const std::string record =
      R"({"table":"CF01","key":{"ID":"9"},"version":1,"deleted":false,"why":"","row":{"ID":"9","BRXM":"李四","KFRQ":"2026-03-14",
      "CF02":[{"XH":"1","YL":"2.5","DRUG":[{"MC":"x"}]}]}})";
  const auto map = drafted(record);
  check_clean(map, record);
  check_names(map, {"CF01: [ID, BRXM, KFRQ]", "CF02: [XH, YL]", "CF02.DRUG: [MC]", "CF02.DRUG.MC"});
}

TEST_CASE("a draft of vendor JSON", "[map][draft]") {
  const std::string record =
      R"({"msgId":"m1","serviceCode":"lab.result","data":{"patientId":"77","patientName":"王五","sex":"F","items":[{"code":"CEA","first-value":3.1}]}})";
  const auto map = drafted(record);
  check_clean(map, record);
  check_names(map, {"accept: [\"lab.result\"]", "data.patientId", "data.patientName", "data.sex", "data.items.code",
                    "data.items.`first-value`"});
  CHECK(map.find("王五") == std::string::npos);
}

TEST_CASE("a draft of vendor XML", "[map][draft]") {
  const std::string record =
      "<?xml version='1.0' encoding='GBK'?><Request xmlns='urn:v'><Head><MsgId>M1</MsgId></Head>"
      "<patient id='91877'><name>吉克</name><diag code='C22'/><diag code='B18'/></patient></Request>";
  const auto map = drafted(record);
  check_clean(map, record);
  CHECK(map.find("吉克") == std::string::npos);
  check_names(map, {"format: xml", "Head/MsgId", "patient/@id", "patient/name", "patient/diag/@code"});
}
