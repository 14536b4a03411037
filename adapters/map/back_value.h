// Values of FHIR -> text as local systems write it: the other way round of what a leaf of a plan does. Pure functions.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/map/plan.h"

namespace adapters::map {

/// What the leaf makes of a text: its reading, table and type, without policies. Nothing: it makes no value of it.
std::optional<std::string> read_as(const Leaf& leaf, std::string_view text, std::string_view zone);

/// Texts that the leaf may have read to make this value, the likeliest first. The caller tries them with read_as()
/// where they stand: this only proposes. Empty: none is known (a reading that drops something, a table without this
/// value).
std::vector<std::string> texts_for(const Leaf& leaf, std::string_view value, Format source, std::string_view zone);

}  // namespace adapters::map
