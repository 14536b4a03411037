// Dates and times with the precision they were written with. R4 datatypes.html#dateTime, FHIRPath N1 §2.1, §6.2, §6.6.
// Value types without clock or time zone database; safe from any thread; nothing throws.
#pragma once
#include <chrono>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace fhir {

enum class Precision : std::uint8_t { year, month, day, hour, minute, second };  // second: with any fraction
enum class CalendarUnit : std::uint8_t { year, month, week, day, hour, minute, second, millisecond };

using Milliseconds = std::chrono::sys_time<std::chrono::milliseconds>;

/// date, dateTime and instant: from a bare year to nanoseconds with a zone.
class DateTime {
 public:
  /// Every precision, with or without a zone: what FHIR allows, and what FHIRPath literals allow beyond it (an hour
  /// without minutes, a time without zone, a trailing T: "2015T" is a dateTime of year precision). Without the leading
  /// @.
  static std::optional<DateTime> parse(std::string_view text);
  static DateTime from(Milliseconds time);  // in UTC, three digits after the second

  Precision precision() const { return precision_; }
  bool has_time() const { return precision_ >= Precision::hour; }
  /// Minutes east of UTC; nothing when no zone was written.
  std::optional<int> offset() const;
  int year() const { return year_; }
  int month() const { return month_; }
  int day() const { return day_; }
  int hour() const { return hour_; }
  int minute() const { return minute_; }
  int second() const { return second_; }
  int nanosecond() const { return nanosecond_; }  // digits past the ninth are not kept
  int fraction_digits() const { return fraction_digits_; }

  std::string text() const;
  /// The moment, when it is known to the second and has a zone.
  std::optional<Milliseconds> moment() const;
  /// The day alone (or less, when less is known).
  DateTime date() const;

  /// Component by component, zones evened out; `unordered` stands for unknown: equal as far as both go, but one goes
  /// further; or only one of two times has a zone and they are less than a zone's reach apart. A date without time is
  /// read in the zone of the other.
  std::partial_ordering compare(const DateTime& other) const;

  /// `amount` units later. A unit finer than the precision counts in whole units of the precision (2014 + 24 months =
  /// 2016; 30 days a month, 365 a year); a day past the end of the month becomes its last. Nothing outside 0001..9999.
  std::optional<DateTime> plus(std::int64_t amount, CalendarUnit unit) const;

 private:
  friend struct DateTimeMath;
  Precision precision_ = Precision::year;
  bool zulu_ = false;  // written as Z
  bool has_zone_ = false;
  std::int16_t offset_ = 0;
  std::int16_t year_ = 1;
  std::int8_t month_ = 1, day_ = 1, hour_ = 0, minute_ = 0, second_ = 0;
  std::int8_t fraction_digits_ = 0;
  std::int32_t nanosecond_ = 0;
};

/// A time of day without zone.
class Time {
 public:
  /// "14", "14:30", "14:30:00", "14:30:00.123". Without the leading @T.
  static std::optional<Time> parse(std::string_view text);

  Precision precision() const { return precision_; }  // hour, minute or second
  int hour() const { return hour_; }
  int minute() const { return minute_; }
  int second() const { return second_; }
  int nanosecond() const { return nanosecond_; }
  int fraction_digits() const { return fraction_digits_; }

  std::string text() const;
  std::partial_ordering compare(const Time& other) const;  // unordered: unknown, as above
  /// Wraps around midnight; nothing for units of a day and more.
  std::optional<Time> plus(std::int64_t amount, CalendarUnit unit) const;

 private:
  friend struct DateTimeMath;
  Precision precision_ = Precision::hour;
  std::int8_t hour_ = 0, minute_ = 0, second_ = 0;
  std::int8_t fraction_digits_ = 0;
  std::int32_t nanosecond_ = 0;
};

}  // namespace fhir
