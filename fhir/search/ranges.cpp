#include "fhir/search/ranges.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>

namespace fhir::search {
namespace {

using std::chrono::days;
using std::chrono::months;
using std::chrono::years;

std::int64_t seconds_of(std::chrono::year_month_day date, const DateTime& time) {
  const std::int64_t day = std::chrono::sys_days(date).time_since_epoch().count();
  return ((day * 24 + time.hour()) * 60 + time.minute()) * 60 + time.second();
}

/// The length of one unit of the last digit of the fraction, in nanoseconds.
std::int32_t fraction_unit(int digits) {
  std::int32_t unit = 1'000'000'000;
  for (int n = 0; n < std::min(digits, 9); ++n) unit /= 10;
  return unit;
}

Moment later(Moment moment, std::int32_t nanoseconds) {
  moment.nanoseconds += nanoseconds;
  if (moment.nanoseconds < 1'000'000'000) return moment;
  return {moment.seconds + 1, moment.nanoseconds - 1'000'000'000};
}

Moment end_of(const DateTime& time, std::chrono::year_month_day date, Moment low) {
  const std::int64_t shift = low.seconds - seconds_of(date, time);
  const auto midnight = [&](std::chrono::sys_days day) {
    return Moment{std::chrono::sys_seconds(day).time_since_epoch().count() + shift, 0};
  };
  switch (time.precision()) {
    case Precision::year: return midnight(std::chrono::sys_days(date + years(1)));
    case Precision::month: return midnight(std::chrono::sys_days(date + months(1)));
    case Precision::day: return midnight(std::chrono::sys_days(date) + days(1));
    case Precision::hour: return {low.seconds + 3600, 0};
    case Precision::minute: return {low.seconds + 60, 0};
    case Precision::second: break;
  }
  return time.fraction_digits() == 0 ? Moment{low.seconds + 1, 0} : later(low, fraction_unit(time.fraction_digits()));
}

/// The power of ten that the last digit counts: -2 of "0.80", 1 of "1.0e2".
std::optional<int> last_place(std::string_view text) {
  const std::size_t mark = std::min(text.find_first_of("eE"), text.size());
  const std::size_t point = std::min(text.find('.'), mark);
  int exponent = 0;
  if (mark < text.size()) {
    std::string_view digits = text.substr(mark + 1);
    if (digits.starts_with('+')) digits.remove_prefix(1);
    const auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), exponent);
    if (fault != std::errc()) return std::nullopt;
  }
  const std::size_t fraction = point < mark ? mark - point - 1 : 0;
  return exponent - static_cast<int>(fraction);
}

/// The power of ten that the first digit of a positive number counts.
int first_place(const Decimal& number) {
  const std::string text = plain(number);
  const auto point = static_cast<int>(std::min(text.find('.'), text.size()));
  const auto first = static_cast<int>(text.find_first_of("123456789"));
  return first < point ? point - first - 1 : point - first;
}

std::optional<Decimal> times_ten_to(const Decimal& number, int exponent) {
  const std::optional<Decimal> power = Decimal::parse(fmt::format("1e{}", exponent));
  return power ? number.times(*power) : std::nullopt;
}

}  // namespace

std::string Moment::text() const {
  const std::chrono::sys_seconds whole{std::chrono::seconds(seconds)};
  const auto day = std::chrono::floor<days>(whole);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(whole - day);
  std::string fraction = nanoseconds == 0 ? std::string() : fmt::format(".{:09}", nanoseconds);
  fraction.resize(fraction.find_last_not_of('0') + 1);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{}Z", int{date.year()}, unsigned{date.month()},
                     unsigned{date.day()}, time.hours().count(), time.minutes().count(), time.seconds().count(),
                     fraction);
}

std::optional<Span> span_of(std::string_view text, int zone) {
  const std::optional<DateTime> time = DateTime::parse(text);
  if (!time) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(time->year()),
                                         std::chrono::month(static_cast<unsigned>(time->month())),
                                         std::chrono::day(static_cast<unsigned>(time->day()))};
  const Moment low{seconds_of(date, *time) - std::int64_t{60} * time->offset().value_or(zone), time->nanosecond()};
  return Span{low, end_of(*time, date, low)};
}

std::optional<NumberRange> rounding_range(std::string_view text) {
  const std::optional<Decimal> number = Decimal::parse(text);
  const std::optional<int> place = number ? last_place(text) : std::nullopt;
  const std::optional<Decimal> half = place ? Decimal::parse(fmt::format("5e{}", *place - 1)) : std::nullopt;
  if (!half) return std::nullopt;
  return NumberRange{number->minus(*half), number->plus(*half)};
}

std::optional<NumberRange> exact_range(std::string_view text) {
  const std::optional<Decimal> number = Decimal::parse(text);
  return number ? std::optional(NumberRange{number, number}) : std::nullopt;
}

std::string plain(const Decimal& number) {
  std::string text = number.plus(Decimal(0)).value_or(number).text();
  if (!text.contains('.')) return text;
  text.resize(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text;
}

std::optional<Decimal> quotient(const Decimal& above, const Decimal& below, int digits) {
  if (above.precision() <= digits && below == Decimal(1)) return above;
  std::optional<Decimal> whole = above.over(below);
  if (!whole || whole->is_zero()) return whole;
  const int place = first_place(whole->absolute()) - (digits - 1);
  const std::optional<Decimal> scaled = times_ten_to(whole->absolute(), -place);
  if (!scaled) return std::nullopt;
  const Decimal floor = scaled->truncated();
  const auto order = *scaled->minus(floor) <=> *Decimal::parse("0.5");
  // over() has more digits than are asked for, but not all: what looks like a half may be a little more or less.
  const auto beyond = (above.absolute() <=> *whole->absolute().times(below.absolute()));
  const bool odd = floor.to_integer().value_or(0) % 2 != 0;
  const bool up = order > 0 || (order == 0 && (beyond > 0 || (beyond == 0 && odd)));
  const std::optional<Decimal> rounded = times_ten_to(up ? *floor.plus(Decimal(1)) : floor, place);
  return rounded && whole->is_negative() ? std::optional(rounded->negated()) : rounded;
}

}  // namespace fhir::search
