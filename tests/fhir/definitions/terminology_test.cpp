#include "fhir/definitions/terminology.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "fhir/json.h"
#include "tests/fhir/official_package.h"

using namespace fhir;

namespace {

const std::string kRole = "http://terminology.hl7.org/CodeSystem/v3-RoleClass";

}  // namespace

TEST_CASE("code systems of the package know their codes, displays and hierarchy", "[terminology]") {
  const std::string gender = "http://hl7.org/fhir/administrative-gender";
  CHECK(find_code_system(gender) == CodeSystemContent::complete);
  CHECK(has_code(gender, "female") == true);
  CHECK(has_code(gender, "Female") == false);
  CHECK(has_code(gender, "") == false);
  CHECK(display_of(gender, "female") == "Female");
  CHECK(subsumes(kRole, "ROL", "PAT") == true);
  CHECK(subsumes(kRole, "PAT", "PAT") == true);
  CHECK(subsumes(kRole, "PAT", "ROL") == false);
  CHECK(subsumes(kRole, "PAT", "nobody") == std::nullopt);
  CHECK(is_abstract("http://terminology.hl7.org/CodeSystem/v3-ActCode", "_ActAccountCode"));
  CHECK_FALSE(is_abstract(gender, "female"));
}

TEST_CASE("of systems that others keep only what R4 mentions is known", "[terminology]") {
  CHECK(find_code_system("http://snomed.info/sct") == CodeSystemContent::not_present);
  CHECK(find_code_system("http://loinc.org") == CodeSystemContent::mentioned);
  CHECK(find_code_system("urn:ietf:bcp:47") == CodeSystemContent::standard);
  CHECK(find_code_system("http://example.org/nothing") == std::nullopt);
  CHECK(has_code("http://loinc.org", "8867-4") == true);  // heart rate, in the vital signs
  CHECK(display_of("http://snomed.info/sct", "24484000") == "Severe (severity modifier)");
  CHECK(has_code("http://loinc.org", "99999-9") == std::nullopt);
  CHECK(has_code("http://terminology.hl7.org/CodeSystem/service-type", "local") == std::nullopt);  // content: example
}

TEST_CASE("value sets are worked out from their definitions", "[terminology]") {
  const auto v3 = [](const char* name) { return std::string("http://terminology.hl7.org/ValueSet/v3-") + name; };
  CHECK(in_value_set(v3("ActEncounterCode"), "AMB") == true);
  CHECK(in_value_set(v3("ActEncounterCode"), "AMB", "http://terminology.hl7.org/CodeSystem/v3-ActCode") == true);
  CHECK(in_value_set(v3("ActEncounterCode"), "AMB", "http://hl7.org/fhir/v3/ActCode") == false);
  CHECK(in_value_set(v3("ActEncounterCode"), "_ActEncounterCode") == false);  // excluded
  CHECK(in_value_set(v3("ActEncounterCode"), "PBILLACCT") == false);
  CHECK(in_value_set(v3("RoleClassPassive"), "PAT") == false);
  CHECK(in_value_set("http://hl7.org/fhir/ValueSet/security-labels", "R") == true);  // value sets within value sets
  CHECK(in_value_set("http://terminology.hl7.org/ValueSet/v2-0001", "F") == true);
  CHECK(is_value_set("http://hl7.org/fhir/ValueSet/observation-codes"));
  CHECK_FALSE(is_value_set("http://example.org/unknown"));
}

TEST_CASE("an open value set says what it cannot contain", "[terminology]") {
  const std::string codes = "http://hl7.org/fhir/ValueSet/observation-codes";  // all of LOINC
  CHECK(in_value_set(codes, "99999-9", "http://loinc.org") == std::nullopt);
  CHECK(in_value_set(codes, "8867-4", "http://loinc.org") == true);
  CHECK(in_value_set(codes, "8867-4", "http://example.org/local") == false);
  CHECK(in_value_set("http://hl7.org/fhir/ValueSet/all-languages", "zh-Hant-HK") == true);
  CHECK(in_value_set("http://hl7.org/fhir/ValueSet/all-languages", "chinese") == false);
  CHECK(in_value_set("http://hl7.org/fhir/ValueSet/currencies", "CNY") == true);
  CHECK(in_value_set("http://hl7.org/fhir/ValueSet/currencies", "RMB") == false);
  CHECK(in_value_set("http://hl7.org/fhir/ValueSet/timezones", "Asia/Shanghai") == true);
  CHECK(in_value_set("http://hl7.org/fhir/ValueSet/timezones", "Asia/Sanya") == false);
  CHECK(in_value_set("http://hl7.org/fhir/ValueSet/ucum-units", "mmol/L") == true);
  CHECK(in_value_set("http://hl7.org/fhir/ValueSet/ucum-units", "lbs") == false);
}

TEST_CASE("what the package's own expansions list is in our value sets", "[terminology]") {
  const auto package = std::filesystem::path(CAUSEWAY_SOURCE_DIR) / "node_modules/hl7.fhir.r4.examples";
  const auto bundle = Json::parse(test::read_file(package / "Bundle-valueset-expansions.json"));
  REQUIRE(bundle);
  std::size_t checked = 0;
  for (const JsonView entry : bundle->root()["entry"]) {
    const JsonView set = entry["resource"];
    if (set["expansion"]["extension"]) continue;  // says that it is not whole
    for (const JsonView item : set["expansion"]["contains"]) {
      const bool used = item["abstract"].text() != "true" && item["code"];
      if (!used || in_value_set(set["url"].text(), item["code"].text(), item["system"].text()) == true) continue;
      FAIL_CHECK(set["url"].text() << " lacks " << item["code"].text() << " of " << item["system"].text());
    }
    checked += set["expansion"]["contains"].size();
  }
  CHECK(checked > 20'000);
}

TEST_CASE("concept maps translate", "[terminology]") {
  const std::string map = "http://hl7.org/fhir/ConceptMap/cm-administrative-gender-v2";
  const auto found = translate(map, "http://hl7.org/fhir/administrative-gender", "female");
  REQUIRE(found.size() == 1);
  CHECK(found[0].system == "http://terminology.hl7.org/CodeSystem/v2-0001");
  CHECK(found[0].code == "F");
  CHECK(found[0].equivalence == "equal");
  CHECK(translate(map, "http://hl7.org/fhir/administrative-gender", "nothing").empty());
  CHECK(translate(map, "http://example.org", "female").empty());
  CHECK(translate("http://example.org/map", "http://hl7.org/fhir/administrative-gender", "female").empty());
}
