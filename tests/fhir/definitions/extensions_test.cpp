#include "fhir/definitions/extensions.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>

#include "fhir/definitions/definitions.h"

using namespace fhir;

TEST_CASE("the extensions of R4 say where they may stand and what they hold", "[extensions]") {
  CHECK(all_extensions().size() == 393);
  CHECK(std::ranges::is_sorted(all_extensions(), {}, &ExtensionDefinition::url));
  const ExtensionDefinition* birth = find_extension("http://hl7.org/fhir/StructureDefinition/patient-birthTime");
  REQUIRE(birth);
  CHECK(std::ranges::equal(birth->contexts, std::array<std::string_view, 1>{"Patient.birthDate"}));
  CHECK(std::ranges::equal(birth->value_types, std::array<std::string_view, 1>{"dateTime"}));
  CHECK(birth->value_max == 1);
  CHECK_FALSE(birth->modifier);
  CHECK(birth->parts.empty());
  CHECK(find_extension("http://example.org/none") == nullptr);
}

TEST_CASE("an extension of several parts names them, and has no value of its own", "[extensions]") {
  const ExtensionDefinition* nation = find_extension("http://hl7.org/fhir/StructureDefinition/patient-nationality");
  REQUIRE(nation);
  CHECK(nation->value_max == 0);
  CHECK(nation->value_types.empty());
  CHECK(nation->max == ElementDefinition::kUnbounded);
  REQUIRE(nation->parts.size() == 2);
  CHECK(nation->parts[0].url == "code");
  CHECK(nation->parts[0].max == 1);
  CHECK(std::ranges::equal(nation->parts[0].value_types, std::array<std::string_view, 1>{"CodeableConcept"}));
  CHECK(nation->parts[1].url == "period");
}

TEST_CASE("bindings and modifiers of extensions are there", "[extensions]") {
  const auto all = all_extensions();
  CHECK(std::ranges::count_if(all, [](const ExtensionDefinition& each) { return each.modifier; }) > 0);
  const ExtensionDefinition* absent = find_extension("http://hl7.org/fhir/StructureDefinition/data-absent-reason");
  REQUIRE(absent);
  CHECK(absent->binding_strength == "required");
  CHECK(absent->binding_value_set == "http://hl7.org/fhir/ValueSet/data-absent-reason");
}
