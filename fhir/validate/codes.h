// Codes of elements with a required binding. R4 terminologies.html#required.
#pragma once
#include "fhir/definitions/definitions.h"
#include "fhir/json.h"
#include "fhir/validate/findings.h"

namespace fhir::validate {

/// `value` is a code, Coding or CodeableConcept, as `type` says; anything else, other bindings and value sets that
/// cannot be listed pass.
void check_required_code(const ElementDefinition& definition, std::string_view type, JsonView value,
                         Findings& findings);

}  // namespace fhir::validate
