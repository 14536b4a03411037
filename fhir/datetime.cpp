#include "fhir/datetime.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace fhir {
namespace {

using namespace std::chrono;

constexpr int kFarthestZone = 14 * 60;  // minutes from UTC
constexpr milliseconds kDay = hours(24);

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Reads `width` digits whose value lies in [low, high].
std::optional<int> take_number(std::string_view& rest, std::size_t width, int low, int high) {
  if (rest.size() < width || !std::ranges::all_of(rest.substr(0, width), is_digit)) return std::nullopt;
  int value = 0;
  for (const char c : rest.substr(0, width)) value = value * 10 + (c - '0');
  if (value < low || value > high) return std::nullopt;
  rest.remove_prefix(width);
  return value;
}

bool take(std::string_view& rest, char c) {
  if (!rest.starts_with(c)) return false;
  rest.remove_prefix(1);
  return true;
}

struct Clock {
  Precision precision = Precision::hour;
  int hour = 0, minute = 0, second = 0, nanosecond = 0, fraction_digits = 0;
};

bool take_fraction(std::string_view& rest, Clock& clock) {
  if (!take(rest, '.')) return true;
  const auto end = std::ranges::find_if_not(rest, is_digit);
  const auto digits = static_cast<std::size_t>(end - rest.begin());
  if (digits == 0) return false;
  std::string nine(rest.substr(0, std::min<std::size_t>(digits, 9)));
  clock.fraction_digits = static_cast<int>(nine.size());
  nine.resize(9, '0');
  for (const char c : nine) clock.nanosecond = clock.nanosecond * 10 + (c - '0');
  rest.remove_prefix(digits);
  return true;
}

std::optional<Clock> take_clock(std::string_view& rest) {
  Clock clock;
  const auto hour = take_number(rest, 2, 0, 23);
  if (!hour) return std::nullopt;
  clock.hour = *hour;
  if (!take(rest, ':')) return clock;
  const auto minute = take_number(rest, 2, 0, 59);
  if (!minute) return std::nullopt;
  clock.minute = *minute;
  clock.precision = Precision::minute;
  if (!take(rest, ':')) return clock;
  const auto second = take_number(rest, 2, 0, 60);  // 60: a leap second
  if (!second) return std::nullopt;
  clock.second = *second;
  clock.precision = Precision::second;
  return take_fraction(rest, clock) ? std::optional(clock) : std::nullopt;
}

/// Minutes east of UTC.
std::optional<int> take_zone(std::string_view& rest) {
  if (take(rest, 'Z')) return 0;
  const bool west = rest.starts_with('-');
  if (!take(rest, '+') && !take(rest, '-')) return std::nullopt;
  const auto hour = take_number(rest, 2, 0, 14);
  if (!hour || !take(rest, ':')) return std::nullopt;
  const auto minute = take_number(rest, 2, 0, 59);
  if (!minute || *hour * 60 + *minute > kFarthestZone) return std::nullopt;
  return (west ? -1 : 1) * (*hour * 60 + *minute);
}

std::string clock_text(const Clock& clock) {
  std::string text = fmt::format("{:02}", clock.hour);
  if (clock.precision >= Precision::minute) text += fmt::format(":{:02}", clock.minute);
  if (clock.precision >= Precision::second) text += fmt::format(":{:02}", clock.second);
  if (clock.fraction_digits > 0)
    text += "." + fmt::format("{:09}", clock.nanosecond).substr(0, static_cast<std::size_t>(clock.fraction_digits));
  return text;
}

/// year, month, day, hour, minute, second with its fraction; as many of them as the precision says are known.
using Components = std::array<std::int64_t, 6>;

std::partial_ordering compare(const Components& a, Precision known_a, const Components& b, Precision known_b) {
  const auto known = static_cast<std::size_t>(std::min(known_a, known_b));
  for (std::size_t i = 0; i <= known; ++i)
    if (a[i] != b[i]) return a[i] <=> b[i];
  return known_a == known_b ? std::partial_ordering::equivalent : std::partial_ordering::unordered;
}

/// Weeks and finer, as time; nothing for years and months, which have no fixed length, and for absurd amounts.
std::optional<milliseconds> duration_of(std::int64_t amount, CalendarUnit unit) {
  constexpr std::int64_t kFarthest = 10'000LL * 366 * 24 * 60 * 60 * 1000;
  constexpr std::array<std::int64_t, 6> kLength = {7 * kDay.count(), kDay.count(), 3'600'000, 60'000, 1'000, 1};
  if (unit < CalendarUnit::week) return std::nullopt;
  const std::int64_t length = kLength[static_cast<std::size_t>(unit) - static_cast<std::size_t>(CalendarUnit::week)];
  if (amount > kFarthest / length || amount < -kFarthest / length) return std::nullopt;
  return milliseconds(amount * length);
}

/// The part of `time` that a value of that precision can take up.
milliseconds whole_units(milliseconds time, Precision precision) {
  switch (precision) {
    case Precision::hour: return duration_cast<hours>(time);
    case Precision::minute: return duration_cast<minutes>(time);
    case Precision::second: return time;
    default: return duration_cast<days>(time);
  }
}

}  // namespace

struct DateTimeMath {
  template <class T>
  static Clock clock_of(const T& t) {
    return {t.precision_, t.hour_, t.minute_, t.second_, t.nanosecond_, t.fraction_digits_};
  }
  template <class T>
  static void set_clock(T& t, const Clock& clock) {
    t.precision_ = clock.precision;
    t.hour_ = static_cast<std::int8_t>(clock.hour);
    t.minute_ = static_cast<std::int8_t>(clock.minute);
    t.second_ = static_cast<std::int8_t>(clock.second);
    t.nanosecond_ = clock.nanosecond;
    t.fraction_digits_ = static_cast<std::int8_t>(clock.fraction_digits);
  }
  static void set_date(DateTime& t, int year, unsigned month, unsigned day) {
    t.year_ = static_cast<std::int16_t>(year);
    t.month_ = static_cast<std::int8_t>(month);
    t.day_ = static_cast<std::int8_t>(day);
  }

  static std::int64_t seconds_with_fraction(int second, int nanosecond) {
    return std::int64_t{second} * 1'000'000'000 + nanosecond;
  }
  static Components components(const DateTime& t) {
    return {t.year_, t.month_, t.day_, t.hour_, t.minute_, seconds_with_fraction(t.second_, t.nanosecond_)};
  }

  static bool take_date(std::string_view& rest, DateTime& t) {
    const auto year = take_number(rest, 4, 1, 9999);
    if (!year) return false;
    set_date(t, *year, 1, 1);
    if (!take(rest, '-')) return true;
    const auto month = take_number(rest, 2, 1, 12);
    if (!month) return false;
    t.month_ = static_cast<std::int8_t>(*month);
    t.precision_ = Precision::month;
    if (!take(rest, '-')) return true;
    const auto day = take_number(rest, 2, 1, 31);
    if (!day) return false;
    t.day_ = static_cast<std::int8_t>(*day);
    t.precision_ = Precision::day;
    return calendar_day(t).ok();
  }

  static year_month_day calendar_day(const DateTime& t) {
    return {std::chrono::year(t.year_), std::chrono::month(static_cast<unsigned>(t.month_)),
            std::chrono::day(static_cast<unsigned>(t.day_))};
  }

  /// The written day and time, as if it were UTC.
  static sys_time<milliseconds> written(const DateTime& t) {
    return sys_days(calendar_day(t)) + hours(t.hour_) + minutes(t.minute_) + seconds(t.second_) +
           duration_cast<milliseconds>(nanoseconds(t.nanosecond_));
  }

  /// The same value, its written day and time moved by `by`; nothing outside years 1 to 9999. The fraction's digits
  /// past the milliseconds stay.
  static std::optional<DateTime> moved(const DateTime& t, milliseconds by) {
    const sys_time<milliseconds> then = written(t) + by;
    const sys_days day = floor<days>(then);
    const year_month_day date(day);
    if (date.year() < std::chrono::year(1) || date.year() > std::chrono::year(9999)) return std::nullopt;
    const hh_mm_ss time(then - day);
    DateTime result = t;
    set_date(result, static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
             static_cast<unsigned>(date.day()));
    set_clock(result, shifted_clock(t, time));
    return result;
  }

  template <class T>
  static Clock shifted_clock(const T& t, const hh_mm_ss<milliseconds>& time) {
    Clock clock = clock_of(t);
    clock.hour = static_cast<int>(time.hours().count());
    clock.minute = static_cast<int>(time.minutes().count());
    clock.second = static_cast<int>(time.seconds().count());
    clock.nanosecond = static_cast<int>(nanoseconds(time.subseconds()).count()) + t.nanosecond_ % 1'000'000;
    if (clock.nanosecond != 0 && clock.fraction_digits < 3) clock.fraction_digits = 3;
    return clock;
  }

  static std::optional<DateTime> plus_months(const DateTime& t, std::int64_t months) {
    const std::int64_t index = std::int64_t{t.year_} * 12 + (t.month_ - 1) + months;
    if (index < 12 || index >= std::int64_t{10'000} * 12) return std::nullopt;
    const std::chrono::year year(static_cast<int>(index / 12));
    const std::chrono::month month(static_cast<unsigned>(index % 12) + 1);
    const auto last = static_cast<unsigned>((year / month / std::chrono::last).day());
    DateTime result = t;
    set_date(result, static_cast<int>(year), static_cast<unsigned>(month),
             std::min(static_cast<unsigned>(t.day_), last));
    return result;
  }

  static DateTime in_utc(const DateTime& t) { return moved(t, -minutes(t.offset_)).value_or(t); }

  static std::partial_ordering compare_one_zone(const DateTime& a, const DateTime& b) {
    const auto apart = written(in_utc(a)) - written(in_utc(b));
    if (abs(apart) <= minutes(kFarthestZone)) return std::partial_ordering::unordered;
    return apart.count() <=> std::int64_t{0};
  }
};

// --------------------------------------------------------------------------------------------------------- DateTime
std::optional<DateTime> DateTime::parse(std::string_view text) {
  DateTime result;
  if (!DateTimeMath::take_date(text, result)) return std::nullopt;
  if (!take(text, 'T')) return text.empty() ? std::optional(result) : std::nullopt;
  if (text.empty()) return result;
  if (result.precision_ != Precision::day) return std::nullopt;
  const auto clock = take_clock(text);
  if (!clock) return std::nullopt;
  DateTimeMath::set_clock(result, *clock);
  if (text.empty()) return result;
  result.zulu_ = text.front() == 'Z';
  const auto offset = take_zone(text);
  if (!offset || !text.empty()) return std::nullopt;
  result.has_zone_ = true;
  result.offset_ = static_cast<std::int16_t>(*offset);
  return result;
}

DateTime DateTime::from(Milliseconds time) {
  DateTime epoch;
  DateTimeMath::set_date(epoch, 1970, 1, 1);
  epoch.precision_ = Precision::second;
  epoch.zulu_ = epoch.has_zone_ = true;
  DateTime result = DateTimeMath::moved(epoch, time.time_since_epoch()).value_or(epoch);
  result.fraction_digits_ = 3;
  return result;
}

std::optional<int> DateTime::offset() const { return has_zone_ ? std::optional<int>(offset_) : std::nullopt; }

std::string DateTime::text() const {
  std::string text = fmt::format("{:04}", year_);
  if (precision_ >= Precision::month) text += fmt::format("-{:02}", month_);
  if (precision_ >= Precision::day) text += fmt::format("-{:02}", day_);
  if (!has_time()) return text;
  text += "T" + clock_text(DateTimeMath::clock_of(*this));
  if (!has_zone_) return text;
  if (zulu_) return text + "Z";
  const int minutes_away = std::abs(offset_);
  return text + fmt::format("{}{:02}:{:02}", offset_ < 0 ? '-' : '+', minutes_away / 60, minutes_away % 60);
}

std::optional<Milliseconds> DateTime::moment() const {
  if (precision_ != Precision::second || !has_zone_) return std::nullopt;
  return DateTimeMath::written(*this) - minutes(offset_);
}

DateTime DateTime::date() const {
  DateTime result;
  DateTimeMath::set_date(result, year_, static_cast<unsigned>(month_), static_cast<unsigned>(day_));
  result.precision_ = std::min(precision_, Precision::day);
  return result;
}

std::partial_ordering DateTime::compare(const DateTime& other) const {
  const bool times = has_time() && other.has_time();
  if (times && has_zone_ != other.has_zone_) return DateTimeMath::compare_one_zone(*this, other);
  const bool zones = times && has_zone_ && offset_ != other.offset_;
  const DateTime a = zones ? DateTimeMath::in_utc(*this) : *this;
  const DateTime b = zones ? DateTimeMath::in_utc(other) : other;
  return fhir::compare(DateTimeMath::components(a), precision_, DateTimeMath::components(b), other.precision_);
}

std::optional<DateTime> DateTime::plus(std::int64_t amount, CalendarUnit unit) const {
  constexpr std::int64_t kFarthest = std::int64_t{10'000} * 12;
  const bool calendar = unit < CalendarUnit::week;
  if (calendar && (amount > kFarthest || amount < -kFarthest)) return std::nullopt;
  if (unit == CalendarUnit::year) return DateTimeMath::plus_months(*this, amount * 12);
  if (unit == CalendarUnit::month)
    return DateTimeMath::plus_months(*this, precision_ == Precision::year ? amount / 12 * 12 : amount);
  const auto time = duration_of(amount, unit);
  if (!time) return std::nullopt;
  const std::int64_t whole_days = duration_cast<days>(*time).count();
  if (precision_ == Precision::year) return DateTimeMath::plus_months(*this, whole_days / 365 * 12);
  if (precision_ == Precision::month) return DateTimeMath::plus_months(*this, whole_days / 30);
  return DateTimeMath::moved(*this, whole_units(*time, precision_));
}

// ------------------------------------------------------------------------------------------------------------- Time
std::optional<Time> Time::parse(std::string_view text) {
  const auto clock = take_clock(text);
  if (!clock || !text.empty()) return std::nullopt;
  Time result;
  DateTimeMath::set_clock(result, *clock);
  return result;
}

std::string Time::text() const { return clock_text(DateTimeMath::clock_of(*this)); }

std::partial_ordering Time::compare(const Time& other) const {
  const auto components = [](const Time& t) {
    return Components{0, 0, 0, t.hour_, t.minute_, DateTimeMath::seconds_with_fraction(t.second_, t.nanosecond_)};
  };
  return fhir::compare(components(*this), precision_, components(other), other.precision_);
}

std::optional<Time> Time::plus(std::int64_t amount, CalendarUnit unit) const {
  const auto time = duration_of(amount, unit);
  if (!time || unit < CalendarUnit::hour) return std::nullopt;
  const milliseconds now =
      hours(hour_) + minutes(minute_) + seconds(second_) + duration_cast<milliseconds>(nanoseconds(nanosecond_));
  milliseconds then = (now + whole_units(*time, precision_)) % kDay;
  if (then < milliseconds(0)) then += kDay;
  Time result = *this;
  DateTimeMath::set_clock(result, DateTimeMath::shifted_clock(*this, hh_mm_ss(then)));
  return result;
}

}  // namespace fhir
