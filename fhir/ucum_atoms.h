// UCUM's units that are not base units, each by units defined above it (ucum.org/ucum, tables 4 to 24), for ucum.cpp.
#pragma once
#include <cstdint>
#include <span>
#include <string_view>

namespace fhir::ucum {

struct Atom {
  std::string_view code;
  bool metric;              // takes prefixes
  std::string_view factor;  // times
  std::string_view unit;    // this; empty: nothing, a pure number
};

std::span<const Atom> atoms();

/// Arbitrary units (§24): each a dimension of its own. [iU] and [IU] are one.
struct Arbitrary {
  std::string_view code;
  bool metric;
};
std::span<const Arbitrary> arbitrary_units();

/// Units on a scale of their own (§21): a number is shifted first, then times factor and unit; or, when `logarithmic`,
/// in no fixed proportion to anything. They stand alone.
struct Special {
  std::string_view code;
  bool metric;
  bool logarithmic;  // or another function: tangent, root, homeopathic potency
  std::string_view offset;
  std::string_view factor;
  std::string_view unit;  // what it measures
};
std::span<const Special> special_units();

}  // namespace fhir::ucum
