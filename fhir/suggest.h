// "Did you mean ...?" for every kind of name that a person or a program may misspell.
#pragma once
#include <span>
#include <string_view>

namespace fhir {

/// The one of `known` that is nearest to `word`: at most a third of its characters (one at least, three at most)
/// inserted, left out, replaced or swapped with the next, capitals of ASCII not counted. Empty when none is that near.
/// The view is one of `known`. Words of more than 63 characters have no suggestion.
std::string_view nearest(std::string_view word, std::span<const std::string_view> known);

}  // namespace fhir
