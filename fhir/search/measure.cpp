#include "fhir/search/measure.h"

#include <algorithm>
#include <map>

#include "fhir/definitions/definitions.h"
#include "fhir/ucum.h"

namespace fhir::search {
namespace {

constexpr std::string_view kUcum = "http://unitsofmeasure.org";
constexpr std::string_view kCurrency = "urn:iso:std:iso:4217";
constexpr int kDigits = 15;

/// A comparator opens a side (search.html#quantity): "<5" may be anything below 5.
NumberRange opened(const NumberRange& range, std::string_view comparator, const Decimal& value) {
  if (comparator == "<") return {std::nullopt, value};
  if (comparator == "<=") return {std::nullopt, range.high};
  if (comparator == ">") return {value, std::nullopt};
  if (comparator == ">=") return {range.low, std::nullopt};
  return range;
}

std::optional<NumberRange> range_of(JsonView quantity) {
  const std::string_view text = quantity["value"].text();
  const std::optional<NumberRange> range = rounding_range(text);
  return range ? std::optional(opened(*range, quantity["comparator"].text(), *Decimal::parse(text))) : std::nullopt;
}

/// A unit once for each thread and code: records of one site use few, and a code is reckoned out in microseconds. Its
/// fraction is brought to one number where that is exact.
const std::optional<Unit>& unit_of(std::string_view code) {
  constexpr std::size_t kMost = 256;
  thread_local std::map<std::string, std::optional<Unit>, std::less<>> known;
  if (const auto found = known.find(code); found != known.end()) return found->second;
  if (known.size() >= kMost) known.clear();
  std::optional<Unit> unit = parse_ucum(code);
  if (unit) {
    const std::optional<Decimal> whole = unit->numerator.over(unit->denominator);
    if (whole && whole->times(unit->denominator) == unit->numerator) {
      unit->numerator = *whole;
      unit->denominator = Decimal(1);
    }
  }
  return known.emplace(code, std::move(unit)).first->second;
}

std::optional<Decimal> in_base(const std::optional<Decimal>& number, const Unit& unit) {
  const std::optional<Decimal> shifted = number ? number->plus(unit.offset) : std::nullopt;
  const std::optional<Decimal> product = shifted ? shifted->times(unit.numerator) : std::nullopt;
  return product ? quotient(*product, unit.denominator, kDigits) : std::nullopt;
}

void add_canonical(Quantity& quantity) {
  if (quantity.system != kUcum) return;
  const std::optional<Unit>& unit = unit_of(quantity.code);
  if (!unit || unit->logarithmic) return;
  const NumberRange base{in_base(quantity.range.low, *unit), in_base(quantity.range.high, *unit)};
  const bool lost = (quantity.range.low && !base.low) || (quantity.range.high && !base.high);
  if (!lost) quantity.canonical = Canonical{base, unit->base_text()};
}

Quantity with_unit(NumberRange range, JsonView from) {
  Quantity quantity{std::move(range), from["system"].text(), from["code"].text(), from["unit"].text(), std::nullopt};
  add_canonical(quantity);
  return quantity;
}

std::optional<Quantity> of_range(JsonView node) {
  const auto low = range_of(node["low"]), high = range_of(node["high"]);
  if (!low && !high) return std::nullopt;
  return with_unit({low ? low->low : std::nullopt, high ? high->high : std::nullopt}, low ? node["low"] : node["high"]);
}

/// The bounds of the values: "just search on the bounds of the values in sampled data" (Observation's value-quantity).
/// A value is a number times factor plus origin; E is none, L and U stand for the limits.
std::optional<Quantity> of_samples(JsonView node) {
  const std::optional<Decimal> origin = Decimal::parse(node["origin"]["value"].text());
  const Decimal factor = Decimal::parse(node["factor"].text()).value_or(Decimal(1));
  NumberRange bounds;
  std::string_view rest = node["data"].text();
  while (origin && !rest.empty()) {
    const std::size_t space = std::min(rest.find(' '), rest.size());
    std::string_view sample = rest.substr(0, space);
    rest.remove_prefix(std::min(space + 1, rest.size()));
    if (sample == "L") sample = node["lowerLimit"].text();
    if (sample == "U") sample = node["upperLimit"].text();
    const std::optional<Decimal> number = Decimal::parse(sample);
    const std::optional<Decimal> product = number ? number->times(factor) : std::nullopt;
    const std::optional<Decimal> value = product ? product->plus(*origin) : std::nullopt;
    if (!value) continue;
    if (!bounds.low || *value < *bounds.low) bounds.low = value;
    if (!bounds.high || *value > *bounds.high) bounds.high = value;
  }
  return bounds.low ? std::optional(with_unit(std::move(bounds), node["origin"])) : std::nullopt;
}

std::optional<Quantity> of_money(JsonView node) {
  const std::optional<NumberRange> range = rounding_range(node["value"].text());
  if (!range) return std::nullopt;
  const std::string_view currency = node["currency"].text();
  return Quantity{*range, currency.empty() ? std::string_view() : kCurrency, currency, {}, std::nullopt};
}

}  // namespace

std::optional<Quantity> quantity_of(std::string_view type, JsonView node) {
  if (type == "Range") return of_range(node);
  if (type == "Money") return of_money(node);
  if (type == "SampledData") return of_samples(node);
  if (!is_a(type, "Quantity")) return std::nullopt;
  auto range = range_of(node);
  return range ? std::optional(with_unit(*std::move(range), node)) : std::nullopt;
}

}  // namespace fhir::search
