#include <algorithm>
#include <array>
#include <charconv>

#include "fhir/path/arithmetic.h"
#include "fhir/path/chapters.h"
#include "fhir/path/items.h"
#include "fhir/path/navigate.h"
#include "fhir/path/units.h"

namespace fhir::path {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// The length of (+|-)?\d+ (and (\.\d+)? when `point`) at the start of the text; 0 when it is not there.
std::size_t number_length(std::string_view text, bool point) {
  std::size_t n = !text.empty() && (text[0] == '+' || text[0] == '-') ? 1 : 0;
  const std::size_t first = n;
  while (n < text.size() && is_digit(text[n])) ++n;
  if (n == first) return 0;
  if (!point || n + 1 >= text.size() || text[n] != '.' || !is_digit(text[n + 1])) return n;
  for (++n; n < text.size() && is_digit(text[n]);) ++n;
  return n;
}

/// As JSON writes the number: no plus, no leading zeros.
std::string json_digits(std::string_view text) {
  const bool minus = text.starts_with('-');
  if (minus || text.starts_with('+')) text.remove_prefix(1);
  while (text.size() > 1 && text[0] == '0' && is_digit(text[1])) text.remove_prefix(1);
  return (minus ? "-" : "") + std::string(text);
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return lower;
}

std::optional<bool> truth_of(std::string_view text) {
  constexpr std::array<std::string_view, 6> kTrue = {"true", "t", "yes", "y", "1", "1.0"};
  constexpr std::array<std::string_view, 6> kFalse = {"false", "f", "no", "n", "0", "0.0"};
  const std::string lower = lower_case(text);
  if (std::ranges::find(kTrue, lower) != kTrue.end()) return true;
  if (std::ranges::find(kFalse, lower) != kFalse.end()) return false;
  return std::nullopt;
}

std::optional<bool> truth_of(const Value& value) {
  switch (value.kind) {
    case Kind::boolean: return value.number != 0;
    case Kind::string: return truth_of(value.text);
    case Kind::integer:
    case Kind::decimal: {
      const std::optional<Decimal> number = decimal_of(value);
      if (number == Decimal(1)) return true;
      return number == Decimal(0) ? std::optional(false) : std::nullopt;
    }
    default: return std::nullopt;
  }
}

std::optional<Decimal> decimal_in(std::string_view text) {
  return !text.empty() && number_length(text, true) == text.size() ? Decimal::parse(json_digits(text)) : std::nullopt;
}

Values system_copy(const Call& call, Kind kind, std::string_view text) { return call.one(scalar(kind, text)); }

/// "4 days", "10 'mg'", "3": number, blanks, a calendar word or a quoted unit.
std::optional<Value> quantity_in(const Call& call, std::string_view text) {
  const std::size_t digits = number_length(text, true);
  if (digits == 0) return std::nullopt;
  const std::string number = json_digits(text.substr(0, digits));
  std::string_view unit = text.substr(digits);
  unit.remove_prefix(std::min(unit.find_first_not_of(" \t\r\n"), unit.size()));
  const bool quoted = unit.size() > 2 && unit.starts_with('\'') && unit.find('\'', 1) == unit.size() - 1;
  if (quoted)
    unit = unit.substr(1, unit.size() - 2);
  else if (!unit.empty() && !is_calendar_word(unit))
    return std::nullopt;
  if (!Decimal::parse(number)) return std::nullopt;
  return quantity(call.arena().copy(number), unit.empty() ? "1" : unit);
}

std::optional<Value> quantity_of(const Call& call) {
  const Value value = system_value(call.item());
  switch (value.kind) {
    case Kind::quantity: return value;
    case Kind::boolean: return quantity(value.number != 0 ? "1.0" : "0.0", "1");
    case Kind::string: return quantity_in(call, value.text);
    case Kind::integer: return quantity(call.arena().copy(std::to_string(value.number)), "1");
    case Kind::decimal: return quantity(value.text, "1");
    default: return std::nullopt;
  }
}

Values in_unit(const Call& call, const Value& value, std::string_view unit) {
  if (value.unit == "1") return call.one(quantity(value.text, unit));
  const std::optional<Decimal> number = decimal_of(value);
  const auto pair = number ? in_one_unit({Decimal(1), unit}, {*number, value.unit}, false) : std::nullopt;
  const std::optional<Decimal> converted = pair ? pair->second.over(pair->first) : std::nullopt;
  return converted ? call.one(quantity(call.arena().copy(converted->text()), unit)) : Values();
}

Values converts(const Call& call, Values (*to)(const Call&)) {
  const bool possible = !to(call).empty();
  return call.evaluator.failed() ? Values() : call.truth(possible);
}

}  // namespace

Values fn_iif(const Call& call) {
  if (call.input.size() > 1) return call.fail("iif() is for one item, not several");
  const std::int64_t index = call.scope.index;
  const std::optional<bool> chosen = call.evaluator.criterion(call.step, call.apply(0, call.input, index));
  if (call.evaluator.failed()) return {};
  if (chosen == true) return call.apply(1, call.input, index);
  return call.has(2) ? call.apply(2, call.input, index) : Values();
}

Values fn_to_boolean(const Call& call) {
  const std::optional<bool> value = call.item().valued ? truth_of(call.item()) : std::nullopt;
  return value ? call.truth(*value) : Values();
}

Values fn_to_integer(const Call& call) {
  const Value& value = call.item();
  if (!value.valued) return {};
  if (value.kind == Kind::integer || value.kind == Kind::boolean) return call.one(integer(value.number));
  const bool digits =
      value.kind == Kind::string && !value.text.empty() && number_length(value.text, false) == value.text.size();
  return digits ? integer_value(call.evaluator, Decimal::parse(json_digits(value.text))) : Values();
}

Values fn_to_decimal(const Call& call) {
  const Value& value = call.item();
  if (!value.valued) return {};
  switch (value.kind) {
    case Kind::decimal: return system_copy(call, Kind::decimal, value.text);
    case Kind::boolean: return system_copy(call, Kind::decimal, value.number != 0 ? "1.0" : "0.0");
    case Kind::integer: return system_copy(call, Kind::decimal, call.arena().copy(std::to_string(value.number)));
    case Kind::string: break;
    default: return {};
  }
  const std::optional<Decimal> number = decimal_in(value.text);
  return number ? call.one(decimal_value(call.arena(), *number)) : Values();
}

Values fn_to_string(const Call& call) {
  const Value value = system_value(call.item());
  if (!value.valued || value.kind == Kind::node || value.kind == Kind::type_info) return {};
  if (value.kind == Kind::quantity) return call.made(quantity_text(value.text, value.unit));
  return call.made(text_of(value));
}

Values fn_to_date(const Call& call) {
  const Value& value = call.item();
  if (!value.valued || (!value.is_moment() && value.kind != Kind::string)) return {};
  const std::optional<DateTime> moment = DateTime::parse(value.text);
  const bool longer = value.kind == Kind::string && value.text.find('T') != std::string_view::npos;
  if (!moment || longer) return {};
  return system_copy(call, Kind::date, call.arena().copy(moment->date().text()));
}

Values fn_to_date_time(const Call& call) {
  const Value& value = call.item();
  const bool suitable = value.valued && (value.is_moment() || value.kind == Kind::string);
  return suitable && DateTime::parse(value.text) ? system_copy(call, Kind::datetime, value.text) : Values();
}

Values fn_to_time(const Call& call) {
  const Value& value = call.item();
  const bool suitable = value.valued && (value.kind == Kind::time || value.kind == Kind::string);
  return suitable && Time::parse(value.text) ? system_copy(call, Kind::time, value.text) : Values();
}

Values fn_to_quantity(const Call& call) {
  if (!call.item().valued) return {};
  const std::optional<Value> value = quantity_of(call);
  if (!value) return {};
  return call.has(0) ? in_unit(call, *value, call.text(0)) : call.one(*value);
}

Values fn_converts_to_boolean(const Call& call) { return converts(call, fn_to_boolean); }
Values fn_converts_to_integer(const Call& call) { return converts(call, fn_to_integer); }
Values fn_converts_to_decimal(const Call& call) { return converts(call, fn_to_decimal); }
Values fn_converts_to_string(const Call& call) { return converts(call, fn_to_string); }
Values fn_converts_to_date(const Call& call) { return converts(call, fn_to_date); }
Values fn_converts_to_date_time(const Call& call) { return converts(call, fn_to_date_time); }
Values fn_converts_to_time(const Call& call) { return converts(call, fn_to_time); }
Values fn_converts_to_quantity(const Call& call) { return converts(call, fn_to_quantity); }

}  // namespace fhir::path
