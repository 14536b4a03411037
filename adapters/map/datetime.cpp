#include "adapters/map/datetime.h"

#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <vector>

namespace adapters::map {
namespace {

using Precision = Moment::Precision;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::size_t leading_digits(std::string_view text) {
  std::size_t n = 0;
  while (n < text.size() && is_digit(text[n])) ++n;
  return n;
}

std::optional<unsigned> number(std::string_view digits) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

/// Cuts up to `most` digits off the front, at least `least`.
std::optional<unsigned> take(std::string_view& text, std::size_t least, std::size_t most) {
  const std::size_t n = std::min(leading_digits(text), most);
  if (n < least) return std::nullopt;
  const auto value = number(text.substr(0, n));
  text.remove_prefix(n);
  return value;
}

bool skip(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

/// "", "Z", "+0800", "-05:00", "+08"
bool parse_zone(std::string_view text, std::string& zone) {
  if (text.empty()) return true;
  if (text == "Z" || text == "z") {
    zone = "Z";
    return true;
  }
  const char sign = text.front();
  if (sign != '+' && sign != '-') return false;
  text.remove_prefix(1);
  const auto hours = take(text, 2, 2);
  skip(text, ':');
  const auto minutes = text.empty() ? std::optional(0u) : take(text, 2, 2);
  if (!hours || !minutes || !text.empty() || *hours > 14 || *minutes > 59) return false;
  zone = fmt::format("{}{:02}:{:02}", sign, *hours, *minutes);
  return true;
}

bool parse_fraction(std::string_view& text, Moment& moment) {
  if (!skip(text, '.')) return true;
  const std::size_t n = leading_digits(text);
  if (n == 0 || n > 9) return false;
  moment.fraction = text.substr(0, n);
  text.remove_prefix(n);
  return true;
}

/// DTM of HL7 v2: digits in pairs, as many as are known.
std::optional<Moment> parse_compact(std::string_view text) {
  const std::size_t digits = leading_digits(text);
  if (digits < 4 || digits > 14 || digits % 2 != 0) return std::nullopt;
  Moment moment;
  moment.year = static_cast<int>(*take(text, 4, 4));
  if (digits >= 6) moment.month = *take(text, 2, 2), moment.precision = Precision::month;
  if (digits >= 8) moment.day = *take(text, 2, 2), moment.precision = Precision::day;
  if (digits >= 10) moment.hour = *take(text, 2, 2), moment.precision = Precision::minute;
  if (digits >= 12) moment.minute = *take(text, 2, 2);
  if (digits >= 14) moment.second = *take(text, 2, 2), moment.precision = Precision::second;
  if (!parse_fraction(text, moment) || !parse_zone(text, moment.zone)) return std::nullopt;
  return moment;
}

/// A clock of a separated date: " 7:22", "T07:22:00.5+08:00".
bool parse_clock(std::string_view text, Moment& moment) {
  if (text.empty()) return true;
  if (!skip(text, 'T') && !skip(text, ' ')) return false;
  const auto hour = take(text, 1, 2);
  if (!hour || !skip(text, ':')) return false;
  const auto minute = take(text, 2, 2);
  if (!minute) return false;
  moment.hour = *hour, moment.minute = *minute, moment.precision = Precision::minute;
  if (skip(text, ':')) {
    const auto second = take(text, 2, 2);
    if (!second) return false;
    moment.second = *second, moment.precision = Precision::second;
  }
  return parse_fraction(text, moment) && parse_zone(text, moment.zone);
}

/// 2026-03-10..., 2026/3/10 ...
std::optional<Moment> parse_separated(std::string_view text) {
  Moment moment;
  const auto year = take(text, 4, 4);
  if (!year || text.empty()) return std::nullopt;
  moment.year = static_cast<int>(*year);
  const char separator = text.front();
  if ((separator != '-' && separator != '/') || !skip(text, separator)) return std::nullopt;
  const auto month = take(text, 1, 2);
  if (!month) return std::nullopt;
  moment.month = *month, moment.precision = Precision::month;
  if (!skip(text, separator)) return text.empty() ? std::optional(moment) : std::nullopt;
  const auto day = take(text, 1, 2);
  if (!day) return std::nullopt;
  moment.day = *day, moment.precision = Precision::day;
  if (!parse_clock(text, moment)) return std::nullopt;
  return moment;
}

/// Month or day 00: not known, so the precision ends before it; anything finer must be zero as well.
bool drop_unknown(Moment& moment) {
  const bool no_clock = moment.hour == 0 && moment.minute == 0 && moment.second == 0;
  if (moment.month == 0) {
    if ((moment.precision >= Precision::day && moment.day != 0) || !no_clock) return false;
    moment.precision = Precision::year, moment.month = moment.day = 1;
  } else if (moment.day == 0) {
    if (!no_clock) return false;
    moment.precision = Precision::month, moment.day = 1;
  }
  return true;
}

using Seconds = std::chrono::sys_seconds;

Seconds wall(const Moment& moment) {
  using namespace std::chrono;
  return sys_days(year(moment.year) / month(moment.month) / day(moment.day)) + hours(moment.hour) +
         minutes(moment.minute) + seconds(moment.second);
}

void set_wall(Moment& moment, Seconds time) {
  using namespace std::chrono;
  const auto days = floor<std::chrono::days>(time);
  const year_month_day date(days);
  const hh_mm_ss clock(time - days);
  moment.year = static_cast<int>(date.year());
  moment.month = static_cast<unsigned>(date.month());
  moment.day = static_cast<unsigned>(date.day());
  moment.hour = static_cast<unsigned>(clock.hours().count());
  moment.minute = static_cast<unsigned>(clock.minutes().count());
  moment.second = static_cast<unsigned>(clock.seconds().count());
}

bool in_range(Moment& moment) {
  using namespace std::chrono;
  if (moment.year < 1 || moment.minute > 59 || moment.second > 60) return false;
  if (!(year(moment.year) / month(moment.month) / day(moment.day)).ok()) return false;
  if (moment.hour == 24 && moment.minute == 0 && moment.second == 0) {
    moment.hour = 0;
    set_wall(moment, wall(moment) + hours(24));
    return moment.year <= 9999;
  }
  return moment.hour <= 23;
}

std::chrono::minutes offset(std::string_view zone) {
  if (zone.size() != 6) return std::chrono::minutes(0);
  const auto hours = number(zone.substr(1, 2)).value_or(0), minutes = number(zone.substr(4, 2)).value_or(0);
  const auto total = std::chrono::minutes(hours * 60 + minutes);
  return zone.front() == '-' ? -total : total;
}

}  // namespace

std::optional<Moment> parse_moment(std::string_view text) {
  auto moment = leading_digits(text) == 4 && text.size() > 4 && (text[4] == '-' || text[4] == '/') &&
                        !(text.size() == 9)  // 2026-0500: a year with a zone
                    ? parse_separated(text)
                    : parse_compact(text);
  if (!moment) moment = parse_separated(text);
  if (!moment || !drop_unknown(*moment) || !in_range(*moment)) return std::nullopt;
  return moment;
}

std::string to_fhir_date(const Moment& moment) {
  if (moment.precision == Precision::year) return fmt::format("{:04}", moment.year);
  if (moment.precision == Precision::month) return fmt::format("{:04}-{:02}", moment.year, moment.month);
  return fmt::format("{:04}-{:02}-{:02}", moment.year, moment.month, moment.day);
}

std::string to_fhir_datetime(const Moment& moment, std::string_view zone) {
  if (moment.precision <= Precision::day) return to_fhir_date(moment);
  return fmt::format("{}T{:02}:{:02}:{:02}{}{}{}", to_fhir_date(moment), moment.hour, moment.minute, moment.second,
                     moment.fraction.empty() ? "" : ".", moment.fraction, moment.zone.empty() ? zone : moment.zone);
}

std::string to_v2_time(const Moment& moment) {
  std::string out = fmt::format("{:04}", moment.year);
  if (moment.precision >= Precision::month) out += fmt::format("{:02}", moment.month);
  if (moment.precision >= Precision::day) out += fmt::format("{:02}", moment.day);
  if (moment.precision >= Precision::minute) out += fmt::format("{:02}{:02}", moment.hour, moment.minute);
  if (moment.precision >= Precision::second) out += fmt::format("{:02}", moment.second);
  if (!moment.fraction.empty()) out += "." + moment.fraction.substr(0, 4);
  if (moment.zone == "Z") return out + "+0000";
  if (!moment.zone.empty()) out += moment.zone.substr(0, 3) + moment.zone.substr(4);
  return out;
}

std::string to_local_time(const Moment& moment, std::string_view zone) {
  if (moment.precision <= Precision::day) return to_fhir_date(moment);
  Moment local = moment;
  if (!moment.zone.empty()) set_wall(local, wall(moment) - offset(moment.zone) + offset(zone));
  return fmt::format("{} {:02}:{:02}:{:02}", to_fhir_date(local), local.hour, local.minute, local.second);
}

}  // namespace adapters::map
