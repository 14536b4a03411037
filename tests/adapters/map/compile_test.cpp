#include "adapters/map/compile.h"

#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>

using namespace adapters::map;

namespace {

// A small map that is right. Tests change one thing in it.
const std::string kMap = R"(map: test/oru
source: {format: hl7v2, accept: [ORU^R01]}
resources:
  header:
    resource: MessageHeader
    identity: MSH-10
    event: {Coding: {code: {const: report}}}
    source: {endpoint: "= %site"}
    focus: [{ref: patient}]
  patient:
    resource: Patient
    identity: [PID-3.1]
    identifier: [{each: PID-3, use: CX}]
    gender: {from: PID-8, table: v2-0001-gender, unmapped: error}
    birthDate: PID-7
    active: {const: true}
  result:
    resource: Observation
    each: ORDER_OBSERVATION.OBSERVATION
    when: OBX-3 valued
    identity: [OBX-3, OBX-4]
    status: {from: OBX-11, table: v2-0085-observation-status, unmapped: error}
    code: {use: CWE, from: OBX-3}
    subject: {ref: patient}
    value: {use: OBX_value}
    issued: OBX-14
    note: [{each: NTE-3, text: "."}]
ignored:
  MSH-9: the kind of message
)";

std::vector<FileFault> faults_of(const std::string& text) {
  std::vector<FileFault> found;
  Faults faults(found);
  const auto plan = compile(text, CAUSEWAY_SOURCE_DIR "/mappings/tianjin/test.map.yaml", faults);
  CHECK((plan == nullptr) == faults.failed());
  return found;
}

struct Change {
  std::string from, to, code;
  std::size_t line, column;
  std::string hint = {};
};

std::string changed(const Change& change) {
  std::string text = kMap;
  const auto at = text.find(change.from);
  REQUIRE(at != std::string::npos);
  text.replace(at, change.from.size(), change.to);
  return text;
}

}  // namespace

TEST_CASE("the map that is right has no fault", "[map]") { CHECK(faults_of(kMap).empty()); }

TEST_CASE("every kind of fault is found at its place", "[map]") {
  const Change change = GENERATE(values<Change>({
      // sub-maps that make resources, alternatives
      {"subject: {ref: patient}", "subject: {use: CWE, from: OBX-3}", "E0220", 24, 20},
      {"subject: {ref: patient}", "subject: {use: XON_organization, from: OBX-23}", "E0222", 24, 20},
      {"birthDate: PID-7", "birthDate: {first: [PID-7]}", "E0229", 15, 24},
      {"birthDate: PID-7", "birthDate: {first: PID-7}", "E0229", 15, 24},
      {"{from: OBX-11, table: v2-0085-observation-status, unmapped: error}",
       "{first: [{const: final}, {from: OBX-11, table: v2-0085-observation-status, unmapped: omit}]}", "E0216", 22, 98},
      // the frame
      {"map: test/oru\n", "", "E0206", 1, 1},
      {"source: {format: hl7v2", "source: {format: hl7v3", "E0206", 2, 18},
      {"accept: [ORU^R01]", "acept: [ORU^R01]", "E0205", 2, 25, "did you mean 'accept'?"},
      {"ignored:", "ignore:", "E0205", 28, 1, "did you mean 'ignored'?"},
      {"resources:\n", "json:\n", "E0206", 1, 1},
      {"resource: Observation", "resource: Observaton", "E0223", 18, 15, "did you mean 'Observation'?"},
      {"    identity: [OBX-3, OBX-4]\n", "", "E0224", 17, 3},
      // elements
      {"    birthDate: PID-7", "    birthdate: PID-7", "E0207", 15, 5, "did you mean 'birthDate'?"},
      {"birthDate: PID-7", "birthDate: [PID-7]", "E0208", 15, 16},
      {"value: {use: OBX_value}", "value: {Qantity: {measure: OBX-5}}", "E0209", 25, 13, "did you mean 'Quantity'?"},
      {"value: {use: OBX_value}", "value: OBX-5", "E0226", 25, 12},
      {"value: {use: OBX_value}", "valueString: OBX-5\n    valueCode: OBX-5", "E0207", 26, 5},
      {"value: {use: OBX_value}", "valueString: OBX-5\n    valueInteger: OBX-5", "E0211", 26, 5},
      {"    issued: OBX-14", "    issued: OBX-14\n    code.text: OBX-3.2\n    code.text: OBX-3.1", "E0203", 28, 5},
      {"    code: {use: CWE, from: OBX-3}\n", "", "E0210", 17, 3},
      {"event: {Coding: {code: {const: report}}}", "event: {Coding: {code: {const: a  b}}}", "E0230", 7, 36},
      {"birthDate: PID-7", "birthDate: {text: PID-7}", "E0226", 15, 17},
      {"code: {use: CWE, from: OBX-3}", "code: OBX-3", "E0226", 23, 11},
      {"active: {const: true}", "active: {const: ja}", "E0230", 16, 21},
      {"birthDate: PID-7", "birthDate: {from: PID-7, as: date}", "E0205", 15, 34},
      {"birthDate: PID-7", "birthDate: {refuse: never, text: PID-7}", "E0229", 15, 25},
      {"birthDate: PID-7", "birthDate: {refuse: never, from: PID-7}", "E0205", 15, 32},
      {"birthDate: PID-7", "birthDate: {when: PID-7 valued}", "E0228", 15, 16},
      {"birthDate: PID-7", "birthDate: ~", "E0204", 15, 16},
      // sources
      {"birthDate: PID-7", "birthDate: PDI-7", "E0212", 15, 16},
      {"birthDate: PID-7", "birthDate: PID-77", "E0212", 15, 16},
      {"when: OBX-3 valued", "when: OBX-3 valeud", "E0229", 20, 17},
      {"when: OBX-3 valued", "when: OBX-3 valued and OBX-4 valued or OBX-5 valued", "E0229", 20, 11},
      {"endpoint: \"= %site\"", "endpoint: \"= %site &\"", "E0217", 8, 34},
      {"endpoint: \"= %site\"", "endpoint: \"= %sit\"", "E0218", 8, 28, "did you mean 'site'?"},
      {"endpoint: \"= %site\"", "endpoint: \"= %result.id\"", "E0218", 8, 28},
      {"issued: OBX-14", "issued: {from: OBX-14, const: 2020}", "E0205", 26, 35},
      {"issued: OBX-14", "issued: {from: OBX-14, read: flagg}", "E0227", 26, 34, "did you mean 'flag'?"},
      {"issued: OBX-14", "issued: {form: OBX-14}", "E0226", 26, 14},
      {"issued: OBX-14", "issued: {each: OBX-14, all: true}", "E0205", 26, 28},
      // tables
      {"table: v2-0001-gender,", "table: v2-0001-gendr,", "E0213", 14, 34, "did you mean 'v2-0001-gender'?"},
      {"table: v2-0001-gender, unmapped: error", "table: v2-0001-gender", "E0214", 14, 34},
      {"table: v2-0001-gender, unmapped: error", "table: v2-0001-gender, unmapped: keep", "E0216", 14, 60},
      {"table: v2-0001-gender, unmapped: error", "table: v2-0001-gender, unmapped: erorr", "E0214", 14, 60,
       "did you mean 'error'?"},
      {"table: v2-0001-gender, unmapped: error", "table: v2-0001-gender, unmapped: male-ish", "E0230", 14, 60},
      {"table: v2-0001-gender, unmapped: error", "table: v2-0001-gender, column: cod, unmapped: error", "E0213", 14, 58,
       "did you mean 'code'?"},
      {"table: v2-0001-gender,", "table: v2-0085-observation-status,", "E0230", 14, 34},
      {"table: v2-0085-observation-status, unmapped: error", "table: v2-0085-observation-status, unmapped: omit",
       "E0216", 22, 73},
      {"unmapped: error}\n    birthDate", "on_error: drop}\n    birthDate", "E0214", 14, 34},
      {"unmapped: error}\n    code", "unmapped: error, on_error: drop}\n    code", "E0225", 22, 90},
      // sub-maps and references
      {"use: CX", "use: CXX", "E0219", 13, 37, "did you mean 'CX'?"},
      {"use: CX", "use: XPN", "E0220", 13, 37},
      {"{use: OBX_value}", "{use: OBX_value, string: OBX-5}", "E0220", 25, 29},
      {"subject: {ref: patient}", "subject: {ref: pateint}", "E0222", 24, 20, "did you mean 'patient'?"},
      {"subject: {ref: patient}", "subject: {ref: header}", "E0222", 24, 20},
      {"identity: MSH-10", "identity: [{ref: patient}]", "E0222", 6, 22},
      {"[{each: NTE-3, text: \".\"}]", "[{each: NTE-3, id: a, text: \".\"}, {each: NTE-4, id: a, text: \".\"}]",
       "E0232", 27, 63},
      {"value: {use: OBX_value}", "value: {switch: OBX-2, NM: {string: OBX-5}, NM: {string: OBX-5}, else: ~}", "E0203",
       25, 49},
      {"value: {use: OBX_value}", "value: {switch: OBX-2, NM: {string: OBX-5}, \"ST,NM\": {string: OBX-5}, else: ~}",
       "E0233", 25, 49},
      {"value: {use: OBX_value}", "value: {switch: OBX-2, NM: {string: OBX-5}}", "E0229", 25, 12},
      {"value: {use: OBX_value}", "value: {if: OBX-2 = NM, thn: {string: OBX-5}}", "E0229", 25, 17},
      {"MSH-9: the kind", "MHS-9: the kind", "E0212", 29, 3},
      {"resource: MessageHeader", "resource: Basic", "E0206", 4, 3},
  }));
  CAPTURE(change.to);
  const auto faults = faults_of(changed(change));
  std::string told;
  for (const auto& fault : faults)
    told += fmt::format("\n{}:{} {} {} {}", fault.line, fault.column, fault.code, fault.say, fault.hint);
  INFO(told);
  REQUIRE_FALSE(faults.empty());
  const bool found = std::ranges::any_of(faults, [&](const FileFault& fault) {
    return fault.code == change.code && fault.line == change.line && fault.column == change.column;
  });
  CHECK(found);
  if (!change.hint.empty())
    CHECK(std::ranges::any_of(
        faults, [&](const FileFault& fault) { return fault.hint.find(change.hint) != std::string::npos; }));
}

TEST_CASE("all faults of a file are told at once", "[map]") {
  std::string text = kMap;
  for (const auto& [from, to] : {std::pair{"birthDate", "birthdate"},
                                 {"OBX-14", "OBX-140"},
                                 {"use: CWE", "use: CWEE"},
                                 {"table: v2-0001", "table: v2-001"}})
    text.replace(text.find(from), std::string_view(from).size(), to);
  std::vector<std::size_t> lines;
  for (const auto& fault : faults_of(text)) lines.push_back(fault.line);
  CHECK(lines == std::vector<std::size_t>{14, 15, 23, 26});
}

TEST_CASE("a misspelt word of a map from FHIR is found to the character", "[map]") {
  const std::string map = R"(map: test/status
source: {format: fhir, accept: [referral-accept]}
target: {format: json}
let:
  task: entry.resource.ofType(Task)
json:
  code: "%task.status"
)";
  CHECK(faults_of(map).empty());
  const auto fault = [&](std::string from, std::string to) {
    std::string text = map;
    text.replace(text.find(from), from.size(), to);
    const auto faults = faults_of(text);
    REQUIRE_FALSE(faults.empty());
    return fmt::format("{}:{} {}", faults[0].line, faults[0].column, faults[0].code);
  };
  CHECK(fault("%task.status", "%tsk.status") == "7:10 E0218");
  CHECK(fault("%task.status", "%task.statsu") == "7:16 E0217");
  CHECK(fault("ofType(Task)", "ofType(Task") == "5:35 E0217");
  CHECK(fault("json}", "hl7v2}") == "1:1 E0206");                     // segments: is missing
  CHECK(fault("{format: fhir, ", "{format: json, ") == "2:9 E0206");  // no side is FHIR
  CHECK(fault("\"%task.status\"", "{from: \"%task.status\", as: number}") == "7:36 E0209");
  CHECK(fault("\"%task.status\"", "{refuse: \"\"}") == "7:18 E0229");
}

namespace {

const std::string kRowMap = R"(map: test/row
source:
  format: row
  accept: [MS_CF01]
  tables:
    MS_CF01: [CFSB, BRID]
    MS_CF02: [SBXH, YPXH]
    MS_CF02.YK_TYPK: [YPMC]
  empty: {"*": [''], MS_CF02.YPXH: ["0"]}
resources:
  header:
    resource: MessageHeader
    identity: [CFSB, $version]
    event: {Coding: {code: {const: prescription}}}
    source: {endpoint: "= %site"}
    focus: [{ref: patient}]
  patient:
    resource: Patient
    identity: [BRID]
    identifier: [{value: BRID}]
    active: {if: $deleted = true, then: {const: false}, else: {const: true}}
)";

std::string row_map_with(const std::string& from, const std::string& to) {
  std::string text = kRowMap;
  return text.replace(text.find(from), from.size(), to);
}

std::string first_fault(const std::string& text) {
  const auto found = faults_of(text);
  return found.empty() ? "" : fmt::format("{} {}:{}", found[0].code, found[0].line, found[0].column);
}

}  // namespace

TEST_CASE("a map of rows is checked against the columns it declares", "[map][rows]") {
  CHECK(first_fault(kRowMap).empty());
  CHECK(first_fault(row_map_with("identity: [BRID]", "identity: [BRIX]")) == "E0212 19:16");
  CHECK(first_fault(row_map_with("$deleted", "$delete")) == "E0212 21:18");
  CHECK(first_fault(row_map_with("accept: [MS_CF01]", "accept: [MS_CF02]")) == "E0206 6:5");
  CHECK(first_fault(row_map_with("MS_CF02.YK_TYPK:", "MS_CF03.YK_TYPK:")) == "E0206 8:5");
  CHECK(first_fault(row_map_with("MS_CF02.YPXH:", "MS_CF02.YPX:")) == "E0212 9:22");
  CHECK(first_fault(row_map_with("MS_CF01: [CFSB, BRID]", "MS_CF01: CFSB")) == "E0204 6:14");
  CHECK(first_fault(row_map_with("format: row", "format: json")) == "E0205 5:3");
  CHECK(first_fault(row_map_with("  empty:", "  emtpy:")) == "E0205 9:3");
}

namespace {

const std::string kCsvMap = R"(map: hainan/test
source:
  format: csv
  accept: [case_no]
  columns: [case_no, id_no, 姓名]
  empty: {"*": ["-"]}
resources:
  header:
    resource: MessageHeader
    identity: [case_no]
    event: {Coding: {code: {const: referral-request}}}
    source: {endpoint: "= %site"}
    focus: [{ref: patient}]
  patient:
    resource: Patient
    identity: [id_no]
    name: [{text: 姓名}]
)";

std::string csv_map_with(const std::string& from, const std::string& to) {
  std::string text = kCsvMap;
  return text.replace(text.find(from), from.size(), to);
}

}  // namespace

TEST_CASE("a map of CSV is checked against the columns it declares", "[map][csv]") {
  CHECK(first_fault(kCsvMap).empty());
  CHECK(first_fault(csv_map_with("text: 姓名", "text: 姓明")) == "E0212 17:19");
  CHECK(first_fault(csv_map_with("accept: [case_no]", "accept: [id_no]")) == "E0206 5:12");
  CHECK(first_fault(csv_map_with("  columns: [case_no, id_no, 姓名]\n", "")) == "E0206 3:3");
  CHECK(first_fault(csv_map_with("format: csv", "format: json")) == "E0205 5:3");
  CHECK(first_fault(csv_map_with("columns:", "tables:")) == "E0205 5:3");
}

TEST_CASE("a segment may have an id for maps that extend this one", "[map]") {
  const std::string text =
      "map: t/x\nsource: {format: fhir, accept: [report]}\ntarget: {format: hl7v2}\nsegments:\n  - id: head\n"
      "    MSH: {9: {1: {const: ORU}}}\n";
  CHECK(first_fault(text).empty());
  CHECK(first_fault(text + "  - id: two\n    PID: {1: {const: 1}}\n    PV1: {1: {const: 1}}\n") == "E0205 9:5");
}
