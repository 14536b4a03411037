// The shortest way through an expression that is nothing but a trail (`Patient.name.given`, `contact.exists()`), as
// most search parameters and many routes are: from a document's root of the type compiled for straight along the tape,
// with no step, scope or value of the root between.
#pragma once
#include <optional>
#include <span>

#include "fhir/path/program.h"
#include "fhir/path/value.h"

namespace fhir::path {

/// The names of the trail that the program is; empty when it is more than that, or made for no type.
std::span<const Name> whole_trail(const Program& program);
/// Nothing when the program is no such trail, the focus not as expected, or the budget does not reach: then the
/// evaluator goes the long way, and says what is wrong.
std::optional<Values> take_shortcut(const Program& program, JsonView focus, const Environment& environment,
                                    Arena& arena);

}  // namespace fhir::path
