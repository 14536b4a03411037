// Is this resource built as R4 says? Elements that exist, as often as they may, of the right type and JSON kind, with
// well-formed primitives and codes of required bindings; references with a form, a target of the right type and, where
// it must be there, a target at all; contained resources; the envelope of a message Bundle. Invariants and profiles are
// not looked at here. json.html, bundle.html, messaging.html.
//
// Each issue carries the FHIRPath of the element with indexes, line and column, and one of these detail codes:
//   unknown-type unknown-element kind null empty twin choice too-many missing value code
//   reference reference-target unresolved contained bundle-type bundle-header bundle-url bundle-id more
// Pure; any thread; cost grows with the document's size and stops growing at `most` issues.
#pragma once
#include <cstddef>

#include "fhir/json.h"
#include "fhir/outcome.h"

namespace fhir::validate {

struct StructureLimits {
  std::size_t most = 100;   // issues listed
  bool invariants = false;  // also check R4's invariants; each has its key ("obs-6") as detail code
};

/// No issue at all when nothing is wrong.
Issues check_structure(JsonView resource, const StructureLimits& limits = {});

}  // namespace fhir::validate
