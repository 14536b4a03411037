// Text folded for search, so that people find a name however it is written (docs/KEYS.md). Pure, safe from any thread.
// text.cpp alone knows ICU here.
#pragma once
#include <string>
#include <string_view>

namespace fhir {

/// Compatibility decomposition (NFKD), marks dropped, full case folding, traditional Han characters to simplified ones,
/// punctuation, symbols and control characters dropped, each run of white space one space, none at the ends.
/// "O'Brien-Ünlü  Jr." is "obrienunlu jr". `utf8` must be valid.
std::string fold(std::string_view utf8);

}  // namespace fhir
