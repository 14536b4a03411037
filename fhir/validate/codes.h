// Codes: those of bound elements, and what value sets and code systems at hand say of a code: those given to help,
// those the resource contains, those of R4's own package. Nobody is asked beyond them, so "cannot be told" is an
// answer. R4 terminologies.html#strength.
#pragma once
#include <optional>

#include "fhir/definitions/definitions.h"
#include "fhir/json.h"
#include "fhir/validate/rules.h"

namespace fhir::validate {

/// `value` is a code, Coding or CodeableConcept, as `type` says; anything else passes. A code outside a required value
/// set is an error; thoroughly, outside an extensible one a warning, outside a preferred one an information.
void check_code(const ElementDefinition& definition, std::string_view type, JsonView value, bool thorough,
                const Context& context);

/// Is the code in the value set? `canonical` may be "#id" of one contained in `container`. Without a system: in any.
std::optional<bool> in_value_set(const Library& library, JsonView container, std::string_view canonical,
                                 std::string_view code, std::string_view system);
/// Does the code system have the code? Nothing when it is not at hand, or not whole.
std::optional<bool> has_code(const Library& library, JsonView container, std::string_view system,
                             std::string_view code);

/// The contained resource of a "#id" reference; absent for anything else.
JsonView contained_named(JsonView container, std::string_view reference);
/// True of a CodeSystem resource that only adds to the concepts of another.
bool is_supplement(JsonView code_system);
/// The concept of a CodeSystem resource, at any depth; absent when it has none of that code.
JsonView find_concept(JsonView code_system, std::string_view code);

}  // namespace fhir::validate
