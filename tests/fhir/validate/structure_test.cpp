#include "fhir/validate/structure.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

using namespace fhir;
using validate::check_structure;

namespace {

Json parse(std::string text) {
  auto json = Json::parse(std::move(text));
  if (!json) FAIL(to_string(json.error()));
  return std::move(*json);
}

/// "detail expression" of every issue.
std::vector<std::string> found(const std::string& text) {
  const Json json = parse(text);
  std::vector<std::string> all;
  for (const Issue& issue : check_structure(json.root())) all.push_back(issue.detail_code + " " + issue.expression);
  return all;
}

using All = std::vector<std::string>;

std::string said(const std::string& text) {
  const Json json = parse(text);
  const Issues issues = check_structure(json.root());
  REQUIRE(issues.size() == 1);
  return issues.front().details;
}

std::string patient(const std::string& members) { return R"({"resourceType":"Patient",)" + members + "}"; }

}  // namespace

TEST_CASE("a well-formed resource has no issues", "[structure]") {
  CHECK(found(R"({
    "resourceType": "Observation", "id": "o-1", "meta": {"profile": ["http://example.org/p"]},
    "text": {"status": "generated", "div": "<div xmlns=\"http://www.w3.org/1999/xhtml\">CEA</div>"},
    "extension": [{"url": "http://example.org/e", "valueQuantity": {"value": 1.10, "code": "ng/mL"}}],
    "contained": [{"resourceType": "Patient", "id": "p", "name": [{"text": "陈"}]}],
    "status": "final", "_status": {"id": "x"}, "code": {"text": "CEA"}, "subject": {"reference": "#p"},
    "effectiveDateTime": "2026-03", "valueQuantity": {"value": 1200.00, "comparator": ">"},
    "component": [{"code": {"text": "a"}, "dataAbsentReason": {"text": "none"}}]})") == All{});
  CHECK(found(R"({"resourceType":"Basic","code":{"text":"x"}})") == All{});
}

TEST_CASE("an unknown element is named with its place and the one that was meant", "[structure]") {
  CHECK(found("{\"resourceType\":\"Patient\",\n \"birthdate\": \"2000\"}") == All{"unknown-element Patient"});
  CHECK(said(patient(R"("birthdate":"2000")")) ==
        "Patient has no such element: 'birthdate'; did you mean 'birthDate'?");
  CHECK(said(patient(R"("deceasedBool":true)")) ==
        "Patient has no such element: 'deceasedBool'; did you mean 'deceasedBoolean'?");
  CHECK(found(patient(R"("contact":[{},{"names":{}}])")) ==
        All{"empty Patient.contact[0]", "unknown-element Patient.contact[1]"});
  CHECK(found(patient(R"("_name":{"id":"x"})")) == All{"unknown-element Patient"});
  CHECK(found(patient(R"("name":[{"resourceType":"x"}])")) == All{"unknown-element Patient.name[0]"});
}

TEST_CASE("an issue says line and column of the value that is wrong", "[structure]") {
  const Json json = parse("{\"resourceType\":\"Patient\",\n \"birthdate\": \"2000\",\n \"contact\": [{\n}]}");
  const Issues issues = check_structure(json.root());
  REQUIRE(issues.size() == 2);
  CHECK(issues[0].place.line == 2);
  CHECK(issues[0].place.column == 15);
  CHECK(issues[1].place.line == 3);
  CHECK(issues[1].place.column == 14);
}

TEST_CASE("an unknown name that could be data is not repeated", "[structure]") {
  CHECK(said(patient(R"("王小明 13800000000":"x")")) == "Patient has no such element");
}

TEST_CASE("what is no resource of R4 is refused", "[structure]") {
  CHECK(found("[]") == All{"kind "});
  CHECK(found("{}") == All{"no-type "});
  CHECK(found(R"({"resourceType":1})") == All{"unknown-type "});
  CHECK(found(R"({"resourceType":"Resource"})") == All{"unknown-type Resource"});
  CHECK(found(R"({"resourceType":"HumanName"})") == All{"unknown-type HumanName"});
  CHECK(said(R"({"resourceType":"Pateint"})") == "R4 has no resource of this type: 'Pateint'; did you mean 'Patient'?");
}

TEST_CASE("elements come as often as they may, in arrays where they repeat", "[structure]") {
  CHECK(found(R"({"resourceType":"Observation"})") == All{"missing Observation", "missing Observation"});
  CHECK(found(patient(R"("name":{"family":"x"})")) == All{"kind Patient.name"});
  CHECK(found(patient(R"("gender":["male"])")) == All{"kind Patient.gender"});
  CHECK(found(patient(R"("name":[])")) == All{"empty-array Patient.name"});
  CHECK(found(patient(R"("_birthDate":{"extension":[{"url":"http://e"}]})")) == All{});
  CHECK(
      found(
          R"({"resourceType":"Observation","_status":{"extension":[{"url":"http://e","valueCode":"unknown"}]},"code":{"text":"x"}})") ==
      All{});
  CHECK(found(patient(R"("extension":[{"valueString":"x"}])")) == All{"missing Patient.extension[0]"});
}

TEST_CASE("a choice is made once", "[structure]") {
  CHECK(found(patient(R"("deceasedBoolean":true,"deceasedDateTime":"2020")")) == All{"choice Patient.deceased"});
  CHECK(found(patient(R"("deceasedBoolean":true,"_deceasedDateTime":{"id":"x"})")) == All{"choice Patient.deceased"});
  CHECK(found(patient(R"("deceasedBoolean":true,"_deceasedBoolean":{"id":"x"})")) == All{});
  CHECK(found(patient(R"("deceasedString":"x")")) == All{"unknown-element Patient"});
}

TEST_CASE("primitives have their JSON kind and their form", "[structure]") {
  CHECK(found(patient(R"("active":"true")")) == All{"kind Patient.active"});
  CHECK(found(patient(R"("birthDate":2000)")) == All{"kind Patient.birthDate"});
  CHECK(found(patient(R"("birthDate":"2000-02-30")")) == All{"value Patient.birthDate"});
  CHECK(said(patient(R"("birthDate":"01/02/2000")")) == "this is no date; one looks like 2024-02-29");
  CHECK(found(patient(R"("id":"a_b","multipleBirthInteger":1.0)")) ==
        All{"value Patient.id", "value Patient.multipleBirth"});
  CHECK(found(patient(R"("name":[{"family":""}])")) == All{"value Patient.name[0].family"});
  CHECK(found(patient(R"("birthDate":null)")) == All{"null Patient.birthDate"});
  CHECK(found(patient(R"("maritalStatus":null)")) == All{"null Patient.maritalStatus"});
  CHECK(found(patient(R"("name":[null])")) == All{"null Patient.name[0]"});
}

TEST_CASE("ids and extensions of repeating primitives go side by side with the values", "[structure]") {
  const auto name = [](const std::string& members) { return found(patient(R"("name":[{)" + members + "}]")); };
  CHECK(name(R"("given":["a",null],"_given":[null,{"id":"x"}])") == All{});
  CHECK(name(R"("given":["a"],"_given":[null,{"id":"x"}])") == All{"twin Patient.name[0].given"});
  CHECK(name(R"("given":["a",null],"_given":[{"id":"x"},null])") == All{"null Patient.name[0].given[1]"});
  CHECK(name(R"("given":["a",null])") == All{"null Patient.name[0].given[1]"});
  CHECK(name(R"("_given":[{"id":"x"}])") == All{});
  CHECK(name(R"("_given":{"id":"x"})") == All{"kind Patient.name[0].given"});
  CHECK(name(R"("_given":[null])") == All{"kind Patient.name[0].given[0]"});
  CHECK(name(R"("_family":{"ids":"x"})") == All{"unknown-element Patient.name[0].family"});
}

TEST_CASE("codes of required bindings are R4's own", "[structure]") {
  CHECK(found(patient(R"("gender":"Female")")) == All{"code Patient.gender"});
  CHECK(said(patient(R"("gender":"F")")) ==
        "Patient.gender takes only codes of http://hl7.org/fhir/ValueSet/administrative-gender");
  const auto condition = [](const std::string& status) {
    return found(R"({"resourceType":"Condition","subject":{"reference":"Patient/1"},"clinicalStatus":)" + status + "}");
  };
  const std::string system = R"("system":"http://terminology.hl7.org/CodeSystem/condition-clinical")";
  CHECK(condition("{\"coding\":[{" + system + ",\"code\":\"active\"}]}") == All{});
  CHECK(condition("{\"coding\":[{\"system\":\"http://local\",\"code\":\"1\"},{" + system + ",\"code\":\"active\"}]}") ==
        All{});
  CHECK(condition("{\"coding\":[{" + system + ",\"code\":\"alive\"}]}") == All{"code Condition.clinicalStatus"});
  CHECK(condition("{\"coding\":[{\"system\":\"http://local\",\"code\":\"active\"}]}") ==
        All{"code Condition.clinicalStatus"});
  CHECK(condition("\"active\"") == All{"kind Condition.clinicalStatus"});
  CHECK(condition("{\"text\":\"active\"}") == All{"code Condition.clinicalStatus"});
  CHECK(condition("{\"extension\":[{\"url\":\"http://e\",\"valueCode\":\"unknown\"}]}") == All{});
}

TEST_CASE("references have a form and lead to a type that is allowed", "[structure]") {
  const auto subject = [](const std::string& reference) {
    return found(R"({"resourceType":"Condition","subject":{"reference":")" + reference + "\"}}");
  };
  CHECK(subject("Patient/1") == All{});
  CHECK(subject("Patient/1/_history/2") == All{});
  CHECK(subject("http://example.org/fhir/Patient/1") == All{});
  CHECK(subject("urn:uuid:c757873d-ec9a-4326-a141-556f43239520") == All{});
  CHECK(subject("Patient?identifier=x|1") == All{});
  CHECK(subject("Device/1") == All{"reference-target Condition.subject.reference"});
  CHECK(subject("http://example.org/fhir/Device/1") == All{"reference-target Condition.subject.reference"});
  CHECK(subject("Patient") == All{"reference Condition.subject.reference"});
  CHECK(subject("patient/1") == All{"reference Condition.subject.reference"});
  CHECK(subject("Patient/a_b") == All{"reference Condition.subject.reference"});
  CHECK(subject("urn:uuid:1") == All{"reference Condition.subject.reference"});
  CHECK(subject("#p") == All{"unresolved-contained Condition.subject.reference"});
  CHECK(found(R"({"resourceType":"Condition","subject":{"display":"x"}})") == All{});
}

TEST_CASE("contained resources have ids of their own and contain nothing", "[structure]") {
  CHECK(found(patient(R"("contained":[{"resourceType":"Basic","code":{"text":"x"}}])")) ==
        All{"contained-id Patient.contained[0]"});
  CHECK(
      found(patient(
          R"("contained":[{"resourceType":"Organization","id":"a","name":"x"},{"resourceType":"Organization","id":"a","name":"y"}],"managingOrganization":{"reference":"#a"})")) ==
      All{"contained-again Patient.contained[1]"});
  CHECK(
      found(patient(
          R"("contained":[{"resourceType":"Organization","id":"a","name":"x","contained":[{"resourceType":"Organization","id":"b","name":"x"}]}])")) ==
      All{"contained-nested Patient.contained[0]"});
  CHECK(
      found(patient(
          R"("contained":[{"resourceType":"Organization","id":"a","partOf":{"reference":"#b"}},{"resourceType":"Organization","id":"b","name":"x"}])")) ==
      All{});
  CHECK(
      found(patient(
          R"("contained":[{"resourceType":"Location","id":"a","name":"x"}],"managingOrganization":{"reference":"#a"})")) ==
      All{"reference-target Patient.managingOrganization.reference"});
}

TEST_CASE("issues are listed up to a limit, and the last one says so", "[structure]") {
  std::string text = R"({"resourceType":"Patient","name":[)";
  for (int i = 0; i < 500; ++i) text += R"({"famly":"x"},)";
  const Json json = parse(text + R"({"family":"x"}]})");
  const Issues issues = check_structure(json.root(), {10});
  REQUIRE(issues.size() == 11);
  CHECK(issues[9].expression == "Patient.name[9]");
  CHECK(issues[10].detail_code == "more");
}

TEST_CASE("a hostile resource costs no more than its size", "[structure]") {
  constexpr int kMany = 30'000;
  std::string contained, links, unknown;
  for (int i = 0; i < kMany; ++i) {
    const std::string n = std::to_string(i), comma = i == 0 ? "" : ",";
    contained += comma + R"({"resourceType":"Patient","id":")" + n + R"("})";
    links += comma + R"({"other":{"reference":"#)" + n + R"("},"type":"seealso"})";
    unknown += comma + R"("nonsens)" + n + R"(":1)";
  }
  CHECK(found(patient("\"contained\":[" + contained + "],\"link\":[" + links + "]")).empty());
  CHECK(found(patient(unknown)).size() == 101);
}
