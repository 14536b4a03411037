// Units of measure by UCUM (ucum.org/ucum, case-sensitive codes): whether a code is one, what it measures and by how
// much, exactly. All units of the standard's tables, prefixes and annotations. An arbitrary unit ("[iU]") is a
// dimension of its own. Pure functions, safe from any thread.
#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "fhir/decimal.h"
#include "fhir/result.h"

namespace fhir {

/// A unit as (numerator / denominator) times base units to whole powers. A fraction, because a minute is exactly 1/60
/// h.
struct Unit {
  enum Base : std::uint8_t { metre, second, gram, radian, kelvin, coulomb, candela, kBases };
  Decimal numerator{1};
  Decimal denominator{1};
  std::array<int, kBases> powers{};
  std::map<std::string, int, std::less<>> arbitrary;  // "[iU]" -> 1; no zero powers
  /// Added to a number of this unit before anything else: 273.15 of Cel. 0 of a unit that begins at zero.
  Decimal offset{0};
  /// On a scale that is no multiple of anything (pH, Np, B): the numbers above mean nothing.
  bool logarithmic = false;

  /// A multiple of its base units and nothing else: what can be reckoned with by numerator and denominator alone.
  bool is_ratio() const { return !logarithmic && offset.is_zero(); }
  bool measures_the_same(const Unit& other) const { return powers == other.powers && arbitrary == other.arbitrary; }
  /// Its base units, in the order m, s, g, rad, K, C, cd, then arbitrary ones: "m-3.g"; "1" of a pure number.
  std::string base_text() const;
};

/// Errors: ucum.empty, ucum.size, ucum.syntax, ucum.unknown (no such unit, or it takes no prefix), ucum.special (a unit
/// on a scale of its own, as "Cel", stands alone), ucum.range; `where` is the place in the code, from 1.
Result<Unit> read_ucum(std::string_view code);
std::optional<Unit> parse_ucum(std::string_view code);

/// A number of one unit as one of the other: nothing when they do not measure the same, or are logarithmic. Exact where
/// the result has an end, else to Decimal::kPrecision digits.
std::optional<Decimal> convert(const Decimal& number, const Unit& from, const Unit& to);

}  // namespace fhir
