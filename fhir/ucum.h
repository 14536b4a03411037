// Units of measure by UCUM (ucum.org/ucum, case-sensitive codes): what a code measures and by how much, exactly. The
// table holds the units of clinical use; a code outside it, or one on a scale that does not begin at zero ("Cel",
// "[degF]",
// "[pH]"), has no value here. An arbitrary unit ("[IU]") is a dimension of its own. Pure functions, safe from any
// thread.
#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "fhir/decimal.h"

namespace fhir {

/// A unit as (numerator / denominator) times base units to whole powers. A fraction, because a minute is exactly 1/60
/// h.
struct Unit {
  enum Base : std::uint8_t { metre, second, gram, radian, kelvin, coulomb, candela, kBases };
  Decimal numerator{1};
  Decimal denominator{1};
  std::array<int, kBases> powers{};
  std::map<std::string, int, std::less<>> arbitrary;  // "[IU]" -> 1; no zero powers

  bool measures_the_same(const Unit& other) const { return powers == other.powers && arbitrary == other.arbitrary; }
};

std::optional<Unit> parse_ucum(std::string_view code);

}  // namespace fhir
