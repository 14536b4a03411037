#include "fhir/search/keys.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <thread>

#include "fhir/search/plan.h"

using namespace fhir;

namespace {

Json json(std::string text) {
  auto parsed = Json::parse(std::move(text));
  if (!parsed) FAIL(to_string(parsed.error()));
  return *std::move(parsed);
}

/// The keys of one parameter, a line each.
std::vector<std::string> keys_of(const std::string& resource, std::string_view parameter,
                                 const search::Parameters& parameters = {}, int zone = 0) {
  const Json document = json(resource);
  const auto keys = parameters.keys(document.root(), {zone});
  if (!keys) FAIL(to_string(keys.error()));
  std::vector<std::string> lines;
  for (const search::Key& key : keys->all)
    if (key.parameter == parameter) lines.push_back(to_json(key));
  return lines;
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("tokens are codings, identifiers, codes, contacts and booleans", "[keys]") {
  const std::string patient = R"({"resourceType":"Patient","active":true,"gender":"female",
    "identifier":[{"system":"urn:x","value":"1"},{"value":"2"},{"system":"urn:empty"},{"system":"urn:x","value":"1"}],
    "telecom":[{"system":"phone","value":"0898"},{"system":"email","value":"a@b.c"}],
    "communication":[{"language":{"text":"only text"}},{"language":{"coding":[{"system":"urn:ietf:bcp:47"},{"code":"zh"}]}}]})";
  CHECK(keys_of(patient, "active") == Lines{R"({"param":"active","type":"token","code":"true"})"});
  CHECK(
      keys_of(patient, "gender") ==
      Lines{
          R"({"param":"gender","type":"token","system":"http://hl7.org/fhir/administrative-gender","code":"female"})"});
  CHECK(keys_of(patient, "identifier") == Lines{R"({"param":"identifier","type":"token","system":"urn:x","code":"1"})",
                                                R"({"param":"identifier","type":"token","code":"2"})"});
  CHECK(keys_of(patient, "phone") == Lines{R"({"param":"phone","type":"token","code":"0898"})"});
  CHECK(keys_of(patient, "email") == Lines{R"({"param":"email","type":"token","code":"a@b.c"})"});
  CHECK(keys_of(patient, "language") == Lines{R"({"param":"language","type":"token","system":"urn:ietf:bcp:47"})",
                                              R"({"param":"language","type":"token","code":"zh"})"});
  CHECK(keys_of(patient, "deceased") == Lines{R"({"param":"deceased","type":"token","code":"false"})"});
}

TEST_CASE("references are told apart by how they are written", "[keys]") {
  const auto subject = [](const std::string& reference, std::string_view parameter = "subject") {
    return keys_of(R"({"resourceType":"Observation","contained":[{"resourceType":"Patient","id":"p1"}],"subject":)" +
                       reference + "}",
                   parameter);
  };
  const auto key = [](const std::string& members) {
    return Lines{R"({"param":"subject","type":"reference",)" + members + "}"};
  };
  CHECK(subject(R"({"reference":"Patient/f001"})") == key(R"("target":"Patient/f001")"));
  CHECK(subject(R"({"reference":"Patient/f001/_history/3"})") == key(R"("target":"Patient/f001")"));
  CHECK(subject(R"({"reference":"http://x.org/fhir/Patient/1/_history/3"})") ==
        key(R"("url":"http://x.org/fhir/Patient/1")"));
  CHECK(subject(R"({"reference":"urn:uuid:c757873d-ec9a-4326-a141-556f43239520"})") ==
        key(R"("url":"urn:uuid:c757873d-ec9a-4326-a141-556f43239520")"));
  CHECK(subject(R"({"reference":"#p1"})").empty());
  CHECK(subject(R"({"reference":"Nothing/1"})").empty());
  CHECK(subject(R"({"reference":"Patient"})").empty());
  CHECK(subject(R"({"display":"somebody"})").empty());
  CHECK(subject(R"({"identifier":{"system":"urn:x","value":"7"}})") ==
        key(R"("identifier":{"system":"urn:x","value":"7"})"));
  CHECK(subject(R"({"reference":"Patient/1"})", "patient").size() == 1);
  CHECK(subject(R"({"reference":"Group/1"})", "patient").empty());
  CHECK(subject(R"({"reference":"http://x.org/fhir/Patient/1"})", "patient").size() == 1);
  CHECK(subject(R"({"reference":"urn:uuid:c757873d-ec9a-4326-a141-556f43239520"})", "patient").empty());
  CHECK(subject(R"({"type":"Patient","identifier":{"value":"7"}})", "patient").size() == 1);
  CHECK(subject(R"({"type":"Group","identifier":{"value":"7"}})", "patient").empty());
  CHECK(subject(R"({"reference":"#p1","identifier":{"value":"7"}})", "patient").size() == 1);
}

TEST_CASE("canonicals keep their version apart", "[keys]") {
  CHECK(keys_of(R"({"resourceType":"QuestionnaireResponse","questionnaire":"http://x.org/q|2.0"})", "questionnaire") ==
        Lines{R"({"param":"questionnaire","type":"reference","url":"http://x.org/q","version":"2.0"})"});
}

TEST_CASE("names and addresses make a key for each of their texts", "[keys]") {
  const std::string patient =
      R"({"resourceType":"Patient","name":[{"text":"孫 逸仙","family":"孫","given":["逸仙",null],
    "_given":[null,{"extension":[{"url":"http://x.org","valueCode":"x"}]}],"suffix":["!"]}]})";
  CHECK(keys_of(patient, "name") == Lines{R"({"param":"name","type":"string","folded":"孙 逸仙","text":"孫 逸仙"})",
                                          R"({"param":"name","type":"string","folded":"孙","text":"孫"})",
                                          R"({"param":"name","type":"string","folded":"逸仙","text":"逸仙"})"});
  CHECK(keys_of(patient, "family").size() == 1);
}

TEST_CASE("dates, periods and timings are spans", "[keys]") {
  const auto date = [](const std::string& member, int zone = 0) {
    return keys_of(R"({"resourceType":"Observation",)" + member + "}", "date", {}, zone);
  };
  const auto key = [](const std::string& members) {
    return Lines{R"({"param":"date","type":"date",)" + members + "}"};
  };
  CHECK(date(R"("effectiveDateTime":"2012-06")") ==
        key(R"("low":"2012-06-01T00:00:00Z","high":"2012-07-01T00:00:00Z")"));
  CHECK(date(R"("effectiveDateTime":"2012-06-02")", 480) ==
        key(R"("low":"2012-06-01T16:00:00Z","high":"2012-06-02T16:00:00Z")"));
  CHECK(date(R"("effectivePeriod":{"start":"2012"})") == key(R"("low":"2012-01-01T00:00:00Z")"));
  CHECK(date(R"("effectivePeriod":{"end":"2012"})") == key(R"("high":"2013-01-01T00:00:00Z")"));
  CHECK(date(R"("effectivePeriod":{"id":"x"})").empty());
  CHECK(date(R"("effectiveTiming":{"event":["2013","2011"]})") ==
        key(R"("low":"2011-01-01T00:00:00Z","high":"2014-01-01T00:00:00Z")"));
  CHECK(date(R"("effectiveTiming":{"event":["2013"],"repeat":{"boundsPeriod":{"start":"2012"}}})") ==
        key(R"("low":"2012-01-01T00:00:00Z")"));
  CHECK(date(R"("effectiveTiming":{"repeat":{"count":3}})").empty());
  CHECK(date(R"("effectiveInstant":"2015-02-07T13:28:17.239+02:00")") ==
        key(R"("low":"2015-02-07T11:28:17.239Z","high":"2015-02-07T11:28:17.24Z")"));
}

TEST_CASE("quantities have their range, and one in base units", "[keys]") {
  const auto value = [](const std::string& member) {
    return keys_of(R"({"resourceType":"Observation",)" + member + "}", "value-quantity");
  };
  const auto key = [](const std::string& members) {
    return Lines{R"({"param":"value-quantity","type":"quantity",)" + members + "}"};
  };
  const std::string ucum = R"("system":"http://unitsofmeasure.org")";
  CHECK(
      value(R"("valueQuantity":{"value":6.3,"unit":"mmol","system":"http://unitsofmeasure.org","code":"mmol/L"})") ==
      key(R"("low":"6.25","high":"6.35",)" + ucum +
          R"(,"code":"mmol/L","unit":"mmol","canonical":{"low":"3763835437500000000000000","high":"3824056804500000000000000","unit":"m-3"})"));
  CHECK(value(R"("valueQuantity":{"value":98.6,"system":"http://unitsofmeasure.org","code":"[degF]"})") ==
        key(R"("low":"98.55","high":"98.65",)" + ucum +
            R"(,"code":"[degF]","canonical":{"low":"310.122222222222","high":"310.177777777778","unit":"K"})"));
  CHECK(value(R"("valueQuantity":{"value":7.4,"system":"http://unitsofmeasure.org","code":"[pH]"})") ==
        key(R"("low":"7.35","high":"7.45",)" + ucum + R"(,"code":"[pH]")"));
  CHECK(value(R"("valueQuantity":{"value":5,"comparator":"<"})") == key(R"("high":"5")"));
  CHECK(value(R"("valueQuantity":{"value":5,"comparator":"<="})") == key(R"("high":"5.5")"));
  CHECK(value(R"("valueQuantity":{"value":5,"comparator":">"})") == key(R"("low":"5")"));
  CHECK(value(R"("valueQuantity":{"value":5,"comparator":">="})") == key(R"("low":"4.5")"));
  CHECK(value(R"("valueQuantity":{"unit":"g"})").empty());
  CHECK(
      value(
          R"("valueSampledData":{"origin":{"value":2,"unit":"V"},"period":1,"factor":0.5,"dimensions":1,"lowerLimit":-8,"data":"1 E L 4"})") ==
      key(R"("low":"-2","high":"4","unit":"V")"));
  CHECK(
      keys_of(R"({"resourceType":"Invoice","totalNet":{"value":12.50,"currency":"CNY"}})", "totalnet") ==
      Lines{
          R"({"param":"totalnet","type":"quantity","low":"12.495","high":"12.505","system":"urn:iso:std:iso:4217","code":"CNY"})"});
  CHECK(keys_of(R"({"resourceType":"Condition","onsetRange":{"low":{"value":30,"unit":"a"},"high":{"value":40}}})",
                "onset-age") ==
        Lines{R"({"param":"onset-age","type":"quantity","low":"29.5","high":"40.5","unit":"a"})"});
}

TEST_CASE("composites are each combination of their parts", "[keys]") {
  const std::string observation = R"({"resourceType":"Observation","code":{"coding":[{"code":"a"},{"code":"b"}]},
    "valueCodeableConcept":{"coding":[{"code":"x"},{"code":"y"}]}})";
  CHECK(keys_of(observation, "code-value-concept").size() == 4);
  CHECK(
      keys_of(observation, "code-value-concept").front() ==
      R"({"param":"code-value-concept","type":"composite","parts":[{"type":"token","code":"a"},{"type":"token","code":"x"}]})");
  CHECK(
      keys_of(R"({"resourceType":"Observation","code":{"text":"a"},"valueString":"x"})", "code-value-string").empty());
}

TEST_CASE("parameters of one's own join those of the standard", "[keys]") {
  search::Parameters parameters;
  const Json own =
      json(R"({"resourceType":"SearchParameter","url":"http://x.org/sp/ward","code":"ward","base":["Encounter"],
    "type":"string","expression":"Encounter.location.location.display.upper() | Patient.name"})");
  REQUIRE(parameters.add(own.root()));
  CHECK(keys_of(R"({"resourceType":"Encounter","location":[{"location":{"display":"West 3"}}]})", "ward", parameters) ==
        Lines{R"({"param":"ward","type":"string","folded":"west 3","text":"WEST 3"})"});
  const Json again =
      json(R"({"resourceType":"SearchParameter","url":"http://x.org/sp/ward","code":"ward","base":["Encounter"],
    "type":"token","expression":"Encounter.location.where(location.resolve() is Location).location.display"})");
  REQUIRE(parameters.add(again.root()));
  CHECK(
      keys_of(
          R"({"resourceType":"Encounter","location":[{"location":{"reference":"Location/1","display":"W"}},{"location":{"reference":"Patient/1","display":"P"}}]})",
          "ward", parameters) == Lines{R"({"param":"ward","type":"token","code":"W"})"});
}

TEST_CASE("types in expressions may be spelt with a capital", "[keys]") {
  const std::string observation =
      R"({"resourceType":"Observation","code":{"coding":[{"code":"a"}]},"valueDateTime":"2012","component":[{"valueString":"x"}]})";
  CHECK(keys_of(observation, "code-value-date").size() == 1);
  search::Parameters parameters;
  const Json own =
      json(R"({"resourceType":"SearchParameter","url":"http://x.org/sp/c","code":"c","base":["Observation"],
    "type":"string","expression":"Observation.component.where(value is String).value"})");
  REQUIRE(parameters.add(own.root()));
  CHECK(keys_of(observation, "c", parameters).size() == 1);
}

TEST_CASE("a parameter that cannot work is refused when it is added", "[keys]") {
  const auto refusal = [](const std::string& members) {
    search::Parameters parameters;
    const Json resource = json(R"({"resourceType":"SearchParameter","url":"http://x.org/sp")" + members + "}");
    const auto added = parameters.add(resource.root());
    return added ? std::string("taken") : added.error().code + " " + added.error().where;
  };
  const std::string name = R"(,"code":"x","type":"token","base":["Patient"])";
  CHECK(refusal(name + R"(,"expression":"Patient.name")") == "taken");
  CHECK(refusal(R"(,"type":"token","base":["Patient"])") == "search.parameter code");
  CHECK(refusal(R"(,"code":"x","type":"tokens","base":["Patient"])") == "search.parameter type");
  CHECK(refusal(R"(,"code":"x","type":"token")") == "search.parameter base");
  CHECK(refusal(R"(,"code":"x","type":"token","base":["Patient","Nobody"])") == "search.parameter base");
  CHECK(refusal(name + R"(,"expression":"Patient.name.(")").starts_with("fhirpath.syntax"));
  CHECK(
      refusal(name +
              R"(,"expression":"Patient.name","component":[{"definition":"http://x.org/none","expression":"use"}])") ==
      "search.component http://x.org/sp");
}

TEST_CASE("what is no resource of R4 has no keys but an error", "[keys]") {
  const search::Parameters parameters;
  for (const char* text : {R"({})", R"({"resourceType":"Nothing"})", R"({"resourceType":"DomainResource"})",
                           R"({"resourceType":"HumanName"})", R"([])"}) {
    const Json document = json(text);
    const auto keys = parameters.keys(document.root());
    REQUIRE_FALSE(keys);
    CHECK(keys.error().code == "search.resource");
  }
}

TEST_CASE("data of the wrong shape makes no keys and no fault", "[keys]") {
  const search::Parameters parameters;
  for (
      const char* text :
      {R"({"resourceType":"Patient","name":"x","gender":{"a":1},"identifier":[[1]],"birthDate":7,"active":"maybe"})",
       R"({"resourceType":"Observation","valueQuantity":"5","effectivePeriod":[],"subject":"Patient/1","code":{"coding":"x"}})",
       R"({"resourceType":"Observation","valueQuantity":{"value":"x"},"effectiveTiming":{"event":"2012"}})"}) {
    INFO(text);
    const Json document = json(text);
    CHECK(parameters.keys(document.root()));
  }
}

TEST_CASE("many values of one parameter are each there once", "[keys]") {
  std::string concepts;
  for (int n = 0; n < 3000; ++n) concepts += R"({"code":"c)" + std::to_string(n % 1000) + R"("},)";
  concepts.pop_back();
  const std::string system = R"({"resourceType":"CodeSystem","concept":[)" + concepts + "]}";
  CHECK(keys_of(system, "code").size() == 1000);
}

TEST_CASE("combinations that would fill the memory are refused", "[keys]") {
  std::string codings;
  for (int n = 0; n < 500; ++n) codings += R"({"code":"c)" + std::to_string(n) + R"("},)";
  codings.pop_back();
  const Json observation = json(R"({"resourceType":"Observation","code":{"coding":[)" + codings +
                                R"(]},"valueCodeableConcept":{"coding":[)" + codings + "]}}");
  const search::Parameters parameters;
  const auto keys = parameters.keys(observation.root());
  REQUIRE_FALSE(keys);
  CHECK(keys.error().code == "search.size");
  CHECK(keys.error().where == "code-value-concept");
}

TEST_CASE("keys are made by many threads at once", "[keys]") {
  const search::Parameters parameters;
  const Json patient = json(R"({"resourceType":"Patient","id":"a","name":[{"family":"Ünlü"}],"birthDate":"1970"})");
  std::vector<std::thread> threads;
  std::vector<std::size_t> counts(4);
  for (std::size_t n = 0; n < counts.size(); ++n)
    threads.emplace_back([&, n] {
      for (int round = 0; round < 20; ++round) counts[n] += parameters.keys(patient.root())->all.size();
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(std::ranges::all_of(counts, [&](std::size_t count) { return count == counts[0] && count > 0; }));
}

TEST_CASE("a union is taken apart where it is one", "[keys]") {
  using Sides = std::vector<std::string_view>;
  CHECK(search::union_sides("A.b | C.d") == Sides{"A.b", "C.d"});
  CHECK(search::union_sides("(A.b | C.d).e") == Sides{"(A.b | C.d).e"});
  CHECK(search::union_sides("A.where(x='|') | B") == Sides{"A.where(x='|')", "B"});
  CHECK(search::union_sides("A.`x|y` | B") == Sides{"A.`x|y`", "B"});
  CHECK(search::union_sides("A | B = C") == Sides{"A | B = C"});
  CHECK(search::union_sides("A | B and C") == Sides{"A | B and C"});
  CHECK(search::union_sides("A.contains('x') | B.in") == Sides{"A.contains('x')", "B.in"});
  CHECK(search::union_sides("") == Sides{""});
}
