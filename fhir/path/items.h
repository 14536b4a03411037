// Between what callers own (Item, Collection) and what an evaluation computes with (Value, Values).
#pragma once
#include <span>

#include "fhir/path/value.h"

namespace fhir::path {

/// Views into `items`, which must outlive the evaluation.
Values import(Arena& arena, std::span<const Item> items);
Item to_item(const Value& value);
Collection to_items(const Values& values);
/// Views of the same, in the arena.
std::span<const ItemView> to_views(Arena& arena, const Values& values);
/// The value of a scalar as text: what toString() gives and Item::text holds. Empty for complex elements.
std::string text_of(const Value& value);

}  // namespace fhir::path
