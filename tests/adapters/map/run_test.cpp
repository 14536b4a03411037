#include "adapters/map/run.h"

#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>

#include "adapters/map/compile.h"
#include "adapters/map/record_file.h"
#include "adapters/map/reversible.h"
#include "fhir/message/message.h"

using namespace adapters::map;

namespace {

constexpr const char* kHeader = R"(map: test/oru
source: {format: hl7v2, accept: [ORU^R01]}
resources:
  header:
    resource: MessageHeader
    identity: MSH-10
    event: {Coding: {code: {const: report}}}
    source: {endpoint: "= %site"}
)";

const std::string kRecord =
    "MSH|^~\\&|LIS|T|||20260310||ORU^R01|1|P|2.4\r"
    "PID|1||7^^^T^MR||\"\"||19590812|M||||||||||S7\r"
    "ORC|RE|SQ1|JY1\r"
    "OBR|1|SQ1|JY9|TM7^x^L|||2026\r"
    "OBX|1|NM|CEA^a^L||neg|ng/ml|0-5|H|||F\r"
    "OBX|2|NM|AFP^b^L||2.70|ng/ml|0-7|N|||F\r";

std::shared_ptr<const Plan> load(const std::string& text) {
  std::vector<FileFault> found;
  Faults faults(found);
  auto plan = compile(text, CAUSEWAY_SOURCE_DIR "/mappings/tianjin/test.map.yaml", faults);
  for (const auto& fault : found) UNSCOPED_INFO(fault.line << ":" << fault.column << " " << fault.say);
  REQUIRE(plan);
  return plan;
}

Site site(std::string id = "tmucih") {
  return {.id = std::move(id),
          .identifier_base = "https://gw.example/sid/",
          .zone_offset = "+08:00",
          .now = "2026-03-10T09:30:20+08:00"};
}

/// One resource beside the header, made of these lines.
adapters::Result<Outcome> run(const std::string& resource, const std::string& record = kRecord) {
  return run_plan(*load(kHeader + resource), record, site());
}

/// The last resource of the Bundle.
fhir::JsonTree made(const Outcome& outcome) {
  return *outcome.bundle.find("entry")->children().back().second.find("resource");
}

const Note* note(const Outcome& outcome, std::string_view source) {
  const auto found = std::ranges::find(outcome.report.notes, source, &Note::source);
  return found == outcome.report.notes.end() ? nullptr : &*found;
}

std::vector<std::string> observation_ids(const Outcome& outcome) {
  std::vector<std::string> ids;
  for (const auto& [name, entry] : outcome.bundle.find("entry")->children())
    if (const auto* resource = entry.find("resource"); resource->text_of("resourceType") == "Observation")
      ids.emplace_back(resource->text_of("id"));
  return ids;
}

std::string tianjin_report() {
  const auto record = read_record(CAUSEWAY_SOURCE_DIR "/tests/cases/samples/tj_oru_gb18030.hl7", "GB18030");
  REQUIRE(record);
  return *record;
}

std::shared_ptr<const Map> tianjin_map() {
  std::vector<FileFault> faults;
  auto map = Map::load(CAUSEWAY_SOURCE_DIR "/mappings/tianjin/oru_r01.map.yaml", faults);
  REQUIRE(map);
  return map;
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("an amended report that renumbers its results keeps every id", "[map]") {
  const auto map = tianjin_map();
  std::string amended = tianjin_report();
  replace_all(amended, "OBX|1|", "OBX|11|");
  replace_all(amended, "OBX|2|", "OBX|1|");
  replace_all(amended, "|38.62|", "|39.01|");
  replace_all(amended, "TJ2026031000017", "TJ2026031000018");
  const auto first = map->run(tianjin_report(), site()), second = map->run(amended, site());
  REQUIRE((first && second));
  CHECK(observation_ids(*first) == observation_ids(*second));
  CHECK(observation_ids(*first).size() == 5);
  CHECK(first->bundle.find("id")->text() != second->bundle.find("id")->text());
}

TEST_CASE("equal numbers of two hospitals are two patients", "[map]") {
  const auto map = tianjin_map();
  const auto here = map->run(tianjin_report(), site("tmucih")), there = map->run(tianjin_report(), site("bjch"));
  REQUIRE((here && there));
  CHECK(observation_ids(*here) != observation_ids(*there));
}

TEST_CASE("ids are UUIDs of version 5 and the same on every day", "[map]") {
  const auto map = tianjin_map();
  const auto outcome = map->run(tianjin_report(), site());
  REQUIRE(outcome);
  for (const auto& id : observation_ids(*outcome)) {
    CHECK(fhir::message::is_uuid(id));
    CHECK(id[14] == '5');
  }
  // Changing how identities are made would make every stored resource a stranger to its next version.
  CHECK(observation_ids(*outcome).front() == "3c086efb-4440-5f36-bb34-fe21ba3d2ae5");
}

TEST_CASE("the first value that is present is taken; an equal one is carried with it, another is not", "[map]") {
  const auto outcome = run(R"(  request:
    resource: ServiceRequest
    identity: OBR-2
    status: {const: active}
    intent: {const: order}
    subject: {display: {from: [PID-3.1]}}
    identifier: [{value: {from: [OBR-2, ORC-2]}}, {value: {from: [ORC-3, OBR-3]}}]
)");
  REQUIRE(outcome);
  CHECK(note(*outcome, "ORC[1]-2") == nullptr);
  REQUIRE(note(*outcome, "OBR[1]-3"));
  CHECK(note(*outcome, "OBR[1]-3")->code == "not-mapped");
  CHECK(outcome->report.unaccounted() == 0);
}

TEST_CASE("an alternative that does not fit carries nothing", "[map]") {
  const auto outcome = run(R"(  result:
    resource: Observation
    each: ORDER_OBSERVATION.OBSERVATION
    identity: OBX-3
    status: {const: final}
    code: {text: OBX-3.2}
    value: {Quantity: {unit: OBX-6, measure: OBX-5}, string: OBX-5}
)");
  REQUIRE(outcome);
  CHECK(note(*outcome, "OBX[1]-5") == nullptr);  // as text
  REQUIRE(note(*outcome, "OBX[1]-6"));           // the unit belonged to the Quantity that was not made
  CHECK(note(*outcome, "OBX[2]-6") == nullptr);
  CHECK(made(*outcome).find("valueQuantity")->find("value")->text() == "2.70");
}

TEST_CASE("a value that fits no alternative stops the record at its place", "[map]") {
  const auto outcome = run(R"(  result:
    resource: Observation
    each: ORDER_OBSERVATION.OBSERVATION
    identity: OBX-3
    status: {const: final}
    code: {text: OBX-3.2}
    value: {Quantity: {measure: OBX-5}}
)");
  REQUIRE_FALSE(outcome);
  CHECK(outcome.error().code == "map.refused");
  CHECK(outcome.error().where == "OBX[1]-5, result.value.Quantity (test.map.yaml:15)");
  CHECK(outcome.error().say.find("neg") == std::string::npos);
}

TEST_CASE("what an element that is not guarded cannot hold is reported, with the rule", "[map]") {
  const auto outcome = run(R"(  patient:
    resource: Patient
    identity: PID-3.1
    birthDate: PID-18
    name: [{text: PID-5}]
)");
  REQUIRE(outcome);
  REQUIRE(note(*outcome, "PID[1]-18"));
  CHECK(note(*outcome, "PID[1]-18")->code == "bad-value");
  CHECK(note(*outcome, "PID[1]-18")->rule == "patient.birthDate (test.map.yaml:12)");
  REQUIRE(note(*outcome, "PID[1]-5"));
  CHECK(note(*outcome, "PID[1]-5")->code == "explicit-null");
  CHECK_FALSE(made(*outcome).find("name"));
}

TEST_CASE("on_error: reject stops where drop reports", "[map]") {
  const auto outcome = run(R"(  patient:
    resource: Patient
    identity: PID-3.1
    birthDate: {from: PID-18, on_error: reject}
)");
  REQUIRE_FALSE(outcome);
  CHECK(outcome.error().where.starts_with("PID[1]-18"));
}

TEST_CASE("keep writes what nothing else carried, word for word", "[map]") {
  const auto outcome = run(R"(  patient:
    resource: Patient
    identity: PID-3.1
    birthDate: PID-7
    keep: [PID-18, PID-7]
)");
  REQUIRE(outcome);
  CHECK(outcome->report.kept == 1);
  const auto patient = made(*outcome);
  const auto* extension = patient.find("extension");
  REQUIRE(extension);
  REQUIRE(extension->size() == 1);
  CHECK(extension->dump() ==
        R"([{"url":"https://causeway.example/StructureDefinition/source-value",)"
        R"("extension":[{"url":"path","valueString":"PID[1]-18"},{"url":"value","valueString":"S7"}]}])");
}

TEST_CASE("a table's answers: a row, a default, a code, nothing", "[map]") {
  const auto value = [](const std::string& rule) {
    const auto outcome = run(
        "  patient:\n    resource: Patient\n    identity: PID-3.1\n    birthDate: PID-7\n    language: " + rule + "\n");
    REQUIRE(outcome);
    return std::string(made(*outcome).text_of("language"));
  };
  CHECK(value("{from: PID-8, table: v2-0001-gender, unmapped: error}") == "male");
  CHECK(value("{from: PID-18, table: v2-0001-gender, unmapped: omit}").empty());
  CHECK(value("{from: PID-18, table: v2-0001-gender, unmapped: keep}") == "S7");
  CHECK(value("{from: PID-18, table: v2-0001-gender, unmapped: zz}") == "zz");
  CHECK(value("{from: PID-18, table: coding-system-names}") == "L");
  CHECK(value("{from: PID-30, default: en}") == "en");
}

TEST_CASE("an element that R4 demands and the record does not have stops it", "[map]") {
  const auto outcome = run(R"(  result:
    resource: Observation
    identity: PID-3.1
    status: {from: PID-30, table: v2-0085-observation-status, unmapped: error}
    code: {text: OBX-3.2}
)");
  REQUIRE_FALSE(outcome);
  CHECK(outcome.error().code == "map.refused");
  CHECK(outcome.error().say == "'status' is mandatory and has no value");
}

TEST_CASE("a code that R4 does not allow there is refused, however it was made", "[map]") {
  const auto outcome = run("  patient:\n    resource: Patient\n    identity: PID-3.1\n    gender: PID-8\n");
  REQUIRE_FALSE(outcome);
  CHECK(outcome.error().where.starts_with("PID[1]-8, patient.gender"));
}

TEST_CASE("a formula sees source values, resources made before and the site", "[map]") {
  const auto outcome = run(R"(  patient:
    resource: Patient
    identity: PID-3.1
    birthDate: PID-7
    name: [{text: "= %'OBX-3.1'.join('+') & ' ' & %header.source.endpoint & ' ' & %organization"}]
)");
  REQUIRE(outcome);
  CHECK(made(*outcome).find("name")->dump() == R"([{"text":"CEA+AFP https://gw.example/sid/tmucih tmucih"}])");
  CHECK(note(*outcome, "OBX[2]-3.1") == nullptr);
}

TEST_CASE("a record that is none says what the codec says", "[map]") {
  const auto outcome = run("  patient: {resource: Patient, identity: PID-3.1, birthDate: PID-7}\n", "no message");
  REQUIRE_FALSE(outcome);
  CHECK(outcome.error().code.starts_with("hl7v2."));
}

TEST_CASE("a record cannot buy endless work", "[map]") {
  std::string record = R"({"id":"1","a":[1)";
  for (int i = 0; i < 299; ++i) record += ",1";
  record += "]}";
  const auto endless = run_plan(*load(R"(map: test/json
source: {format: json, accept: [x]}
resources:
  header:
    resource: MessageHeader
    identity: id
    event: {Coding: {code: {const: report}}}
    source: {endpoint: "= %site"}
  patient:
    resource: Patient
    identity: id
    extension: [{each: $.a, url: {const: u}, extension: [{each: $.a, url: {const: u}, extension: [{each: $.a, url: {const: u}, value: {string: $.id}}]}]}]
)"),
                                record, site());
  REQUIRE_FALSE(endless);
  CHECK(endless.error().code == "map.budget");
}

TEST_CASE("a `first:` is no way around the budget, and looking through a list counts as work", "[map]") {
  std::string record = R"({"id":"1","list":[{"a":"x","b":"y"})";
  for (int i = 0; i < 1999; ++i) record += R"(,{"a":"x","b":"y"})";
  record += "]}";
  const auto endless = run_plan(*load(R"(map: test/json
source: {format: json, accept: [x]}
resources:
  header:
    resource: MessageHeader
    identity: id
    event: {Coding: {code: {const: report}}}
    source: {endpoint: "= %site"}
  patient:
    resource: Patient
    identity: id
    contact:
      - each: list
        gender: {first: [{each: $.list, when: b = z, const: male}, {const: female}]}
)"),
                                record, site());
  REQUIRE_FALSE(endless);
  CHECK(endless.error().code == "map.budget");
}

TEST_CASE("what a sub-map lacks is lacking also when nothing of it is sent", "[map]") {
  const auto made = run_plan(*load(R"(map: test/json
source: {format: json, accept: [x]}
resources:
  header:
    resource: MessageHeader
    identity: id
    event: {Coding: {code: {const: report}}}
    source: {endpoint: "= %site"}
  patient:
    resource: Patient
    identity: id
    identifier: [{each: ids, system: {const: "urn:s"}, value: {use: S}}]
    name: [{text: id}]
datatypes:
  S: {makes: string, first: [{from: v, required: true}, {from: w, required: true}]}
)"),
                             R"({"id":"1","ids":[{"type":"AA"}]})", site());
  REQUIRE(made);
  CHECK(made->bundle.dump().find("urn:s") == std::string::npos);
}

TEST_CASE("no two identities are one: what would run them together is refused", "[map]") {
  const auto map = load(R"(map: test/json
source: {format: json, accept: [x]}
resources:
  header:
    resource: MessageHeader
    identity: id
    event: {Coding: {code: {const: report}}}
    source: {endpoint: "= %site"}
  patient: {resource: Patient, identity: [a, b], name: [{text: a}]}
)");
  CHECK(run_plan(*map, R"({"id":"1","a":"x","b":"y"})", site()));
  const auto refused = run_plan(*map, R"({"id":"1","a":"x\u001fy","b":"z"})", site());
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == "map.identity");
}

TEST_CASE("a mandatory element is not there because another begins like it", "[map]") {
  const auto refused = run_plan(*load(R"(map: test/json
source: {format: json, accept: [x]}
resources:
  header:
    resource: MessageHeader
    identity: id
    event: {Coding: {code: {const: report}}}
    source: {endpoint: "= %site"}
  task:
    resource: Task
    identity: id
    status: state
    statusReason: {text: why}
    intent: {const: order}
)"),
                                R"({"id":"1","why":"late"})", site());
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == "map.refused");
}

TEST_CASE("a sub-map that makes a resource makes it where it is referred to, once for what is the same", "[map]") {
  const std::string staff =
      "  report:\n    resource: DiagnosticReport\n    identity: OBR-3.1\n    status: {const: final}\n"
      "    code: {text: {const: x}}\n"
      "    performer: [{use: Staff, from: OBR-16}, {use: Staff, from: OBR-28}]\n"
      "    resultsInterpreter: [{use: Staff, from: OBR-32}, {use: Staff, from: OBR-33}]\n"
      "datatypes:\n"
      "  Staff:\n    makes: Practitioner\n    identity: .1\n    identifier: [{value: .1}]\n    name: [{family: .2}]\n";
  const std::string record =
      "MSH|^~\\&|LIS|T|||20260310||ORU^R01|1|P|2.4\r"
      "OBR|1||JY9|TM7||||||||||||D1^Zhao||||||||||||D1^Zhao||||D1^Qian|\r";
  const auto outcome = run(staff, record);
  REQUIRE(outcome);
  const auto& entries = outcome->bundle.find("entry")->children();
  REQUIRE(entries.size() == 4);  // header, report, and D1 twice: the second calls D1 otherwise
  const auto& report = *entries[1].second.find("resource");
  const auto& performers = report.find("performer")->children();
  REQUIRE(performers.size() == 2);
  CHECK(performers[0].second.text_of("reference") == entries[2].second.text_of("fullUrl"));
  CHECK(performers[1].second.text_of("reference") == entries[2].second.text_of("fullUrl"));
  const auto& interpreters = report.find("resultsInterpreter")->children();
  REQUIRE(interpreters.size() == 1);  // OBR-33 is empty: no resource, no reference
  CHECK(interpreters[0].second.text_of("reference") == entries[3].second.text_of("fullUrl"));
  CHECK(entries[3].second.find("resource")->text_of("resourceType") == "Practitioner");
  CHECK(note(*outcome, "OBR[1]-28.2") == nullptr);  // carried, though nothing new came of it
  CHECK(outcome->bundle.find("entry")->children()[2].second.text_of("fullUrl") ==
        run(staff, record)->bundle.find("entry")->children()[2].second.text_of("fullUrl"));
}

TEST_CASE("a resource made on the way to an object that is not made is not made either", "[map]") {
  const auto outcome =
      run("  visit:\n    resource: Encounter\n    identity: OBR-3.1\n    status: {const: unknown}\n    class: {code: "
          "{const: AMB}}\n"
          "    participant: [{individual: {use: Staff, from: OBR-16}, period: {required: true, start: OBR-31}}]\n"
          "datatypes: {Staff: {makes: Practitioner, identifier: [{value: .1}]}}\n",
          "MSH|^~\\&|LIS|T|||20260310||ORU^R01|1|P|2.4\rOBR|1||JY9|TM7||||||||||||D1^Zhao\r");
  REQUIRE(outcome);
  CHECK(outcome->bundle.find("entry")->size() == 2);
  REQUIRE(note(*outcome, "OBR[1]-16.1") != nullptr);
  CHECK(note(*outcome, "OBR[1]-16.1")->code == "not-mapped");
}

TEST_CASE("what is required in the branch that is taken is required of the object around it", "[map]") {
  const auto identifiers = [](const std::string& value) {
    const auto outcome =
        run("  order:\n    resource: ServiceRequest\n    identity: OBR-3.1\n    intent: {const: order}\n"
            "    status: {const: unknown}\n    subject: {display: {const: x}}\n"
            "    identifier:\n      - {system: {const: 'urn:x'}, value: " +
                value + "}\n",
            "MSH|^~\\&|LIS|T|||20260310||ORU^R01|1|P|2.4\rOBR|1|P1|JY9|TM7\r");
    REQUIRE(outcome);
    const auto order = made(*outcome);
    const auto* all = order.find("identifier");
    return all == nullptr ? std::size_t{0} : all->size();
  };
  CHECK(identifiers("{if: OBR-4 = TM7, then: {from: OBR-2, required: true}}") == 1);
  CHECK(identifiers("{if: OBR-4 = TM7, then: {from: OBR-2, read: hkid, required: true}}") == 0);
  CHECK(identifiers("{if: OBR-4 = TM7, then: {from: OBR-2, read: hkid}}") == 1);  // its system is left
  CHECK(identifiers("{if: OBR-4 = TM8, then: {from: OBR-2, required: true}}") == 1);
  CHECK(identifiers("{if: OBR-4 = TM8, then: {from: OBR-2}, else: {from: OBR-18, required: true}}") == 0);
  CHECK(identifiers("{switch: OBR-4, TM7: {from: OBR-18, required: true}, else: ~}") == 0);
  CHECK(identifiers("{switch: OBR-4, TM8: {from: OBR-18, required: true}, else: ~}") == 1);
  CHECK(identifiers(
            "{switch: OBR-4, A: {from: OBR-2}, else: {if: OBR-4 valued, then: {from: OBR-18, required: true}}}") == 0);
  CHECK(identifiers("{first: [{from: OBR-18}, {from: OBR-19, required: true}]}") == 0);
  CHECK(identifiers("{first: [{from: OBR-18, required: true}, {from: OBR-2}]}") == 1);
}

TEST_CASE("`first:` takes the first rule that makes something", "[map]") {
  const std::string order =
      "  order:\n    resource: ServiceRequest\n    identity: OBR-3.1\n    intent: {const: order}\n"
      "    subject: {display: {const: x}}\n"
      "    status:\n      first:\n"
      "        - {from: ORC-5, table: v2-0038-order-status, unmapped: omit}\n"
      "        - {when: ORC-1 = CA, const: revoked}\n"
      "        - {const: unknown}\n";
  const auto status = [&](const std::string& orc) {
    const auto outcome = run(order, "MSH|^~\\&|LIS|T|||20260310||ORU^R01|1|P|2.4\r" + orc + "\rOBR|1||JY9|TM7\r");
    REQUIRE(outcome);
    return std::string(made(*outcome).text_of("status"));
  };
  CHECK(status("ORC|NW||||CM") == "completed");
  CHECK(status("ORC|CA||||??") == "revoked");
  CHECK(status("ORC|NW||||??") == "unknown");
}

TEST_CASE("an extension without a value is not written", "[map]") {
  const std::string patient =
      "  patient:\n    resource: Patient\n    identity: PID-3.1\n"
      "    extension: [{url: {const: \"https://x.example/y\"}, value: {string: PID-23}}]\n";
  const auto without = run(patient);
  REQUIRE(without);
  CHECK(made(*without).find("extension") == nullptr);
  const auto with = run(patient, "MSH|^~\\&|LIS|T|||20260310||ORU^R01|1|P|2.4\rPID|1||7||||||||||||||||||||Kunming\r");
  REQUIRE(with);
  REQUIRE(made(*with).find("extension") != nullptr);
  CHECK(made(*with).find("extension")->size() == 1);
}

TEST_CASE("`not in` holds for every other word, and for none", "[map]") {
  const std::string patient =
      "  patient:\n    resource: Patient\n    identity: PID-3.1\n"
      "    active: {when: \"PID-8 not in M, F\", const: true}\n";
  const auto active = [&](const std::string& sex) {
    const auto outcome = run(patient, "MSH|^~\\&|LIS|T|||20260310||ORU^R01|1|P|2.4\rPID|1||7|||||" + sex + "\r");
    REQUIRE(outcome);
    return made(*outcome).find("active") != nullptr;
  };
  CHECK_FALSE(active("M"));
  CHECK(active("U"));
  CHECK(active(""));
}

TEST_CASE("`refuse` ends the run with its reason, and gives way to another alternative", "[map]") {
  const auto patient = [](const std::string& rule) {
    return "  patient:\n    resource: Patient\n    identity: PID-3.1\n    gender: " + rule + "\n";
  };
  const std::string rule = "{switch: PID-8, M: {const: male}, else: {refuse: of men only}}";
  CHECK(run(patient(rule)));
  std::string other = kRecord;
  replace_all(other, "|M|", "|F|");
  const auto refused = run(patient(rule), other);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == "map.refused");
  CHECK(refused.error().say == "of men only");
  CHECK(refused.error().where.find("test.map.yaml:12") != std::string::npos);
  const auto second = run(patient("{first: [" + rule + ", {const: unknown}]}"), other);
  REQUIRE(second);
  CHECK(made(*second).text_of("gender") == "unknown");
}

TEST_CASE("a dialect of FHIR becomes FHIR, and what stands together is found together", "[map]") {
  const auto plan = load(R"(map: test/dialect
source: {format: fhir, accept: [document]}
let:
  report: entry.resource.ofType(DiagnosticReport)
resources:
  header:
    resource: MessageHeader
    identity: identifier.value
    event: {Coding: {code: {const: report}}}
    source: {endpoint: "%site"}
  panel:
    resource: Observation
    each: "%report as panel"
    identity: code.text
    status: status
    code.text: code.text
    hasMember: [{ref: result, all: true}]
  result:
    resource: Observation
    each: panel.result.resolve()
    identity: [{ref: panel}, code.text]
    status: status
    code.text: code.text
)");
  const std::string record = R"({"resourceType":"Bundle","identifier":{"value":"d1"},"type":"document","entry":[
{"resource":{"resourceType":"DiagnosticReport","id":"1","status":"final","code":{"text":"A"},"result":[{"reference":"Observation/a"},{"reference":"Observation/b"}]}},
{"resource":{"resourceType":"DiagnosticReport","id":"2","status":"final","code":{"text":"B"},"result":[{"reference":"Observation/c"},{"reference":"Observation/none"}]}},
{"resource":{"resourceType":"Observation","id":"a","status":"final","code":{"text":"a"}}},
{"resource":{"resourceType":"Observation","id":"b","status":"final","code":{"text":"b"}}},
{"resource":{"resourceType":"Observation","id":"c","status":"final","code":{"text":"c"}}}]})";
  const auto outcome = run_plan(*plan, record, site());
  REQUIRE(outcome);
  CHECK(outcome->report.valued == outcome->report.carried);
  const auto& entries = outcome->bundle.find("entry")->children();
  REQUIRE(entries.size() == 6);
  const auto members = [&](std::size_t entry) { return entries[entry].second.find("resource")->find("hasMember"); };
  REQUIRE((members(1) != nullptr && members(2) != nullptr));
  CHECK(members(1)->size() == 2);
  CHECK(members(2)->size() == 1);
  CHECK(members(2)->children().front().second.text_of("reference") == entries[5].second.text_of("fullUrl"));
  const auto again = run_plan(*plan, record, site());
  REQUIRE(again);
  CHECK(again->bundle == outcome->bundle);
  CHECK(run_plan(*plan, "{", site()).error().code.starts_with("json."));
  const auto ways = reversibility_of(*plan);
  CHECK_FALSE(ways.empty());
  CHECK(std::ranges::all_of(ways, [](const auto& rule) { return rule.way == Reversibility::Way::to_fhir; }));
}

TEST_CASE("a value of a JSON target is text, unless the map says what it is", "[map]") {
  const auto plan = load(R"(map: test/out
source: {format: fhir, accept: [report]}
target: {format: json}
let:
  result: entry.resource.ofType(Observation)
json:
  text: "%result.value.value"
  number: {from: "%result.value.value", as: decimal}
)");
  const auto run = [&](const std::string& value) {
    return run_plan(*plan,
                    R"({"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Observation",)" + value + "}}]}",
                    site());
  };
  const auto outcome = run(R"("valueQuantity":{"value":7.20})");
  REQUIRE(outcome);
  CHECK(outcome->local == R"({"text":"7.20","number":7.20})");
  CHECK(run(R"("valueQuantity":{"value":"many"})").error().code == "map.refused");
}
