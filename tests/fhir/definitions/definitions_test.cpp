#include "fhir/definitions/definitions.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

using namespace fhir;

namespace {

const TypeDefinition& type(std::string_view name) {
  const TypeDefinition* found = find_type(name);
  if (found == nullptr) FAIL("no type: " << name);
  return *found;
}

const ElementDefinition& element(std::string_view type_name, std::string_view name) {
  const ElementDefinition* found = type(type_name).element(name);
  if (found == nullptr) FAIL("no element: " << type_name << "." << name);
  return *found;
}

std::vector<std::string> copy(std::span<const std::string_view> list) { return {list.begin(), list.end()}; }

}  // namespace

TEST_CASE("the definitions know every resource and data type of R4", "[definitions]") {
  const auto count = [](TypeKind kind) { return std::ranges::count(all_types(), kind, &TypeDefinition::kind); };
  CHECK(count(TypeKind::resource) == 148);  // 146 and the abstract Resource and DomainResource
  CHECK(count(TypeKind::primitive) == 20);
  CHECK(count(TypeKind::complex) == 41);
  CHECK(count(TypeKind::backbone) > 400);
  CHECK(std::ranges::is_sorted(all_types(), {}, &TypeDefinition::name));
  CHECK(find_type("Observtion") == nullptr);
  CHECK(find_type("") == nullptr);
  CHECK(type("Resource").abstract);
  CHECK_FALSE(type("Patient").abstract);
}

TEST_CASE("a type lists its elements in order, the inherited ones first", "[definitions]") {
  const TypeDefinition& patient = type("Patient");
  CHECK(patient.kind == TypeKind::resource);
  CHECK(patient.base == "DomainResource");
  REQUIRE(patient.elements.size() > 10);
  CHECK(patient.elements[0].name == "id");
  CHECK(patient.elements[8].path == "Patient.identifier");
  CHECK(element("Patient", "name").repeats());
  CHECK(element("Patient", "birthDate").max == 1);
  CHECK(element("Observation", "status").min == 1);
  CHECK(element("Observation", "status").modifier);
  CHECK(element("Observation", "status").summary);
}

TEST_CASE("types derive from one another", "[definitions]") {
  CHECK(is_a("Observation", "Resource"));
  CHECK(is_a("Observation", "Observation"));
  CHECK(is_a("Bundle", "Resource"));
  CHECK_FALSE(is_a("Bundle", "DomainResource"));
  CHECK(is_a("Age", "Quantity"));
  CHECK(is_a("code", "string"));
  CHECK(is_a("Observation.component", "BackboneElement"));
  CHECK(is_a("Timing.repeat", "Element"));
  CHECK_FALSE(is_a("HumanName", "Resource"));
  CHECK_FALSE(is_a("Nothing", "Nothing"));
}

TEST_CASE("a choice is found by the name it has in JSON", "[definitions]") {
  std::string_view found;
  const ElementDefinition* value = type("Observation").element("valueQuantity", &found);
  REQUIRE(value);
  CHECK(value->choice);
  CHECK(value->path == "Observation.value[x]");
  CHECK(found == "Quantity");
  REQUIRE(type("Observation").element("valueDateTime", &found));
  CHECK(found == "dateTime");
  CHECK(type("Observation").element("value") == nullptr);
  CHECK(type("Observation").element("valueDecimal") == nullptr);
  CHECK(type("Observation").element("valuequantity") == nullptr);
  CHECK(type("Patient").element("birthDate", &found) != nullptr);
  CHECK(found == "date");
}

TEST_CASE("backbone elements are types of their own, references to content lead there", "[definitions]") {
  CHECK(copy(element("Observation", "component").types) == std::vector<std::string>{"Observation.component"});
  CHECK(type("Observation.component").kind == TypeKind::backbone);
  CHECK(copy(element("Observation.component", "referenceRange").types) ==
        std::vector<std::string>{"Observation.referenceRange"});
  CHECK(copy(element("Questionnaire.item", "item").types) == std::vector<std::string>{"Questionnaire.item"});
  CHECK(copy(element("Bundle.entry", "link").types) == std::vector<std::string>{"Bundle.link"});
  for (const TypeDefinition* any : all_types())
    for (const ElementDefinition& each : any->elements)
      for (const std::string_view code : each.types) {
        INFO(each.path << " " << code);
        CHECK((code.starts_with("System.") || find_type(code) != nullptr));
      }
}

TEST_CASE("the ids of resources are ids, those of elements strings, and primitives have System values",
          "[definitions]") {
  CHECK(element("Patient", "id").types[0] == "id");
  CHECK(element("HumanName", "id").types[0] == "string");
  CHECK(element("Extension", "url").types[0] == "uri");
  CHECK(element("decimal", "value").types[0] == "System.Decimal");
  CHECK(element("decimal", "id").types[0] == "string");
}

TEST_CASE("reference targets and bindings are there", "[definitions]") {
  CHECK(copy(element("Patient", "generalPractitioner").reference_targets) ==
        std::vector<std::string>{"Organization", "Practitioner", "PractitionerRole"});
  CHECK(element("Provenance", "target").reference_targets.empty());
  CHECK(element("Patient", "gender").binding_strength == "required");
  CHECK(element("Patient", "gender").binding_value_set == "http://hl7.org/fhir/ValueSet/administrative-gender");
  CHECK(element("Patient", "birthDate").binding_strength.empty());
}

TEST_CASE("value sets of required bindings tell what belongs to them", "[definitions]") {
  const std::string gender = "http://hl7.org/fhir/ValueSet/administrative-gender";
  const std::string clinical = "http://hl7.org/fhir/ValueSet/condition-clinical";
  CHECK(in_value_set(gender, "female") == true);
  CHECK(in_value_set(gender, "Female") == false);
  CHECK(in_value_set(clinical, "active") == true);
  CHECK(in_value_set(clinical, "active", "http://terminology.hl7.org/CodeSystem/condition-clinical") == true);
  CHECK(in_value_set(clinical, "active", "http://example.org") == false);
  CHECK(in_value_set("http://hl7.org/fhir/ValueSet/mimetypes", "text/plain") == true);
  CHECK(in_value_set("http://example.org/unknown", "x") == std::nullopt);
}

TEST_CASE("only one required value set of R4 cannot be told", "[definitions]") {
  std::vector<std::string> missing;
  for (const TypeDefinition* any : all_types())
    for (const ElementDefinition& each : any->elements)
      if (each.binding_strength == "required" && !in_value_set(each.binding_value_set, "no such code"))
        missing.emplace_back(each.binding_value_set);
  std::ranges::sort(missing);
  missing.erase(std::unique(missing.begin(), missing.end()), missing.end());
  CHECK(missing == std::vector<std::string>{"http://loinc.org/vs/LL379-9"});
}

TEST_CASE("a binding names what it must never leave", "[definitions]") {
  CHECK(element("Resource", "language").binding_max_value_set == "http://hl7.org/fhir/ValueSet/all-languages");
  CHECK(element("Patient", "gender").binding_max_value_set.empty());
}
