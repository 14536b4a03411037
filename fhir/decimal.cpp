#include "fhir/decimal.h"

#include <algorithm>
#include <boost/multiprecision/cpp_dec_float.hpp>
#include <boost/multiprecision/cpp_int.hpp>
#include <charconv>
#include <utility>

namespace fhir {
namespace {

using Integer = boost::multiprecision::number<boost::multiprecision::cpp_int_backend<>, boost::multiprecision::et_off>;
using Float = boost::multiprecision::number<boost::multiprecision::cpp_dec_float<50>, boost::multiprecision::et_off>;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string_view take_digits(std::string_view& rest) {
  const auto end = std::ranges::find_if_not(rest, is_digit);
  const std::string_view digits(rest.begin(), end);
  rest.remove_prefix(digits.size());
  return digits;
}

bool take(std::string_view& rest, std::string_view any_of) {
  if (rest.empty() || !any_of.contains(rest.front())) return false;
  rest.remove_prefix(1);
  return true;
}

/// The exponent after its 'e'; nothing when there is no digit or when it is beyond all we take.
std::optional<int> take_exponent(std::string_view& rest) {
  const bool negative = rest.starts_with('-');
  take(rest, "+-");
  const std::string_view digits = take_digits(rest);
  int value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (digits.empty() || error != std::errc() || value > 2 * Decimal::kMaxDigits) return std::nullopt;
  return negative ? -value : value;
}

std::string without_leading_zeros(std::string digits) {
  digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size()));
  return digits.empty() ? "0" : digits;
}

std::string plain_text(bool negative, std::string_view digits, int scale) {
  std::string text(digits);
  const auto places = static_cast<std::size_t>(scale);
  if (places > 0) {
    if (text.size() <= places) text.insert(0, places + 1 - text.size(), '0');
    text.insert(text.size() - places, 1, '.');
  }
  return negative ? "-" + text : text;
}

Integer ten_to(int exponent) { return boost::multiprecision::pow(Integer(10), static_cast<unsigned>(exponent)); }

}  // namespace

/// What needs Boost.Multiprecision, out of sight of the header.
struct DecimalMath {
  static bool within_limits(const std::string& digits, int scale) {
    return digits.size() <= Decimal::kMaxDigits && std::abs(scale) <= Decimal::kMaxDigits;
  }

  static std::optional<Decimal> make(bool negative, std::string digits, int scale) {
    Decimal result;
    result.digits_ = without_leading_zeros(std::move(digits));
    if (scale < 0 && !result.is_zero()) result.digits_.append(static_cast<std::size_t>(-scale), '0');
    result.scale_ = std::max(scale, 0);
    result.negative_ = negative && !result.is_zero();
    result.text_ = plain_text(result.negative_, result.digits_, result.scale_);
    if (!within_limits(result.digits_, result.scale_)) return std::nullopt;
    return result;
  }
  static std::optional<Decimal> make(const Integer& coefficient, int scale) {
    return make(coefficient < 0, abs(coefficient).str(), scale);
  }

  /// The coefficient as if the number had `scale` digits after the point (at least as many as it has).
  static Integer coefficient(const Decimal& d, int scale) {
    Integer value(d.digits_);
    value *= ten_to(scale - d.scale_);
    return d.negative_ ? -value : value;
  }
  static int common_scale(const Decimal& a, const Decimal& b) { return std::max({a.scale_, b.scale_, 0}); }

  /// Drops everything past `places` digits after the point, and says what the first dropped digit was.
  static std::pair<std::string, char> cut(const Decimal& d, int places) {
    const auto dropped = static_cast<std::size_t>(std::max(d.scale_ - places, 0));
    std::string digits = d.digits_;
    if (dropped == 0) return {digits, '0'};
    if (dropped > digits.size()) return {"0", '0'};
    const std::size_t kept = digits.size() - dropped;
    const char first = digits[kept];
    digits.resize(kept);
    return {without_leading_zeros(digits), first};
  }

  static Decimal without_trailing_zeros(const Decimal& d) {
    std::string digits = d.digits_;
    int scale = d.scale_;
    for (; scale > 0 && digits.size() > 1 && digits.back() == '0'; --scale) digits.pop_back();
    return make(d.negative_, std::move(digits), d.is_zero() ? 0 : scale).value_or(d);
  }

  static Float to_float(const Decimal& d) {
    return Float((d.negative_ ? "-" : "") + d.digits_ + "e" + std::to_string(-d.scale_));
  }
  static std::optional<Decimal> from_float(const Float& value) {
    if (!isfinite(value)) return std::nullopt;
    const auto parsed = Decimal::parse(value.str(Decimal::kPrecision - 1, std::ios::scientific));
    if (!parsed) return std::nullopt;
    const auto plain = make(parsed->negative_, parsed->digits_, parsed->scale_);
    return plain ? std::optional(without_trailing_zeros(*plain)) : std::nullopt;
  }

  static std::optional<Decimal> whole_power(Decimal base, std::uint64_t exponent) {
    base = without_trailing_zeros(base);
    std::optional<Decimal> result = Decimal(1);
    std::optional<Decimal> square = base;
    for (; exponent != 0; exponent >>= 1) {
      if (!square) return std::nullopt;
      if ((exponent & 1) != 0) result = result->times(*square);
      if (!result) return std::nullopt;
      if (exponent > 1) square = square->times(*square);
    }
    return result;
  }
};

Decimal::Decimal(std::int64_t value) : negative_(value < 0), text_(std::to_string(value)) {
  digits_ = negative_ ? text_.substr(1) : text_;
}

std::optional<Decimal> Decimal::parse(std::string_view text) {
  std::string_view rest = text;
  Decimal result;
  result.negative_ = take(rest, "-");
  const std::string_view whole = take_digits(rest);
  if (whole.empty() || (whole.size() > 1 && whole.front() == '0')) return std::nullopt;
  std::string_view fraction;
  if (take(rest, ".")) {
    fraction = take_digits(rest);
    if (fraction.empty()) return std::nullopt;
  }
  int exponent = 0;
  if (take(rest, "eE")) {
    const auto taken = take_exponent(rest);
    if (!taken) return std::nullopt;
    exponent = *taken;
  }
  if (!rest.empty() || fraction.size() > std::size_t{2} * kMaxDigits) return std::nullopt;
  result.digits_ = without_leading_zeros(std::string(whole) + std::string(fraction));
  result.scale_ = static_cast<int>(fraction.size()) - exponent;
  if (!DecimalMath::within_limits(result.digits_, result.scale_)) return std::nullopt;
  if (result.is_zero()) result.negative_ = false;
  result.text_ = text;
  return result;
}

std::strong_ordering Decimal::operator<=>(const Decimal& other) const {
  if (negative_ != other.negative_) return negative_ ? std::strong_ordering::less : std::strong_ordering::greater;
  if (negative_) return other.negated() <=> negated();
  if (is_zero() || other.is_zero()) return other.is_zero() <=> is_zero();
  const int magnitude = precision() - scale_, other_magnitude = other.precision() - other.scale_;
  if (magnitude != other_magnitude) return magnitude <=> other_magnitude;
  std::string mine = digits_, theirs = other.digits_;
  const std::size_t length = std::max(mine.size(), theirs.size());
  mine.resize(length, '0');
  theirs.resize(length, '0');
  return mine <=> theirs;
}

bool Decimal::is_integer() const { return truncated() == *this; }

std::optional<std::int64_t> Decimal::to_integer() const {
  const Decimal whole = truncated();
  std::int64_t value = 0;
  const char* end = whole.text_.data() + whole.text_.size();
  const auto [stop, error] = std::from_chars(whole.text_.data(), end, value);
  if (whole != *this || error != std::errc() || stop != end) return std::nullopt;
  return value;
}

std::optional<Decimal> Decimal::plus(const Decimal& other) const {
  const int scale = DecimalMath::common_scale(*this, other);
  return DecimalMath::make(DecimalMath::coefficient(*this, scale) + DecimalMath::coefficient(other, scale), scale);
}

std::optional<Decimal> Decimal::minus(const Decimal& other) const { return plus(other.negated()); }

std::optional<Decimal> Decimal::times(const Decimal& other) const {
  return DecimalMath::make(DecimalMath::coefficient(*this, scale_) * DecimalMath::coefficient(other, other.scale_),
                           scale_ + other.scale_);
}

std::optional<Decimal> Decimal::over(const Decimal& other) const {
  if (other.is_zero()) return std::nullopt;
  // At least kPrecision + 1 digits of quotient and one after the point, so that rounding sees what follows.
  const int shift = std::max({kPrecision + 1 + other.precision() - precision(), 1 - scale_ + other.scale_, 0});
  const Integer quotient =
      DecimalMath::coefficient(*this, scale_ + shift) / DecimalMath::coefficient(other, other.scale_);
  const int scale = scale_ - other.scale_ + shift;
  const std::string digits = abs(quotient).str();
  Decimal exact;
  exact.digits_ = digits;
  exact.scale_ = scale;
  exact.negative_ = quotient < 0;
  const int places = std::max(0, kPrecision - (static_cast<int>(digits.size()) - scale));
  Decimal result = DecimalMath::without_trailing_zeros(exact.rounded(places));
  if (!DecimalMath::within_limits(result.digits_, result.scale_)) return std::nullopt;
  return result;
}

std::optional<Decimal> Decimal::div(const Decimal& other) const {
  if (other.is_zero()) return std::nullopt;
  const int scale = DecimalMath::common_scale(*this, other);
  return DecimalMath::make(DecimalMath::coefficient(*this, scale) / DecimalMath::coefficient(other, scale), 0);
}

std::optional<Decimal> Decimal::mod(const Decimal& other) const {
  if (other.is_zero()) return std::nullopt;
  const int scale = DecimalMath::common_scale(*this, other);
  return DecimalMath::make(DecimalMath::coefficient(*this, scale) % DecimalMath::coefficient(other, scale), scale);
}

Decimal Decimal::negated() const {
  Decimal result = *this;
  if (is_zero()) return result;
  result.negative_ = !negative_;
  result.text_ = negative_ ? text_.substr(1) : "-" + text_;
  return result;
}

Decimal Decimal::truncated() const {
  if (scale_ == 0) return *this;
  return DecimalMath::make(negative_, DecimalMath::cut(*this, 0).first, std::min(scale_, 0)).value_or(*this);
}

Decimal Decimal::floor() const {
  const Decimal whole = truncated();
  return negative_ && whole != *this ? whole.minus(Decimal(1)).value_or(whole) : whole;
}

Decimal Decimal::ceiling() const { return negated().floor().negated(); }

Decimal Decimal::rounded(int places) const {
  if (scale_ <= places) return *this;
  auto [digits, next] = DecimalMath::cut(*this, places);
  if (next >= '5') digits = (Integer(digits) + 1).str();
  return DecimalMath::make(negative_, std::move(digits), places).value_or(*this);
}

namespace {

/// The fence of Boost.Multiprecision's floating point, which may throw on overflow and domain errors.
template <class F>
std::optional<Decimal> approximate(F compute) {
  try {
    return DecimalMath::from_float(compute());
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

}  // namespace

std::optional<Decimal> Decimal::power(const Decimal& exponent) const {
  if (const auto whole = exponent.to_integer()) {
    const auto times = static_cast<std::uint64_t>(*whole);
    if (*whole >= 0) return DecimalMath::whole_power(*this, times);
    const auto inverse = DecimalMath::whole_power(*this, 0 - times);
    return inverse ? Decimal(1).over(*inverse) : std::nullopt;
  }
  if (negative_ || (is_zero() && exponent.negative_)) return std::nullopt;
  if (is_zero()) return Decimal();
  return approximate([&] { return Float(pow(DecimalMath::to_float(*this), DecimalMath::to_float(exponent))); });
}

std::optional<Decimal> Decimal::square_root() const {
  if (negative_) return std::nullopt;
  return approximate([&] { return Float(sqrt(DecimalMath::to_float(*this))); });
}

std::optional<Decimal> Decimal::exponential() const {
  if (absolute() > Decimal(std::int64_t{3} * kMaxDigits)) return std::nullopt;
  return approximate([&] { return Float(exp(DecimalMath::to_float(*this))); });
}

std::optional<Decimal> Decimal::natural_logarithm() const {
  if (negative_ || is_zero()) return std::nullopt;
  return approximate([&] { return Float(log(DecimalMath::to_float(*this))); });
}

std::optional<Decimal> Decimal::logarithm(const Decimal& base) const {
  const bool defined = !negative_ && !is_zero() && !base.negative_ && !base.is_zero() && base != Decimal(1);
  if (!defined) return std::nullopt;
  return approximate([&] { return Float(log(DecimalMath::to_float(*this)) / log(DecimalMath::to_float(base))); });
}

bool equivalent(const Decimal& a, const Decimal& b) {
  const int scale = std::min(a.scale(), b.scale());
  return a.rounded(scale) == b.rounded(scale);
}

}  // namespace fhir
