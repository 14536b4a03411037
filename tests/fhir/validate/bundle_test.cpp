#include "fhir/validate/bundle.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "fhir/validate/structure.h"

using namespace fhir;

namespace {

constexpr std::string_view kHeader =
    R"({"fullUrl":"urn:uuid:00000000-0000-0000-0000-000000000001","resource":{"resourceType":"MessageHeader","eventUri":"http://e","source":{"endpoint":"http://s"},"focus":[{"reference":"FOCUS"}]}})";
constexpr std::string_view kPatient =
    R"({"fullUrl":"urn:uuid:00000000-0000-0000-0000-000000000002","resource":{"resourceType":"Patient","active":true}})";

std::string header(std::string_view focus = "urn:uuid:00000000-0000-0000-0000-000000000002") {
  std::string text(kHeader);
  return text.replace(text.find("FOCUS"), 5, focus);
}

/// "severity detail expression" of every issue.
std::vector<std::string> found(std::string_view type, const std::vector<std::string>& entries) {
  std::string text = R"({"resourceType":"Bundle","type":")" + std::string(type) + R"(","entry":[)";
  for (std::size_t i = 0; i < entries.size(); ++i) text += (i == 0 ? "" : ",") + entries[i];
  const auto json = Json::parse(text + "]}");
  if (!json) FAIL(to_string(json.error()));
  std::vector<std::string> all;
  for (const Issue& issue : validate::check_structure(json->root()))
    all.push_back((issue.severity == Severity::warning ? "warning " : "error ") + issue.detail_code + " " +
                  issue.expression);
  return all;
}

std::string entry(std::string_view full_url, std::string_view resource) {
  return R"({"fullUrl":")" + std::string(full_url) + R"(","resource":)" + std::string(resource) + "}";
}

using All = std::vector<std::string>;
const std::string patient(kPatient);

}  // namespace

TEST_CASE("a message begins with its only MessageHeader", "[bundle]") {
  CHECK(found("message", {header(), patient}) == All{});
  CHECK(found("message", {patient, header()}) ==
        All{"error bundle-header Bundle.entry[0]", "error bundle-header-again Bundle.entry[1]"});
  CHECK(found("message", {patient}) == All{"error bundle-header Bundle.entry[0]"});
  CHECK(found("message", {}) == All{"error empty-array Bundle.entry", "error bundle-header-none Bundle"});
  CHECK(found("collection", {patient}) == All{});
}

TEST_CASE("references in a message lead to its entries", "[bundle]") {
  const std::string path = "Bundle.entry[0].resource.focus[0].reference";
  CHECK(found("message", {header("urn:uuid:00000000-0000-0000-0000-000000000009"), patient}) ==
        All{"error unresolved " + path});
  CHECK(found("message", {header("Patient/9"), patient}) == All{"warning unresolved " + path});
  CHECK(found("message", {header("http://example.org/fhir/Patient/9"), patient}) == All{});
  CHECK(found("collection", {header("urn:uuid:00000000-0000-0000-0000-000000000009"), patient}) == All{});
  const std::string numbered =
      entry("urn:uuid:00000000-0000-0000-0000-000000000003", R"({"resourceType":"Patient","id":"9"})");
  CHECK(found("message", {header("Patient/9"), numbered}) == All{});
}

TEST_CASE("a relative reference is completed with the base of its entry", "[bundle]") {
  const std::string condition = entry("http://a.org/fhir/Condition/c",
                                      R"({"resourceType":"Condition","id":"c","subject":{"reference":"Patient/p"}})");
  const std::string here = entry("http://a.org/fhir/Patient/p", R"({"resourceType":"Patient","id":"p"})");
  CHECK(found("document", {condition, here}) == All{});
  CHECK(found("document", {condition}) == All{"warning unresolved Bundle.entry[0].resource.subject.reference"});
}

TEST_CASE("the type of an entry that a URN names is checked", "[bundle]") {
  const std::string condition =
      entry("urn:uuid:00000000-0000-0000-0000-000000000004",
            R"({"resourceType":"Condition","subject":{"reference":"urn:uuid:00000000-0000-0000-0000-000000000005"}})");
  const std::string device =
      entry("urn:uuid:00000000-0000-0000-0000-000000000005", R"({"resourceType":"Device","lotNumber":"1"})");
  CHECK(found("collection", {condition, device}) ==
        All{"error reference-target Bundle.entry[0].resource.subject.reference"});
}

TEST_CASE("fullUrls are absolute, unique, without version and in keeping with the resource", "[bundle]") {
  const auto with = [](std::string_view url) {
    return found("collection", {entry(url, R"({"resourceType":"Patient","id":"p"})")});
  };
  const All wrong = {"error bundle-url Bundle.entry[0].fullUrl"};
  CHECK(with("http://a.org/fhir/Patient/p") == All{});
  CHECK(with("urn:uuid:00000000-0000-0000-0000-00000000000a") == All{});
  CHECK(with("Patient/p") == wrong);
  CHECK(with("urn:uuid:p") == wrong);
  CHECK(with("http://a.org/fhir/Patient/p/_history/1") == All{"error bundle-url-version Bundle.entry[0].fullUrl"});
  CHECK(with("http://a.org/fhir/Patient/q") == All{"error bundle-id Bundle.entry[0].fullUrl"});
  CHECK(with("http://a.org/fhir/Device/p") == All{"error bundle-id Bundle.entry[0].fullUrl"});
  CHECK(found("collection", {patient, patient}) == All{"error bundle-url-again Bundle.entry[1]"});
  CHECK(found("history", {patient, patient}) == All{});
}

TEST_CASE("a document inside a message keeps its references to itself", "[bundle]") {
  const std::string document =
      R"({"resourceType":"Bundle","type":"document","entry":[)" +
      entry("urn:uuid:00000000-0000-0000-0000-000000000006",
            R"({"resourceType":"Condition","subject":{"reference":"urn:uuid:00000000-0000-0000-0000-000000000002"}})") +
      "]}";
  CHECK(found("message", {header(), patient, entry("urn:uuid:00000000-0000-0000-0000-000000000007", document)}) ==
        All{"error unresolved Bundle.entry[2].resource.entry[0].resource.subject.reference"});
}
