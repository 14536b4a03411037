// Traditional Han characters and what they are in simplified writing, character by character (Unicode CLDR's
// transform Traditional-Simplified, without its rules for whole words).
#pragma once
#include <string_view>

namespace fhir {

/// Pairs, traditional and simplified, three bytes of UTF-8 each, in the byte order of the first.
extern const std::string_view kSimplified;

}  // namespace fhir
