#include "gateway/exchange/retry.h"

#include <array>
#include <charconv>
#include <optional>

namespace gateway::exchange {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLongestRest = std::chrono::hours(24);

std::optional<int> number(std::string_view digits) {
  int value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  const bool whole = error == std::errc{} && end == digits.data() + digits.size();
  return whole && value >= 0 ? std::optional(value) : std::nullopt;
}

// "Sun, 06 Nov 1994 08:49:37 GMT", as Unix seconds; the weekday is not looked at.
std::optional<std::int64_t> http_date(std::string_view text) {
  constexpr std::string_view kForm = "Sun, 06 Nov 1994 08:49:37 GMT";
  constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  if (text.size() != kForm.size() || !text.ends_with(" GMT") || text[3] != ',') return std::nullopt;
  const auto* month = std::ranges::find(kMonths, text.substr(8, 3));
  const auto day = number(text.substr(5, 2)), year = number(text.substr(12, 4)), hour = number(text.substr(17, 2)),
             minute = number(text.substr(20, 2)), second = number(text.substr(23, 2));
  if (month == kMonths.end() || !day || !year || !hour || !minute || !second) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{*year},
                                         std::chrono::month{static_cast<unsigned>(month - kMonths.begin()) + 1},
                                         std::chrono::day{static_cast<unsigned>(*day)}};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date).time_since_epoch().count() * std::int64_t{86'400} + *hour * 3600 + *minute * 60 +
         *second;
}

}  // namespace

milliseconds retry_after(std::string_view header, std::int64_t now) {
  milliseconds wait{0};
  if (const auto seconds = number(header)) wait = milliseconds(*seconds * std::int64_t{1000});
  if (const auto date = http_date(header)) wait = milliseconds(*date * 1000 - now);
  return std::clamp(wait, milliseconds{0}, kLongestRest);
}

std::string_view remedy(std::string_view reason) {
  constexpr std::string_view kHttpWord = "HTTP ";
  for (const Remedy& one : kRemedies) {
    if (reason.starts_with(one.begins)) return one.fix;
  }
  int status = 0;
  if (reason.starts_with(kHttpWord)) {
    std::from_chars(reason.data() + kHttpWord.size(), reason.data() + reason.size(), status);
  }
  const auto* found = std::ranges::find(kHttp, status, &HttpRow::status);
  if (found != kHttp.end() && !found->fix.empty()) return found->fix;
  return "`causeway msg show` of its message has the whole story; when the cause is gone, replay";
}

}  // namespace gateway::exchange
