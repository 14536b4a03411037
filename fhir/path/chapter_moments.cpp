#include <fmt/format.h>

#include <chrono>

#include "fhir/datetime.h"
#include "fhir/path/arithmetic.h"
#include "fhir/path/chapters.h"
#include "fhir/path/navigate.h"

namespace fhir::path {
namespace {

// Precision as FHIRPath counts it: the digits of the text. Years have 4, days 8, milliseconds 17; times have 2 to 9.
constexpr int kYear = 4;
constexpr int kMonth = 6;
constexpr int kDay = 8;
constexpr int kHour = 10;
constexpr int kMinute = 12;
constexpr int kSecond = 14;
constexpr int kMillisecond = 17;
constexpr int kDigitsOfDate = 8;   // what a time lacks
constexpr int kDefaultPlaces = 8;  // of a decimal
constexpr int kMostPlaces = 31;

std::optional<DateTime> moment_of(const Value& value) {
  return value.valued && value.is_moment() ? DateTime::parse(value.text) : std::nullopt;
}

std::optional<Time> time_of(const Value& value) {
  return value.valued && value.kind == Kind::time ? Time::parse(value.text) : std::nullopt;
}

/// A part of a date or dateTime; nothing when it is not as precise as that.
Values part(const Call& call, Precision needed, int (DateTime::*of)() const) {
  const std::optional<DateTime> moment = moment_of(call.item());
  if (!moment || moment->precision() < needed) return {};
  return call.one(integer(((*moment).*of)()));
}

/// The same for what a time has as well.
Values part(const Call& call, Precision needed, int (DateTime::*of)() const, int (Time::*of_time)() const) {
  const std::optional<Time> time = time_of(call.item());
  if (!time) return part(call, needed, of);
  return time->precision() < needed ? Values() : call.one(integer(((*time).*of_time)()));
}

std::string_view zone_of(std::string_view text) {
  const std::size_t clock = text.find('T');
  const std::size_t zone = clock == std::string_view::npos ? clock : text.find_first_of("Z+-", clock);
  return zone == std::string_view::npos ? std::string_view() : text.substr(zone);
}

// --- boundaries ------------------------------------------------------------------------------------------------------

int days_in(int year, int month) {
  const auto last = std::chrono::year(year) / std::chrono::month(static_cast<unsigned>(month)) / std::chrono::last;
  return static_cast<int>(static_cast<unsigned>(last.day()));
}

int digits_of(Precision precision, int fraction_digits) {
  switch (precision) {
    case Precision::year: return kYear;
    case Precision::month: return kMonth;
    case Precision::day: return kDay;
    case Precision::hour: return kHour;
    case Precision::minute: return kMinute;
    case Precision::second: return fraction_digits > 0 ? kMillisecond : kSecond;
  }
  return kYear;
}

struct Clock {
  int hour = 0, minute = 0, second = 0, millisecond = 0;
};

/// What is not known becomes the least or the greatest it can be. DateTime and Time share these parts.
template <class Moment>
Clock filled(const Moment& moment, bool high) {
  const auto known = [&](Precision precision) { return moment.precision() >= precision; };
  Clock clock;
  clock.hour = known(Precision::hour) ? moment.hour() : high ? 23 : 0;
  clock.minute = known(Precision::minute) ? moment.minute() : high ? 59 : 0;
  clock.second = known(Precision::second) ? moment.second() : high ? 59 : 0;
  int unknown = 1000;  // milliseconds that the digits of the fraction leave open
  for (int n = 0; n < moment.fraction_digits() && unknown > 1; ++n) unknown /= 10;
  clock.millisecond = moment.nanosecond() / 1'000'000 + (high ? unknown - 1 : 0);
  return clock;
}

std::string text_of(const Clock& clock, int digits) {
  std::string text = fmt::format("{:02}", clock.hour);
  if (digits >= kMinute) text += fmt::format(":{:02}", clock.minute);
  if (digits >= kSecond) text += fmt::format(":{:02}", clock.second);
  if (digits >= kMillisecond) text += fmt::format(".{:03}", clock.millisecond);
  return text;
}

bool is_precision(int digits) {
  return digits == kYear || digits == kMonth || digits == kDay || digits == kHour || digits == kMinute ||
         digits == kSecond || digits == kMillisecond;
}

Values moment_boundary(const Call& call, const DateTime& moment, bool high) {
  const bool date = call.item().kind == Kind::date;
  const std::int64_t wanted = call.has(0) ? call.number(0) : date ? kDay : kMillisecond;
  if (wanted < kYear || wanted > (date ? kDay : kMillisecond) || !is_precision(static_cast<int>(wanted))) return {};
  const int digits = static_cast<int>(wanted);
  const int month = moment.precision() >= Precision::month ? moment.month() : high ? 12 : 1;
  const int day = moment.precision() >= Precision::day ? moment.day() : high ? days_in(moment.year(), month) : 1;
  std::string text = fmt::format("{:04}", moment.year());
  if (digits >= kMonth) text += fmt::format("-{:02}", month);
  if (digits >= kDay) text += fmt::format("-{:02}", day);
  if (digits >= kHour) text += "T" + text_of(filled(moment, high), digits) + std::string(zone_of(call.item().text));
  return call.one(scalar(call.item().kind, call.arena().copy(text)));
}

Values time_boundary(const Call& call, const Time& time, bool high) {
  const std::int64_t wanted = call.has(0) ? call.number(0) : kMillisecond - kDigitsOfDate;
  const std::int64_t digits = wanted + kDigitsOfDate;
  if (wanted < 1 || digits > kMillisecond || !is_precision(static_cast<int>(digits))) return {};
  return call.one(scalar(Kind::time, call.arena().copy(text_of(filled(time, high), static_cast<int>(digits)))));
}

Decimal power_of_ten(int exponent) {
  return *Decimal::parse(exponent < 0 ? fmt::format("0.{:0>{}}", 1, -exponent) : fmt::format("1{:0<{}}", "", exponent));
}

/// The text with exactly so many digits after the point; it has no more of them.
std::string padded(const std::string& text, int places) {
  const std::size_t point = text.find('.');
  const int have = point == std::string::npos ? 0 : static_cast<int>(text.size() - point - 1);
  if (places == 0) return text.substr(0, point);
  return text + (point == std::string::npos ? "." : "") + std::string(static_cast<std::size_t>(places - have), '0');
}

/// The value lies half a unit of its last digit to either side; outwards to the digits asked for.
std::optional<std::string> decimal_boundary(const Decimal& value, int places, bool high) {
  const std::optional<Decimal> half = power_of_ten(-value.scale()).times(*Decimal::parse("0.5"));
  if (!half) return std::nullopt;
  const std::optional<Decimal> edge = high ? value.plus(*half) : value.minus(*half);
  const std::optional<Decimal> scaled = edge ? edge->times(power_of_ten(places)) : std::nullopt;
  if (!scaled) return std::nullopt;
  const Decimal outward = high ? scaled->ceiling() : scaled->floor();
  const std::optional<Decimal> back = outward.times(power_of_ten(-places));
  return back ? std::optional(padded(back->rounded(places).text(), places)) : std::nullopt;
}

Values number_boundary(const Call& call, const Value& value, bool high) {
  const std::int64_t places = call.has(0) ? call.number(0) : kDefaultPlaces;
  const std::optional<Decimal> number = value.valued ? decimal_of(value) : std::nullopt;
  if (!number || places < 0 || places > kMostPlaces) return {};
  const std::optional<std::string> text = decimal_boundary(*number, static_cast<int>(places), high);
  if (!text) return {};
  const std::string_view kept = call.arena().copy(*text);
  return call.one(value.kind == Kind::quantity ? quantity(kept, value.unit) : scalar(Kind::decimal, kept));
}

Values boundary(const Call& call, bool high) {
  const Value value = system_value(call.item());
  if (value.is_number() || value.kind == Kind::quantity) return number_boundary(call, value, high);
  if (const std::optional<DateTime> moment = moment_of(value)) return moment_boundary(call, *moment, high);
  if (const std::optional<Time> time = time_of(value)) return time_boundary(call, *time, high);
  return value.valued ? call.fail("a boundary is of a number, date or time") : Values();
}

/// The instant of the evaluation; a failure when the caller gave none.
std::optional<DateTime> now(const Call& call) {
  const std::optional<DateTime> moment = DateTime::parse(call.evaluator.environment().now);
  if (!moment) call.fail("there is no clock in this evaluation");
  return moment;
}

}  // namespace

Values fn_now(const Call& call) {
  return now(call) ? call.one(scalar(Kind::datetime, call.evaluator.environment().now)) : Values();
}

Values fn_today(const Call& call) {
  const std::optional<DateTime> moment = now(call);
  return moment ? call.one(scalar(Kind::date, call.arena().copy(moment->date().text()))) : Values();
}

namespace {

Values clock_of(const Call& call, std::string_view text) {
  const std::size_t begin = text.find('T');
  if (begin == std::string_view::npos || begin + 1 == text.size()) return {};
  const std::string_view clock = text.substr(begin + 1);
  return call.one(scalar(Kind::time, clock.substr(0, clock.size() - zone_of(text).size())));
}

}  // namespace

Values fn_time_of_day(const Call& call) {
  return now(call) ? clock_of(call, call.evaluator.environment().now) : Values();
}

Values fn_year_of(const Call& call) { return part(call, Precision::year, &DateTime::year); }
Values fn_month_of(const Call& call) { return part(call, Precision::month, &DateTime::month); }
Values fn_day_of(const Call& call) { return part(call, Precision::day, &DateTime::day); }
Values fn_hour_of(const Call& call) { return part(call, Precision::hour, &DateTime::hour, &Time::hour); }
Values fn_minute_of(const Call& call) { return part(call, Precision::minute, &DateTime::minute, &Time::minute); }
Values fn_second_of(const Call& call) { return part(call, Precision::second, &DateTime::second, &Time::second); }

Values fn_millisecond_of(const Call& call) {
  const std::optional<DateTime> moment = moment_of(call.item());
  const std::optional<Time> time = time_of(call.item());
  if (moment && moment->fraction_digits() > 0) return call.one(integer(moment->nanosecond() / 1'000'000));
  if (time && time->fraction_digits() > 0) return call.one(integer(time->nanosecond() / 1'000'000));
  return {};
}

Values fn_timezone_offset_of(const Call& call) {
  const std::optional<DateTime> moment = moment_of(call.item());
  if (!moment || !moment->offset()) return {};
  const std::optional<Decimal> hours = Decimal(*moment->offset()).over(Decimal(60));
  return hours ? call.one(decimal_value(call.arena(), *hours)) : Values();
}

Values fn_date_of(const Call& call) {
  const std::optional<DateTime> moment = moment_of(call.item());
  return moment ? call.one(scalar(Kind::date, call.arena().copy(moment->date().text()))) : Values();
}

Values fn_time_of(const Call& call) {
  return call.item().valued && call.item().kind == Kind::datetime ? clock_of(call, call.item().text) : Values();
}

Values fn_low_boundary(const Call& call) { return boundary(call, false); }
Values fn_high_boundary(const Call& call) { return boundary(call, true); }

Values fn_precision(const Call& call) {
  const Value value = system_value(call.item());
  if (!value.valued) return {};
  if (value.is_number() || value.kind == Kind::quantity) {
    const std::optional<Decimal> number = decimal_of(value);
    return number ? call.one(integer(number->scale())) : Values();
  }
  if (const auto moment = moment_of(value))
    return call.one(integer(digits_of(moment->precision(), moment->fraction_digits())));
  if (const auto time = time_of(value)) {
    return call.one(integer(digits_of(time->precision(), time->fraction_digits()) - kDigitsOfDate));
  }
  return call.fail("precision() is for a number, date or time");
}

}  // namespace fhir::path
