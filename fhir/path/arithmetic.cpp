#include "fhir/path/arithmetic.h"

#include <limits>

#include "fhir/path/navigate.h"
#include "fhir/path/units.h"

namespace fhir::path {
namespace {

class Arithmetic {
 public:
  Arithmetic(Evaluator& evaluator, const Step& step, const Value& left, const Value& right)
      : evaluator_(evaluator), step_(step), a_(system_value(left)), b_(system_value(right)) {}

  Values result() {
    if (!a_.valued || !b_.valued) return {};
    if (a_.kind == Kind::integer && b_.kind == Kind::integer && step_.op != Op::divide) return integers();
    if (a_.is_number() && b_.is_number()) return decimals();
    if (a_.is_moment() || a_.kind == Kind::time) return moment();
    if (a_.kind == Kind::quantity || b_.kind == Kind::quantity) return quantities();
    if (a_.kind == Kind::string && b_.kind == Kind::string && step_.op == Op::add) return joined();
    return wrong();
  }

 private:
  Values wrong() { return evaluator_.fail(step_, "this arithmetic is not defined for these types"); }
  Values one(const Value& value) { return {evaluator_.arena(), value}; }

  Values whole(std::int64_t value) {
    using Limits = std::numeric_limits<std::int32_t>;
    return value < Limits::min() || value > Limits::max() ? Values() : one(integer(value));
  }

  Values integers() {
    const std::int64_t a = a_.number;
    const std::int64_t b = b_.number;
    switch (step_.op) {
      case Op::add: return whole(a + b);
      case Op::subtract: return whole(a - b);
      case Op::multiply: return whole(a * b);
      case Op::div: return b == 0 ? Values() : whole(a / b);
      case Op::mod: return b == 0 ? Values() : whole(a % b);
      default: return wrong();
    }
  }

  // Long multiplication and division: paid by the digits on both sides.
  std::optional<Decimal> calculate(const Decimal& a, const Decimal& b) const {
    constexpr std::uint64_t kDigitsAStep = 64;
    const auto digits = [](const Decimal& number) {
      return static_cast<std::uint64_t>(number.precision() + number.scale());
    };
    if (!evaluator_.charge(step_, digits(a) * digits(b) / kDigitsAStep)) return std::nullopt;
    switch (step_.op) {
      case Op::add: return a.plus(b);
      case Op::subtract: return a.minus(b);
      case Op::multiply: return a.times(b);
      case Op::divide: return a.over(b);
      case Op::div: return a.div(b);
      case Op::mod: return a.mod(b);
      default: return std::nullopt;
    }
  }

  Values decimals() {
    const std::optional<Decimal> a = decimal_of(a_);
    const std::optional<Decimal> b = decimal_of(b_);
    const std::optional<Decimal> value = a && b ? calculate(*a, *b) : std::nullopt;
    if (!value) return {};
    return step_.op == Op::div ? integer_value(evaluator_, value) : one(decimal_value(evaluator_.arena(), *value));
  }

  Values quantities() {
    const bool scaling = step_.op == Op::multiply || step_.op == Op::divide;
    const bool sum = step_.op == Op::add || step_.op == Op::subtract;
    const bool fit = (a_.kind == Kind::quantity || a_.is_number()) && (b_.kind == Kind::quantity || b_.is_number());
    if (!fit || (!scaling && !sum)) return wrong();
    const std::optional<Decimal> a = decimal_of(a_);
    const std::optional<Decimal> b = decimal_of(b_);
    if (!a || !b) return {};
    return scaling ? scaled(*a, *b) : summed(*a, *b);
  }

  static std::string_view unit_of(const Value& value) { return value.kind == Kind::quantity ? value.unit : "1"; }

  Values of_unit(const std::optional<Decimal>& number, std::string_view unit) {
    return number ? one(quantity(evaluator_.arena().copy(number->text()), unit)) : Values();
  }

  // In the unit of the left side, by adding the share that the right side is of it.
  Values summed(const Decimal& a, const Decimal& b) {
    if (unit_of(a_) == unit_of(b_)) return of_unit(calculate(a, b), unit_of(a_));
    const auto common = in_one_unit({Decimal(1), unit_of(a_)}, {b, unit_of(b_)}, false);
    const std::optional<Decimal> share = common ? common->second.over(common->first) : std::nullopt;
    return share ? of_unit(calculate(a, *share), unit_of(a_)) : Values();
  }

  Values scaled(const Decimal& a, const Decimal& b) {
    const std::string_view left = unit_of(a_);
    const std::string_view right = unit_of(b_);
    const bool divide = step_.op == Op::divide;
    if (right == "1") return of_unit(calculate(a, b), left);
    if (is_calendar_word(right) || (is_calendar_word(left) && right != "1")) return {};
    if (left == "1" && !divide) return of_unit(calculate(a, b), right);
    if (left == right && divide) return of_unit(calculate(a, b), "1");
    const std::string unit = divide ? (left == "1" ? "" : std::string(left)) + "/(" + std::string(right) + ")"
                                    : "(" + std::string(left) + ").(" + std::string(right) + ")";
    return of_unit(calculate(a, b), evaluator_.arena().copy(unit));
  }

  Values joined() {
    if (!evaluator_.charge(step_, (a_.text.size() + b_.text.size()) / 64)) return {};
    return one(string(evaluator_.arena().copy(std::string(a_.text) + std::string(b_.text))));
  }

  // Years to days count in whole units; seconds may have a fraction, of which milliseconds are kept.
  std::optional<std::pair<std::int64_t, CalendarUnit>> duration() const {
    const std::optional<CalendarUnit> unit = calendar_unit(b_.unit);
    const std::optional<Decimal> number = decimal_of(b_);
    if (!unit || !number) return std::nullopt;
    const bool seconds = *unit == CalendarUnit::second && !number->is_integer();
    const std::optional<Decimal> count = seconds ? number->times(Decimal(1000)) : number;
    const std::optional<std::int64_t> amount = count ? count->truncated().to_integer() : std::nullopt;
    if (!amount || *amount == std::numeric_limits<std::int64_t>::min()) return std::nullopt;
    return std::pair(step_.op == Op::subtract ? -*amount : *amount, seconds ? CalendarUnit::millisecond : *unit);
  }

  Values moment() {
    if (b_.kind != Kind::quantity || (step_.op != Op::add && step_.op != Op::subtract)) return wrong();
    if (!calendar_unit(b_.unit)) return evaluator_.fail(step_, "this unit cannot be added to a date or time");
    const auto amount = duration();
    if (!amount) return {};
    const auto moved = [&](const auto& from) -> std::optional<std::string> {
      const auto later = from ? from->plus(amount->first, amount->second) : std::nullopt;
      return later ? std::optional(later->text()) : std::nullopt;
    };
    const std::optional<std::string> text =
        a_.kind == Kind::time ? moved(Time::parse(a_.text)) : moved(DateTime::parse(a_.text));
    return text ? one(scalar(a_.kind, evaluator_.arena().copy(*text))) : Values();
  }

  Evaluator& evaluator_;
  const Step& step_;
  const Value a_;
  const Value b_;
};

}  // namespace

Values arithmetic(Evaluator& evaluator, const Step& step, const Value& left, const Value& right) {
  return Arithmetic(evaluator, step, left, right).result();
}

std::optional<Decimal> decimal_of(const Value& value) {
  if (value.kind == Kind::integer) return Decimal(value.number);
  if (value.kind == Kind::quantity && value.text.empty()) return Decimal(value.number);
  return Decimal::parse(value.text);
}

Value decimal_value(Arena& arena, const Decimal& value) { return scalar(Kind::decimal, arena.copy(value.text())); }

Values integer_value(Evaluator& evaluator, const std::optional<Decimal>& value) {
  const std::optional<std::int64_t> whole = value ? value->to_integer() : std::nullopt;
  using Limits = std::numeric_limits<std::int32_t>;
  if (!whole || *whole < Limits::min() || *whole > Limits::max()) return {};
  return {evaluator.arena(), integer(*whole)};
}

}  // namespace fhir::path
