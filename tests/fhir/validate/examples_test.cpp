// The example instances of the official R4 package, as far as it is installed: thousands of real resources of every
// type. They are read and written without loss, and found well-formed but for those that really are not.
#include <catch2/catch.hpp>
#include <set>
#include <string>
#include <vector>

#include "fhir/json.h"
#include "fhir/validate/structure.h"
#include "tests/fhir/official_package.h"

using namespace fhir;

namespace {

constexpr std::uintmax_t kLargest = 300'000;  // the larger ones are the definitions, and three of kind

/// The text without the whitespace between its tokens, and with the escapes that need not be one written out.
std::string compacted(const std::string& text) {
  std::string out;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (!in_string && (c == ' ' || c == '\n' || c == '\r' || c == '\t')) continue;
    out += c;
    if (in_string && c == '\\') out += text[++i];
    if (c == '"') in_string = !in_string;
  }
  return out;
}

// What is really wrong in them: a fullUrl that belongs to another resource,
const std::set<std::string> kFaulty = {
    "Bundle-10bb101f-a121-4264-a920-67be9cb82c74.json",
    "Bundle-3a0707d3-549e-4467-b8b8-5a2ab3800efe.json",
    "Bundle-lri-example.json",
    // a reference to a type that is not allowed there,
    "DeviceMetric-example.json",
    "DeviceUseStatement-example.json",
    "MedicationRequest-medrx0301.json",
    "Observation-clinical-gender.json",
    // an id of more than 64 characters,
    "SearchParameter-questionnaireresponse-extensions-QuestionnaireResponse-item-subject.json",
    // and elements that must be there (item.linkId, base) and are not.
    "Questionnaire-qs1.json",
    "SearchParameter-codesystem-extensions-CodeSystem-author.json",
    "SearchParameter-codesystem-extensions-CodeSystem-effective.json",
    "SearchParameter-codesystem-extensions-CodeSystem-end.json",
    "SearchParameter-codesystem-extensions-CodeSystem-keyword.json",
    "SearchParameter-codesystem-extensions-CodeSystem-workflow.json",
    "SearchParameter-valueset-extensions-ValueSet-author.json",
    "SearchParameter-valueset-extensions-ValueSet-effective.json",
    "SearchParameter-valueset-extensions-ValueSet-end.json",
    "SearchParameter-valueset-extensions-ValueSet-keyword.json",
    "SearchParameter-valueset-extensions-ValueSet-workflow.json",
};

}  // namespace

TEST_CASE("the examples of the R4 package are well-formed and survive reading and writing", "[structure][examples]") {
  if (test::official_resources(kLargest).empty()) {
    WARN("no R4 package in node_modules: nothing was looked at");
    return;
  }
  std::set<std::string> faulty, changed;
  for (const auto& file : test::official_resources(kLargest)) {
    const std::string text = test::read_file(file);
    const auto json = Json::parse(text);
    INFO(file.filename().string());
    REQUIRE(json);
    if (json->root().dump() != compacted(text)) changed.insert(file.filename().string());
    if (has_errors(validate::check_structure(json->root()))) faulty.insert(file.filename().string());
  }
  CHECK(faulty == kFaulty);
  CHECK(changed.empty());
}
