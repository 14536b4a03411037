// The example instances of the official R4 package, as far as it is installed: thousands of real resources of every
// type. They are read and written without loss, and found well-formed but for those that really are not.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <cstdlib>
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

// Wrong in any case: an id of more than 64 characters,
const std::set<std::string> kFaultyParameters = {
    "SearchParameter-questionnaireresponse-extensions-QuestionnaireResponse-item-subject.json",
    // and no base.
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

// What is really wrong in the others: a fullUrl that belongs to another resource,
const std::set<std::string> kFaulty = {
    "Bundle-10bb101f-a121-4264-a920-67be9cb82c74.json",
    "Bundle-3a0707d3-549e-4467-b8b8-5a2ab3800efe.json",
    "Bundle-lri-example.json",
    // a reference to a type that is not allowed there,
    "DeviceMetric-example.json",
    "DeviceUseStatement-example.json",
    "MedicationRequest-medrx0301.json",
    "Observation-clinical-gender.json",
    // and items without linkId. Besides, the search parameters above.
    "Questionnaire-qs1.json",
};

// What stays wrong of it thoroughly: the elements and the id that are wrong in any case, but neither references whose
// target is not at hand nor the fullUrls of messages, which then are warnings. Of the 713 instances these:
const std::set<std::string> kThoroughlyFaulty = {
    // a fullUrl on a server that ends with another id than the resource has,
    "Bundle-lri-example.json",
    // an extension of US Core, which R4 does not know,
    "Observation-example-genetics-brcapat.json",
    // items without linkId,
    "Questionnaire-qs1.json",
    // a value set that names its contained code system by "#", for show,
    "ValueSet-example-hierarchical.json",
    // Of the definitions: logical models without a base that are not abstract (sdf-4); and the search parameters above.
    "StructureDefinition-Definition.json",
    "StructureDefinition-Event.json",
    "StructureDefinition-FiveWs.json",
    "StructureDefinition-Request.json",
};

std::set<std::string> with_parameters(std::set<std::string> faulty) {
  faulty.insert(kFaultyParameters.begin(), kFaultyParameters.end());
  return faulty;
}

void show_errors(const std::string& name, const Issues& issues) {
  for (const Issue& issue : issues)
    if (issue.severity == Severity::error)
      fmt::print("{}: {} {} {}\n", name, issue.detail_code, issue.expression, issue.details);
}

}  // namespace

TEST_CASE("the examples and definitions of the R4 package are valid, but for those named here",
          "[validate][examples]") {
  const auto files = test::official_resources(kLargest);
  if (files.empty()) {
    WARN("no R4 package in node_modules: nothing was looked at");
    return;
  }
  const bool verbose = std::getenv("CAUSEWAY_VERBOSE") != nullptr;
  std::set<std::string> faulty;
  for (const auto& file : files) {
    const std::string name = file.filename().string();
    const auto json = Json::parse(test::read_file(file));
    INFO(name);
    REQUIRE(json);
    const Issues issues = validate::check_structure(json->root(), {.thorough = true});
    if (!has_errors(issues)) continue;
    faulty.insert(name);
    if (verbose && !kThoroughlyFaulty.contains(name) && !kFaultyParameters.contains(name)) show_errors(name, issues);
  }
  CHECK(faulty == with_parameters(kThoroughlyFaulty));
}

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
  CHECK(faulty == with_parameters(kFaulty));
  CHECK(changed.empty());
}
