#include "adapters/map/back.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>

#include "adapters/hl7v2/message.h"
#include "adapters/map/compile.h"
#include "adapters/map/reversible.h"
#include "adapters/map/run.h"

using namespace adapters::map;
using adapters::hl7v2::Message;

namespace {

const std::string kHeader = R"(map: test/back
source: {format: hl7v2, accept: [ORU^R01]}
resources:
  header:
    resource: MessageHeader
    identity: MSH-10
    event: {Coding: {code: MSH-9.2, display: {from: MSH-9, whole: true}}}
    source: {endpoint: "= %site", software: MSH-10}
)";

struct Loaded {
  std::shared_ptr<const Plan> plan;
  Inverse inverse;
};

Loaded load(const std::string& text) {
  std::vector<FileFault> found;
  Faults faults(found);
  auto plan = compile(text, CAUSEWAY_SOURCE_DIR "/mappings/tianjin/test.map.yaml", faults);
  for (const auto& fault : found) UNSCOPED_INFO(fault.line << ":" << fault.column << " " << fault.say);
  REQUIRE(plan);
  return {plan, Inverse(*plan)};
}

const Site kSite{.id = "tmucih",
                 .identifier_base = "https://gw.example/sid/",
                 .zone_offset = "+08:00",
                 .now = "2026-03-10T09:30:20+08:00"};

/// The message that comes back of what the map makes of `segments`, and what became of the Bundle's values.
struct Trip {
  Message message;
  Report report;
  std::string get(std::string_view path) const { return message.get(path); }
};

Trip trip_of(const Loaded& map, const std::string& segments) {
  const auto there = run_plan(*map.plan, "MSH|^~\\&|LIS|T|||20260310||ORU^R01|1|P|2.4\r" + segments, kSite);
  if (!there) FAIL(there.error().where + ": " + there.error().say);
  INFO(there->bundle.dump(1));
  auto back = run_back(*map.plan, map.inverse, there->bundle.dump(), kSite);
  if (!back) FAIL(back.error().where + ": " + back.error().say);
  INFO(back->local);
  auto message = Message::parse(back->local);
  REQUIRE(message);
  return {std::move(*message), back->report};
}

Trip trip(const std::string& resources, const std::string& segments) {
  return trip_of(load(kHeader + resources), segments);
}

std::string only_patient(const std::string& elements) {
  return "  patient:\n    resource: Patient\n    identity: MSH-10\n" + elements;
}

}  // namespace

TEST_CASE("copies, tables and times of a patient come back to where they stood", "[back]") {
  const auto back = trip(only_patient("    birthDate: PID-7\n"
                                      "    gender: {from: PID-8, table: v2-0001-gender, unmapped: error}\n"
                                      "    deceased: {dateTime: PID-29}\n"
                                      "    name: [{each: PID-5, use: XPN}]\n"),
                         "PID|||||ZHAO^SHEN^^^^^L~周岚||19590812|F|||||||||||||||||||||20260310072200\r");
  CHECK(back.get("PID-5.1") == "ZHAO");
  CHECK(back.get("PID-5.2") == "SHEN");
  CHECK(back.get("PID-5.7") == "L");
  CHECK(back.get("PID-5[2].1") == "周岚");
  CHECK(back.get("PID-7") == "19590812");
  CHECK(back.get("PID-8") == "F");
  CHECK(back.get("PID-29") == "20260310072200");
  CHECK(back.get("MSH-9.1") == "ORU");
  CHECK(back.get("MSH-10") == "1");
  CHECK(back.report.unaccounted() == 0);
}

TEST_CASE("a constant tells which of several rules made an item", "[back]") {
  const auto back =
      trip(only_patient("    identifier:\n"
                        "      - {value: {from: PID-19, required: true}, type.coding: [{code: {const: SS}}]}\n"
                        "      - {value: {from: PID-20.1, required: true}, type.coding: [{code: {const: DL}}]}\n"),
           "PID|||||A|||||||||||||||D7\r");
  CHECK(back.get("PID-19").empty());
  CHECK(back.get("PID-20.1") == "D7");
}

TEST_CASE("of codes with one meaning the marked one comes back, else the one that is its own value, else the first",
          "[back]") {
  std::vector<FileFault> found;
  Faults faults(found);
  const auto table =
      Table::parse("t", "# a test\nfrom,code,preferred\nA,x,\nB,x,\nC,y,\ny,y,\nD,z,\nE,z,yes\n", 0, faults);
  REQUIRE(table);
  CHECK(table->sources("x", 0) == std::vector<std::string_view>{"A", "B"});
  CHECK(table->sources("y", 0) == std::vector<std::string_view>{"y", "C"});
  CHECK(table->sources("z", 0) == std::vector<std::string_view>{"E", "D"});
  CHECK(table->sources("none", 0).empty());
  REQUIRE(table->shared(0).size() == 3);
  CHECK(table->shared(0).front().first == "x");
}

TEST_CASE("the type of a value decides what the switch read", "[back]") {
  const std::string rules =
      "  result:\n    resource: Observation\n    each: ORDER_OBSERVATION.OBSERVATION\n    identity: [MSH-10, OBX-3.1]\n"
      "    status: {from: OBX-11, table: v2-0085-observation-status, unmapped: error}\n"
      "    code: {use: CWE, from: OBX-3}\n    value: {use: OBX_value}\n";
  const auto back = trip(rules,
                         "OBR|1\rOBX|1|NM|CEA^a^L||>2.70|ng/mL|0-5|H|||F\r"
                         "OBX|2|CWE|X^b^L||P^pos^L||||||F\rOBX|3|TX|Y^c^L||neg||||||P\r");
  CHECK(back.get("OBX[1]-2") == "NM");
  CHECK(back.get("OBX[1]-5") == ">2.70");
  CHECK(back.get("OBX[1]-6") == "ng/mL");
  CHECK(back.get("OBX[1]-11") == "F");
  CHECK(back.get("OBX[2]-5.1") == "P");
  CHECK(back.get("OBX[2]-5.2") == "pos");
  CHECK(back.get("OBX[3]-3.2") == "c");
  CHECK(back.get("OBX[3]-5") == "neg");
  CHECK(back.get("OBX[3]-11") == "P");
}

TEST_CASE("results come back under the order that refers to them, in the structure's order", "[back]") {
  const std::string orders =
      "  order:\n    resource: DiagnosticReport\n    each: ORDER_OBSERVATION as order\n    identity: OBR-3\n"
      "    status: {const: final}\n    code: {text: OBR-4.1}\n    result: [{ref: result, all: true}]\n"
      "  result:\n    resource: Observation\n    each: order.OBSERVATION\n    identity: [OBR-3, OBX-3.1]\n"
      "    status: {const: final}\n    code: {text: OBX-3.1}\n    note: [{each: NTE-3, text: \".\"}]\n";
  const auto back = trip(orders, "OBR|1||1|A\rOBX|1||a1\rNTE|1||n1\rNTE|2||n2\rOBX|2||a2\rOBR|2||2|B\rOBX|1||b1\r");
  std::string names;
  for (std::size_t i = 0; i < back.message.size(); ++i) names += std::string(back.message.segment(i).name()) + " ";
  CHECK(names == "MSH OBR OBX NTE NTE OBX OBR OBX ");
  CHECK(back.get("OBX[2]-3") == "a2");
  CHECK(back.get("OBX[3]-3") == "b1");
  CHECK(back.get("OBR[2]-4") == "B");
  CHECK(back.get("NTE[2]-3") == "n2");
}

TEST_CASE("what a formula put before a value is taken off again", "[back]") {
  const auto back =
      trip(only_patient("    identifier: [{each: PID-3, system: \"= %site & '/' & %'.4.1'\", value: .1}]\n"),
           "PID|||7^^^HOSP\r");
  CHECK(back.get("PID-3.4.1") == "HOSP");
  CHECK(back.get("PID-3.1") == "7");
}

TEST_CASE("a resource that was made where it is referred to goes back to the field that named it", "[back]") {
  const auto back = trip(
      "  visit:\n    resource: Encounter\n    identity: MSH-10\n    status: {const: unknown}\n"
      "    class: {code: PV1-2}\n"
      "    participant: [{each: PV1-7, individual: {use: XCN_practitioner, from: \".\"}}]\n",
      "PV1||I|||||7^LI^SI~8^WU^MEI\r");
  CHECK(back.get("PV1-7.1") == "7");
  CHECK(back.get("PV1-7.3") == "SI");
  CHECK(back.get("PV1-7[2].2") == "WU");
}

TEST_CASE("what a condition demands is written where nothing else was", "[back]") {
  const auto back =
      trip(only_patient("    identifier: [{each: PID-3, when: .5 = MR, value: .1}]\n"), "PID|||7^^^H^MR~8^^^H^SS\r");
  CHECK(back.get("PID-3.1") == "7");
  CHECK(back.get("PID-3.5") == "MR");
  CHECK(back.get("PID-3[2].1").empty());
}

TEST_CASE("back: says where a value goes, as what, or that it does not go back", "[back]") {
  const auto back = trip(
      only_patient(
          "    gender: {from: PID-8, table: v2-0001-gender, unmapped: error, back: \"= 'X' & $this.substring(0, 1)\"}\n"
          "    birthDate: {from: PID-7, back: never}\n"
          "    maritalStatus: {text: {from: PID-16, back: [PID-16.2, PID-16.9]}}\n"
          "    address: [{line: [{from: PID-11.1.2, back: last}, PID-11.1.1]}]\n"),
      "PID|||||||19590812|F|||street||||||\r");
  CHECK(back.get("PID-8") == "Xf");
  CHECK(back.get("PID-7").empty());
  CHECK(back.get("PID-11.1.1") == "street");
  const auto other =
      trip(only_patient("    maritalStatus: {text: {from: [PID-16.2, PID-16.1], back: [PID-16.1, PID-16.2]}}\n"),
           "PID||||||||||||||||M\r");
  CHECK(other.get("PID-16.2").empty());
  CHECK(other.get("PID-16.1") == "M");
}

TEST_CASE("top level back: writes what no rule reads", "[back]") {
  const auto map =
      load("back: {OBX-1: number, EVN-1: MSH-9.2, PID-2: {const: p}, PID-4: \"= 'n' & %'PID-5.1'\"}\n" + kHeader +
           only_patient("    name: [{each: PID-5, text: .1}]\n    _active:\n      extension: [{url: {const: x}, value: "
                        "{string: EVN-2}}]\n") +
           "  result:\n    resource: Observation\n    each: OBX\n    identity: [MSH-10, OBX-3.1]\n"
           "    status: {const: final}\n    code: {text: OBX-3.1}\n");
  const auto back = trip_of(map, "EVN||2\rPID|||||A\rOBR|\rOBX|||a\rOBX|||b\r");
  CHECK(back.get("OBX[1]-1") == "1");
  CHECK(back.get("OBX[2]-1") == "2");
  CHECK(back.get("EVN-1") == "R01");
  CHECK(back.get("PID-2") == "p");
  CHECK(back.get("PID-4") == "nA");
}

TEST_CASE("every value of the Bundle is told: carried back, or why not", "[back]") {
  const auto map = load(kHeader + only_patient("    gender: {from: PID-8, table: v2-0001-gender, unmapped: error}\n"));
  const std::string bundle = R"({"resourceType": "Bundle", "type": "message", "entry": [
    {"fullUrl": "urn:uuid:1", "resource": {"resourceType": "MessageHeader", "eventCoding": {"code": "R01"},
      "source": {"endpoint": "https://gw.example/sid/tmucih"}}},
    {"fullUrl": "urn:uuid:2", "resource": {"resourceType": "Patient", "gender": "male", "language": "zh"}}]})";
  const auto back = run_back(*map.plan, map.inverse, bundle, kSite);
  REQUIRE(back);
  CHECK(back->report.valued == 4);
  CHECK(back->report.unaccounted() == 0);
  const auto note = std::ranges::find(back->report.notes, "Patient[1].language", &Note::source);
  REQUIRE(note != back->report.notes.end());
  CHECK(note->code == "back-no-rule");
  CHECK(Message::parse(back->local)->type() == "ORU^R01");  // the only kind the map takes
}

TEST_CASE("what no map made is refused, and a hostile Bundle costs no more than its size allows", "[back]") {
  const auto map = load(kHeader + only_patient("    birthDate: PID-7\n"));
  CHECK(run_back(*map.plan, map.inverse, "{", kSite).error().code == "json.syntax");
  CHECK(run_back(*map.plan, map.inverse, R"({"resourceType": "Bundle"})", kSite).error().code == "map.back-bundle");
  const std::string circle = R"({"resourceType": "Bundle", "entry": [
    {"fullUrl": "a", "resource": {"resourceType": "MessageHeader", "sender": {"reference": "a"}, "eventCoding": [[]]}},
    {"fullUrl": "b", "resource": {"resourceType": "Patient", "birthDate": {"x": ["y"]}, "link": [{"other": {"reference": "b"}}]}}]})";
  CHECK(run_back(*map.plan, map.inverse, circle, kSite));
}

TEST_CASE("the compiler tells of every rule whether it runs backwards, and what its table does not tell apart",
          "[back]") {
  const auto map =
      load("back: {PID-1: number}\n" + kHeader +
           only_patient("    gender: {from: PID-8, table: v2-0001-gender, unmapped: error}\n"
                        "    birthDate: PID-7\n"
                        "    address: [{text: \"= %'PID-11.1' & %'PID-11.3'\", city: \"= 'x' & %'PID-11.3'\"}]\n"));
  const auto rules = reversibility_of(*map.plan);
  const auto of = [&](const std::string& id) { return *std::ranges::find(rules, id, &Reversibility::id); };
  CHECK(of("patient.birthDate").way == Reversibility::Way::both);
  CHECK(of("patient.birthDate").why.empty());
  CHECK(of("patient.gender").way == Reversibility::Way::both);
  CHECK(of("patient.gender").why.find("other <- O, A, N") != std::string::npos);
  CHECK(of("patient.address.text").way == Reversibility::Way::to_fhir);
  CHECK(of("patient.address.city").way == Reversibility::Way::both);
  CHECK(of("PID-1").way == Reversibility::Way::to_local);
}

TEST_CASE("a row comes back with the rows that belong to it", "[back]") {
  const auto map = load(R"(map: test/rows
source:
  format: row
  accept: [CF]
  tables: {CF: [CFHM, KFRQ, XB], BR: [XM], MX: [SBXH, YPMC]}
resources:
  header: {resource: MessageHeader, identity: CFHM, event: {Coding: {code: {const: prescription}}}, source: {endpoint: "= %site"}}
  patient: {resource: Patient, identity: CFHM, name: [{text: BR.XM}], gender: {from: XB, table: gbt2261-gender, unmapped: error}}
  request:
    resource: MedicationRequest
    each: MX
    identity: [$.CFHM, SBXH]
    identifier: [{value: SBXH}]
    groupIdentifier.value: $.CFHM
    status: {const: active}
    intent: {const: order}
    medication: {CodeableConcept: {text: YPMC}}
    subject: {ref: patient}
    authoredOn: $.KFRQ
)");
  const std::string row =
      R"({"table":"CF","row":{"CFHM":"1","KFRQ":"2026-03-14 09:30:00","XB":"2","BR":[{"XM":"\u9648"}],)"
      R"("MX":[{"SBXH":"7","YPMC":"a"},{"SBXH":"8","YPMC":"b"}]}})";
  const auto there = run_plan(*map.plan, row, kSite);
  REQUIRE(there);
  const auto back = run_back(*map.plan, map.inverse, there->bundle.dump(), kSite);
  REQUIRE(back);
  const auto json = fhir::Json::parse(back->local);
  REQUIRE(json);
  const auto made = json->root()["row"];
  CHECK(json->root()["table"].text() == "CF");
  CHECK(made["CFHM"].text() == "1");
  CHECK(made["KFRQ"].text() == "2026-03-14 09:30:00");
  CHECK(made["XB"].text() == "2");
  CHECK(made["BR"].at(0)["XM"].text() == "\u9648");
  REQUIRE(made["MX"].size() == 2);
  CHECK(made["MX"].at(1)["SBXH"].text() == "8");
  CHECK(made["MX"].at(1)["YPMC"].text() == "b");
}
