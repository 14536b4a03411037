// The rules that R4 states in words for single types, beyond elements and invariants: one function for each family, in
// the file that its comment names. facts.cpp says which types they are for.
#pragma once
#include "fhir/definitions/definitions.h"
#include "fhir/json.h"
#include "fhir/primitives.h"
#include "fhir/validate/findings.h"
#include "fhir/validate/library.h"
#include "fhir/validate/reference.h"

namespace fhir::validate {

/// An element on the way from the resource to the one being looked at.
struct Spot {
  const Spot* above = nullptr;
  const ElementDefinition* definition = nullptr;  // nullptr: the resource itself
  const TypeDefinition* type = nullptr;
  JsonView value{}, twin{};
  std::string_view name{};  // as in JSON
};

/// What a rule may ask.
struct Context {
  Findings& findings;
  const Library& library;
  const Scope& scope;
  const Spot& spot;
  JsonView resource, root_resource;
};

using Rule = void (*)(JsonView value, const Context& context);

void check_answers(JsonView response, const Context& context);                 // answers.cpp
void check_questionnaire(JsonView questionnaire, const Context& context);      // questionnaire.cpp
void check_attachment(JsonView attachment, const Context& context);            // values.cpp
void check_coding(JsonView coding, const Context& context);                    // values.cpp
void check_quantity(JsonView quantity, const Context& context);                // values.cpp
void check_identifier(JsonView identifier, const Context& context);            // values.cpp
void check_extension(JsonView extension, const Context& context);              // extensions.cpp
void check_narrative(JsonView narrative, const Context& context);              // narrative.cpp
void check_bundle_rules(JsonView bundle, const Context& context);              // bundle_rules.cpp
void check_reference_closely(JsonView reference, const Context& context);      // reference.cpp
void check_code_system(JsonView code_system, const Context& context);          // terminology.cpp
void check_value_set(JsonView value_set, const Context& context);              // terminology.cpp
void check_concept_map(JsonView concept_map, const Context& context);          // terminology.cpp
void check_structure_definition(JsonView definition, const Context& context);  // conformance.cpp
void check_search_parameter(JsonView parameter, const Context& context);       // conformance.cpp
/// Every resource that has a canonical URL (general.cpp).
void check_canonical_resource(JsonView resource, const Context& context);

/// A value of a primitive type that has the form of the type (primitive_rules.cpp).
void check_primitive(Primitive type, JsonView value, const Context& context);

}  // namespace fhir::validate
