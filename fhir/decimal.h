// A decimal as FHIR means it: exact, and it keeps its digits (1.10 stays 1.10, and equals 1.1 in value).
// R4 datatypes.html#decimal; arithmetic as FHIRPath N1 §6.6 needs it. A value type, safe to copy between threads.
// Nothing throws: an operation without a result (division by zero, the root of a negative number, a result past
// kMaxDigits) yields nothing, which is FHIRPath's empty collection.
#pragma once
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace fhir {

class Decimal {
 public:
  /// Digits of a coefficient, and places before or after the point, that are still taken. What lies beyond is no
  /// measurement but an attempt to exhaust us.
  static constexpr int kMaxDigits = 1000;
  /// Significant digits of results that have no end (1/3, roots, logarithms).
  static constexpr int kPrecision = 28;

  Decimal() = default;  // 0
  explicit Decimal(std::int64_t value);
  /// The number grammar of JSON (so no leading '+', no leading zeros, exponent allowed).
  static std::optional<Decimal> parse(std::string_view text);

  /// As parsed; of a computed value plain digits without exponent.
  const std::string& text() const { return text_; }
  bool is_negative() const { return negative_; }
  bool is_zero() const { return digits_ == "0"; }
  /// Digits after the point, trailing zeros included.
  int scale() const { return scale_ > 0 ? scale_ : 0; }
  /// Significant digits as written, without leading zeros.
  int precision() const { return static_cast<int>(digits_.size()); }
  bool is_integer() const;
  /// The value, when it is a whole number that fits.
  std::optional<std::int64_t> to_integer() const;

  // By value: 1.0 == 1.00.
  std::strong_ordering operator<=>(const Decimal& other) const;
  bool operator==(const Decimal& other) const { return (*this <=> other) == 0; }

  std::optional<Decimal> plus(const Decimal& other) const;   // exact
  std::optional<Decimal> minus(const Decimal& other) const;  // exact
  std::optional<Decimal> times(const Decimal& other) const;  // exact
  std::optional<Decimal> over(const Decimal& other) const;   // to kPrecision significant digits
  std::optional<Decimal> div(const Decimal& other) const;    // whole quotient, towards zero
  std::optional<Decimal> mod(const Decimal& other) const;    // what div leaves; sign of the dividend
  Decimal negated() const;
  Decimal absolute() const { return negative_ ? negated() : *this; }
  Decimal truncated() const;
  Decimal floor() const;
  Decimal ceiling() const;
  /// To so many digits after the point, halves away from zero; a number with fewer digits is not padded.
  Decimal rounded(int places = 0) const;
  std::optional<Decimal> power(const Decimal& exponent) const;  // exact for a whole exponent of 0 and more
  std::optional<Decimal> square_root() const;
  std::optional<Decimal> exponential() const;
  std::optional<Decimal> natural_logarithm() const;
  std::optional<Decimal> logarithm(const Decimal& base) const;

 private:
  friend struct DecimalMath;
  bool negative_ = false;     // never for zero
  std::string digits_ = "0";  // the coefficient, without leading zeros
  int scale_ = 0;             // value = digits * 10^-scale
  std::string text_ = "0";
};

/// FHIRPath's `~`: equal after rounding to the scale of the one that has fewer digits after the point.
bool equivalent(const Decimal& a, const Decimal& b);

}  // namespace fhir
