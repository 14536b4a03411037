// What may be issued at all (domain.md §4.1): each rule alone. Over the shipped maps:
// gateway/exchange/prescription_test.
#include "fhir/message/prescription_rules.h"

#include <catch2/catch.hpp>

using namespace fhir;
using namespace fhir::message;

namespace {

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  const auto at = text.find(what);
  REQUIRE(at != std::string::npos);
  return text.replace(at, what.size(), with);
}

// One drug, passed by another person than the prescriber, for a grown-up on a follow-up visit.
const std::string kGood = R"({"resourceType":"Bundle","type":"message","entry":[
  {"fullUrl":"urn:uuid:a","resource":{"resourceType":"Task","id":"a","status":"requested"}},
  {"fullUrl":"urn:uuid:p","resource":{"resourceType":"Patient","id":"p","birthDate":"1982-07-25"}},
  {"fullUrl":"urn:uuid:d","resource":{"resourceType":"Practitioner","id":"d","identifier":[{"system":"s","value":"D1"}]}},
  {"fullUrl":"urn:uuid:f","resource":{"resourceType":"Practitioner","id":"f","identifier":[{"system":"s","value":"F1"}]}},
  {"fullUrl":"urn:uuid:e","resource":{"resourceType":"Encounter","id":"e","type":[{"coding":[
      {"system":"https://causeway.example/CodeSystem/visit-kind","code":"follow-up"}]}]}},
  {"fullUrl":"urn:uuid:m","resource":{"resourceType":"MedicationRequest","id":"m","status":"active","intent":"order",
      "groupIdentifier":{"system":"s","value":"CF1"},"requester":{"reference":"urn:uuid:d"},
      "dispenseRequest":{"quantity":{"value":2},"validityPeriod":{"end":"2026-03-16"}}}},
  {"fullUrl":"urn:uuid:v","resource":{"resourceType":"Provenance","id":"v","target":[{"reference":"urn:uuid:m"}],
      "agent":[{"type":{"coding":[{"code":"verifier"}]},"who":{"reference":"urn:uuid:f"}}]}}]})";

std::string code_of(const std::string& bundle, std::string_view now = "2026-03-14T10:00:00+08:00") {
  const auto json = Json::parse(bundle);
  REQUIRE(json);
  const auto may = check_issue(json->root(), DateTime::parse(now).value());
  return may ? "good" : may.error().code;
}

}  // namespace

TEST_CASE("a reviewed prescription may be issued, and each missing part has its code", "[prescription]") {
  CHECK(code_of(kGood) == "good");
  const auto [what, with, code] = GENERATE(table<std::string, std::string, std::string>({
      {R"("status":"requested")", R"("status":"accepted")", "rx.no-task"},
      {R"("intent":"order")", R"("intent":"proposal")", "rx.not-an-order"},
      {R"("groupIdentifier":{"system":"s","value":"CF1"},)", "", "rx.no-group"},
      {R"("quantity":{"value":2})", R"("quantity":{"value":0})", "rx.no-quantity"},
      {R"("status":"active")", R"("status":"draft")", "rx.not-reviewed"},
      {R"("code":"verifier")", R"("code":"author")", "rx.not-reviewed"},
      {R"("target":[{"reference":"urn:uuid:m"}])", R"("target":[{"reference":"urn:uuid:p"}])", "rx.not-reviewed"},
      {R"("status":"active")", R"("status":"stopped")", "rx.rejected"},
      {R"("who":{"reference":"urn:uuid:f"})", R"("who":{"reference":"urn:uuid:d"})", "rx.reviewed-by-prescriber"},
      {R"("value":"F1")", R"("value":"D1")", "rx.reviewed-by-prescriber"},  // two records of one person
      {R"("intent":"order",)",
       R"("intent":"order","category":[{"coding":[{"system":"https://causeway.example/CodeSystem/drug-control","code":"narcotic"}]}],)",
       "rx.controlled-drug"},
      {R"("code":"follow-up")", R"("code":"first")", "rx.first-visit"},
      {R"("1982-07-25")", R"("2020-03-15")", "rx.child-without-guardian"},
      {R"("1982-07-25")", R"("2020")", "rx.child-without-guardian"},  // perhaps not six yet
      {R"("2026-03-16")", R"("2026-03-13")", "rx.expired"},
  }));
  CHECK(code_of(replaced(kGood, what, with)) == code);
}

TEST_CASE("a child is six on its birthday, and a birth date that is not known tells nothing", "[prescription]") {
  CHECK(code_of(replaced(kGood, "1982-07-25", "2020-03-14")) == "good");
  CHECK(code_of(replaced(kGood, R"(,"birthDate":"1982-07-25")", "")) == "good");
  const std::string parent =
      R"({"resource":{"resourceType":"RelatedPerson","relationship":[{"coding":[{"code":"MTH"}]}]}},{"fullUrl":"urn:uuid:d")";
  CHECK(code_of(replaced(replaced(kGood, "1982-07-25", "2021-03-14"), R"({"fullUrl":"urn:uuid:d")", parent)) == "good");
}

TEST_CASE("an order for a drug is found wherever it hides; a proposal is none", "[prescription]") {
  const auto [resource, is_order] = GENERATE(table<std::string, bool>({
      {R"({"resourceType":"MedicationRequest","intent":"order"})", true},
      {R"({"resourceType":"MedicationRequest","intent":"filler-order"})", true},
      {R"({"resourceType":"MedicationRequest"})", true},
      {R"({"resourceType":"MedicationRequest","intent":"proposal"})", false},
      {R"({"resourceType":"MedicationStatement"})", false},
      {R"({"resourceType":"Composition","contained":[{"resourceType":"MedicationRequest","intent":"order"}]})", true},
  }));
  const auto json = Json::parse(R"({"resourceType":"Bundle","entry":[{"resource":)" + resource + "}]}");
  REQUIRE(json);
  CHECK(has_drug_order(json->root()) == is_order);
}
