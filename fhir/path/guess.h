// Which type each name of a program will most likely be asked of, told from the
// type of the focus and R4's definitions: what the evaluator then finds without
// a search. A guess only - documents decide - and every use compares first.
#pragma once
#include "fhir/path/parts.h"

namespace fhir::path {

/// Fills in Name::owner and what follows from it. `focus` may be nullptr: not
/// known.
void guess_types(Parts& parts, const Block& main, const Shape* focus);

}  // namespace fhir::path
