// Is this resource built as R4 says? Elements that exist, as often as they may, of the right type and JSON kind, with
// well-formed primitives and codes of required bindings; references with a form, a target of the right type and, where
// it must be there, a target at all; contained resources; the envelope of a message Bundle. Thoroughly also: R4's
// invariants, bindings that only advise, and the rules of single types (rules.h). Profiles are not looked at.
// docs/VALIDATION.md states the rules. json.html, bundle.html, messaging.html.
//
// Each issue carries the FHIRPath of the element with indexes, line and column, a detail code that stays (a row of
// message_table.h, or an invariant's key, "obs-6") and a sentence in the language that is asked for.
// Pure; any thread; cost grows with the document's size and stops growing at `most` issues.
#pragma once
#include <cstddef>

#include "fhir/json.h"
#include "fhir/outcome.h"
#include "fhir/validate/library.h"

namespace fhir::validate {

struct StructureLimits {
  std::size_t most = 100;  // issues listed
  bool thorough = false;
  Language language = Language::en;
  const Library* with = nullptr;  // what may help; outlives the call
};

/// No issue at all when nothing is wrong.
Issues check_structure(JsonView resource, const StructureLimits& limits = {});

}  // namespace fhir::validate
