#include "gateway/exchange/ports.h"

#include <fmt/format.h>
#include <sys/random.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <cstring>

namespace gateway::exchange {
namespace {

using std::chrono::milliseconds;

class SystemClock final : public Clock {
 public:
  Millis now() const override {
    return std::chrono::duration_cast<milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  }
};

template <class T>
T random_bytes() {
  T value{};
  if (getrandom(&value, sizeof value, 0) != static_cast<ssize_t>(sizeof value))
    std::abort();  // no randomness: no safe ids
  return value;
}

class SystemEntropy final : public Entropy {
 public:
  std::string uuid() override {
    auto bytes = random_bytes<std::array<unsigned char, 16>>();
    bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0f) | 0x40);
    bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3f) | 0x80);
    std::string text;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
      text += fmt::format("{:02x}", bytes[i]);
    }
    return text;
  }
  double unit() override { return static_cast<double>(random_bytes<std::uint32_t>()) / 4294967296.0; }
};

struct Civil {
  int year;
  unsigned month, day;
  int hour, minute, second, milli;
};

Civil civil(Millis at) {
  const std::chrono::sys_time<milliseconds> time{milliseconds(at)};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{time - day};
  return {static_cast<int>(date.year()),
          static_cast<unsigned>(date.month()),
          static_cast<unsigned>(date.day()),
          static_cast<int>(clock.hours().count()),
          static_cast<int>(clock.minutes().count()),
          static_cast<int>(clock.seconds().count()),
          static_cast<int>(clock.subseconds().count())};
}

// "+08:00" -> minutes; anything else is UTC (the configuration has been checked)
int zone_minutes(std::string_view zone) {
  if (zone.size() != 6) return 0;
  const int minutes = (zone[1] - '0') * 600 + (zone[2] - '0') * 60 + (zone[4] - '0') * 10 + (zone[5] - '0');
  return zone[0] == '-' ? -minutes : minutes;
}

}  // namespace

Clock& system_clock() {
  static SystemClock clock;
  return clock;
}

Entropy& system_entropy() {
  static SystemEntropy entropy;
  return entropy;
}

std::string instant(Millis at) {
  const Civil t = civil(at);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", t.year, t.month, t.day, t.hour, t.minute, t.second,
                     t.milli);
}

Millis zone_offset(std::string_view zone) { return Millis{60'000} * zone_minutes(zone); }

Millis latest(Millis now, std::string_view zone, std::string_view time) {
  constexpr Millis kDay = 86'400'000;
  const auto digit = [&](std::size_t i) { return Millis{time[i] - '0'}; };
  const Millis of_day = ((digit(0) * 10 + digit(1)) * 60 + digit(3) * 10 + digit(4)) * 60'000;
  const Millis local = now + zone_offset(zone);
  const Millis today = local - local % kDay + of_day;
  return (today <= local ? today : today - kDay) - zone_offset(zone);
}

std::string local_instant(Millis at, std::string_view zone) {
  std::string text = instant(at + Millis{60'000} * zone_minutes(zone));
  text.pop_back();  // the Z
  return text + (zone.size() == 6 ? std::string(zone) : "Z");
}

std::string hl7_time(Millis at, std::string_view zone) {
  const Civil t = civil(at + Millis{60'000} * zone_minutes(zone));
  return fmt::format("{:04}{:02}{:02}{:02}{:02}{:02}", t.year, t.month, t.day, t.hour, t.minute, t.second);
}

}  // namespace gateway::exchange
