// The invariants of R4: the FHIRPath expressions that its definitions set for types and elements. Each is compiled when
// it is first needed and kept; safe from any thread.
#pragma once
#include "fhir/definitions/definitions.h"
#include "fhir/path/fhirpath.h"
#include "fhir/validate/findings.h"

namespace fhir::validate {

/// What does not hold is a finding with the invariant's key. One that cannot be evaluated finds nothing: it may be the
/// invariant that is wrong (R4 has some).
void check_invariant(const Constraint& constraint, const path::Item& element, const path::Environment& environment,
                     path::Workspace& workspace, Findings& findings);

}  // namespace fhir::validate
