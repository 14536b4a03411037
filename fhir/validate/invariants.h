// The invariants of R4: the FHIRPath expressions that its definitions set for types and elements. Each is compiled when
// it is first needed and kept; safe from any thread.
#pragma once
#include "fhir/definitions/definitions.h"
#include "fhir/path/fhirpath.h"
#include "fhir/validate/findings.h"

namespace fhir::validate {

/// Where an element stands, for %resource, %rootResource and resolve().
struct Surroundings {
  JsonView resource, root_resource;
  std::function<JsonView(std::string_view)> resolve;
};

/// Checks them on one element of that type; what does not hold is a finding with the invariant's key. One that cannot
/// be evaluated finds nothing: it may be the invariant that is wrong (R4 has some).
void check_invariants(std::span<const Constraint> constraints, const path::Item& element, const Surroundings& where,
                      Findings& findings);

/// Those of the type and of all its bases.
void check_type_invariants(const TypeDefinition& type, const path::Item& element, const Surroundings& where,
                           Findings& findings);

}  // namespace fhir::validate
