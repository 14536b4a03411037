// Between what callers own (Item, Collection) and what an evaluation computes with (Value, Values).
#pragma once
#include "fhir/path/value.h"

namespace fhir::path {

/// Views into `items`, which must outlive the evaluation.
Values import(Arena& arena, const Collection& items);
Item to_item(const Value& value);
Collection to_items(const Values& values);
/// The value of a scalar as text: what toString() gives and Item::text holds. Empty for complex elements.
std::string text_of(const Value& value);

}  // namespace fhir::path
