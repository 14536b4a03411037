// Quantities as search keys: the range a value stands for, with its unit, and the same in UCUM's base units
// (docs/KEYS.md). Pure functions, safe from any thread.
#pragma once
#include <optional>
#include <string_view>

#include "fhir/search/keys.h"

namespace fhir::search {

/// Of a Quantity and its kin, Money, Range or SampledData, by the name of its type; views refer to the document.
std::optional<Quantity> quantity_of(std::string_view type, JsonView node);

}  // namespace fhir::search
