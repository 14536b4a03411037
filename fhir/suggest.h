// "Did you mean ...?" for every kind of name that a person or a program may misspell.
#pragma once
#include <span>
#include <string_view>

namespace fhir {

/// The one of `known` that is nearest to `word`: at most a third of its characters (and at most three) inserted, left
/// out, replaced or swapped with the next, capitals not counted. Empty when none is that near. The view is one of
/// `known`. Long words have no suggestion.
std::string_view nearest(std::string_view word, std::span<const std::string_view> known);

}  // namespace fhir
