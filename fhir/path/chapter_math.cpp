#include "fhir/path/arithmetic.h"
#include "fhir/path/chapters.h"
#include "fhir/path/navigate.h"

namespace fhir::path {
namespace {

constexpr int kMostPlaces = 1000;

/// A number or quantity in, the same out: the function works on the number, the unit stays.
template <class Work>
Values on_number(const Call& call, bool whole, Work work) {
  const Value value = system_value(call.item());
  if (!value.is_number() && value.kind != Kind::quantity) {
    return call.fail(std::string(call.step.function->name) + "() is for a number or quantity");
  }
  const std::optional<Decimal> number = value.valued ? decimal_of(value) : std::nullopt;
  if (!number) return {};
  const Decimal result = work(*number);
  if (value.kind == Kind::quantity) return call.one(quantity(call.arena().copy(result.text()), value.unit));
  if (whole) return integer_value(call.evaluator, result);
  return call.one(decimal_value(call.arena(), result));
}

Values decimal_or_nothing(const Call& call, const std::optional<Decimal>& value) {
  return value ? call.one(decimal_value(call.arena(), *value)) : Values();
}

/// The number the function is called on, after paying for a series of long multiplications.
std::optional<Decimal> input(const Call& call) {
  constexpr std::uint64_t kSteps = 200;
  const std::optional<Decimal> number = decimal_of(call.item());
  const auto digits = number ? static_cast<std::uint64_t>(number->precision() + number->scale()) : 0;
  return call.evaluator.charge(call.step, kSteps + digits) ? number : std::nullopt;
}

/// The number in the argument; a failure when it is there and no number.
std::optional<Decimal> operand(const Call& call) {
  if (call.arguments[0].empty() || !call.argument(0).valued) return std::nullopt;
  if (call.argument(0).is_number()) return decimal_of(call.argument(0));
  call.fail(std::string(call.step.function->name) + "() got an argument that is no number");
  return std::nullopt;
}

}  // namespace

Values fn_abs(const Call& call) {
  const bool whole = call.item().kind == Kind::integer;
  return on_number(call, whole, [](const Decimal& number) { return number.absolute(); });
}

Values fn_ceiling(const Call& call) {
  return on_number(call, true, [](const Decimal& number) { return number.ceiling(); });
}

Values fn_floor(const Call& call) {
  return on_number(call, true, [](const Decimal& number) { return number.floor(); });
}

Values fn_truncate(const Call& call) {
  return on_number(call, true, [](const Decimal& number) { return number.truncated(); });
}

Values fn_round(const Call& call) {
  const std::int64_t places = call.has(0) ? call.number(0) : 0;
  if (places < 0) return call.fail("round() got a negative number of digits");
  const int kept = places > kMostPlaces ? kMostPlaces : static_cast<int>(places);
  return on_number(call, false, [kept](const Decimal& number) { return number.rounded(kept); });
}

Values fn_exp(const Call& call) {
  const std::optional<Decimal> number = input(call);
  return number ? decimal_or_nothing(call, number->exponential()) : Values();
}

Values fn_ln(const Call& call) {
  const std::optional<Decimal> number = input(call);
  return number ? decimal_or_nothing(call, number->natural_logarithm()) : Values();
}

Values fn_sqrt(const Call& call) {
  const std::optional<Decimal> number = input(call);
  return number ? decimal_or_nothing(call, number->square_root()) : Values();
}

Values fn_log(const Call& call) {
  const std::optional<Decimal> number = input(call);
  const std::optional<Decimal> base = operand(call);
  return number && base ? decimal_or_nothing(call, number->logarithm(*base)) : Values();
}

// N1: of two integers the power is an integer, where it is one.
Values fn_power(const Call& call) {
  const std::optional<Decimal> number = input(call);
  const std::optional<Decimal> exponent = operand(call);
  const std::optional<Decimal> result = number && exponent ? number->power(*exponent) : std::nullopt;
  const bool integers = call.item().kind == Kind::integer && exponent && call.argument(0).kind == Kind::integer;
  if (integers && result && result->is_integer()) return integer_value(call.evaluator, result);
  return decimal_or_nothing(call, result);
}

}  // namespace fhir::path
