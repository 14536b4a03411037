#include "gateway/rest/answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>

#include "gateway/exchange/retry.h"

namespace gateway::rest {
namespace {

using fhir::Fault;
using net::HttpResponse;

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// Takes the part before `separator` off the front of `rest`.
std::string_view take(std::string_view& rest, char separator) {
  const auto end = std::min(rest.find(separator), rest.size());
  const std::string_view part = trim(rest.substr(0, end));
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return part;
}

bool is_json_type(std::string_view type) { return type == "application/fhir+json" || type == "application/json"; }

bool is_zero(std::string_view quality) {
  return quality.starts_with('0') && quality.find_first_not_of("0.") == std::string_view::npos;
}

bool is_this_version(std::string_view version) {
  return version == "4.0" || version == "4.0.1" || version == "\"4.0\"";
}

// One range of an Accept header, lower case: application/fhir+json; fhirVersion=4.0; q=0.5
bool range_allows(std::string_view range) {
  const std::string_view type = take(range, ';');
  if (!is_json_type(type) && type != "*/*" && type != "application/*") return false;
  while (!range.empty()) {
    const std::string_view parameter = take(range, ';');
    if (parameter.starts_with("q=") && is_zero(parameter.substr(2))) return false;
    if (parameter.starts_with("fhirversion=") && !is_this_version(parameter.substr(12))) return false;
  }
  return true;
}

// "3:14" becomes line and column; anything else is the element's path.
fhir::Issue issue_of(const fhir::Error& error) {
  fhir::Issue issue = fhir::to_issue(error);
  std::size_t line = 0, column = 0;
  const char* end = error.where.data() + error.where.size();
  const auto first = std::from_chars(error.where.data(), end, line);
  if (first.ec != std::errc{} || first.ptr == end || *first.ptr != ':') return issue;
  const auto second = std::from_chars(first.ptr + 1, end, column);
  if (second.ec != std::errc{} || second.ptr != end) return issue;
  issue.expression.clear();
  issue.place = {line, column};
  return issue;
}

struct Calendar {
  std::chrono::year_month_day date;
  std::chrono::hh_mm_ss<std::chrono::milliseconds> time;
  unsigned weekday;
};

Calendar calendar(store::Millis time) {
  const std::chrono::sys_time<std::chrono::milliseconds> moment{std::chrono::milliseconds(time)};
  const auto day = std::chrono::floor<std::chrono::days>(moment);
  return {std::chrono::year_month_day(day), std::chrono::hh_mm_ss(moment - day),
          std::chrono::weekday(day).c_encoding()};
}

}  // namespace

HttpResponse json_answer(const Trail& trail, int status, std::string body, std::string_view content_type) {
  HttpResponse response;
  response.status = status;
  response.body = std::move(body);
  response.headers = {{"content-type", std::string(content_type)},
                      {"cache-control", "no-store"},
                      {"x-content-type-options", "nosniff"}};
  if (!trail.request_id.empty()) response.headers.emplace_back("x-request-id", trail.request_id);
  if (!trail.correlation.empty()) response.headers.emplace_back("x-correlation-id", trail.correlation);
  return response;
}

HttpResponse error_answer(const Trail& trail, const fhir::Error& error, fhir::Issues more) {
  const exchange::FaultRow& row = exchange::row(error.fault);
  more.insert(more.begin(), issue_of(error));
  if (error.fault == Fault::broken) more.front().details = "this gateway has a failure of its own";
  HttpResponse response = json_answer(trail, row.http, fhir::to_outcome(more).dump());
  if (row.http == 503) response.headers.emplace_back("retry-after", "30");
  return response;
}

HttpResponse refusal(const Trail& trail, int status, std::string_view issue_code, std::string_view detail_code,
                     std::string_view say) {
  const fhir::Issue issue{fhir::Severity::error,   std::string(issue_code), "", std::string(say), {0, 0},
                          std::string(detail_code)};
  return json_answer(trail, status, fhir::to_outcome({issue}).dump());
}

fhir::Result<fhir::JsonTree> with_meta(const store::StoredResource& resource) {
  const auto json = fhir::Json::parse(resource.json);
  if (!json) return fhir::fail(Fault::broken, "rest.stored", "", "a stored resource cannot be read");
  fhir::JsonTree tree = fhir::JsonTree::from(json->root());
  tree["meta"].set("versionId", std::to_string(resource.version));
  tree["meta"].set("lastUpdated", instant(resource.at));
  return tree;
}

void add_version(HttpResponse& response, std::int64_t version, store::Millis modified) {
  if (version != 0) response.headers.emplace_back("etag", etag(version));
  if (modified != 0) response.headers.emplace_back("last-modified", http_date(modified));
}

std::string etag(std::int64_t version) { return fmt::format("W/\"{}\"", version); }

std::optional<std::int64_t> read_etag(std::string_view tag) {
  tag = trim(tag);
  if (tag.starts_with("W/")) tag.remove_prefix(2);
  if (tag.size() < 3 || tag.front() != '"' || tag.back() != '"') return {};
  std::int64_t version = 0;
  const char* last = tag.data() + tag.size() - 1;
  const auto [end, error] = std::from_chars(tag.data() + 1, last, version);
  if (error != std::errc{} || end != last || version < 1) return {};
  return version;
}

std::string http_date(store::Millis time) {
  static constexpr std::array<std::string_view, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                               "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const Calendar c = calendar(time);
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", kDays[c.weekday], static_cast<unsigned>(c.date.day()),
                     kMonths[static_cast<unsigned>(c.date.month()) - 1], static_cast<int>(c.date.year()),
                     c.time.hours().count(), c.time.minutes().count(), c.time.seconds().count());
}

std::string instant(store::Millis time) {
  const Calendar c = calendar(time);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(c.date.year()),
                     static_cast<unsigned>(c.date.month()), static_cast<unsigned>(c.date.day()), c.time.hours().count(),
                     c.time.minutes().count(), c.time.seconds().count(), c.time.subseconds().count());
}

bool accepts_json(std::string_view accept, std::string_view format) {
  if (!format.empty()) return format == "json" || range_allows(lower(format));
  if (trim(accept).empty()) return true;
  const std::string ranges = lower(accept);
  for (std::string_view rest = ranges; !rest.empty();) {
    if (range_allows(take(rest, ','))) return true;
  }
  return false;
}

bool is_json(std::string_view content_type) {
  const std::string whole = lower(content_type);
  std::string_view rest = whole;
  if (!is_json_type(take(rest, ';'))) return false;
  while (!rest.empty()) {
    const std::string_view parameter = take(rest, ';');
    const bool charset = parameter.starts_with("charset=");
    if (charset && parameter != "charset=utf-8" && parameter != "charset=\"utf-8\"") return false;
    if (parameter.starts_with("fhirversion=") && !is_this_version(parameter.substr(12))) return false;
  }
  return true;
}

}  // namespace gateway::rest
