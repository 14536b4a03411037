#include "gateway/config/values.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <limits>
#include <optional>
#include <ranges>

namespace gateway::config {

namespace {

std::unexpected<Complaint> wrong(std::string say, std::string hint) {
  return std::unexpected(Complaint{std::move(say), std::move(hint), false});
}

std::unexpected<Complaint> beyond(std::string say, std::string hint) {
  return std::unexpected(Complaint{std::move(say), std::move(hint), true});
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || problem != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

/// Digits, then one of the units; the product must fit.
std::optional<std::uint64_t> measured(std::string_view text, std::span<const Unit> units) {
  const auto digits = static_cast<std::size_t>(std::ranges::find_if_not(text, is_digit) - text.begin());
  const auto count = number(text.substr(0, digits));
  const auto unit = std::ranges::find(units, text.substr(digits), &Unit::name);
  constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (!count || unit == units.end() || *count > kMost / unit->factor) return std::nullopt;
  return *count * unit->factor;
}

}  // namespace

Parsed<std::chrono::milliseconds> parse_duration(std::string_view text) {
  static constexpr std::array<Unit, 6> kUnits{
      {{"ms", 1}, {"s", 1'000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}, {"y", 31'557'600'000}}};
  if (const auto value = measured(text, kUnits)) return std::chrono::milliseconds(*value);
  return wrong("is not a duration", "write a whole number and a unit: 500ms, 10s, 5m, 2h, 10d, 3y");
}

Parsed<std::size_t> parse_bytes(std::string_view text) {
  static constexpr std::array<Unit, 4> kUnits{{{"", 1}, {"KiB", 1u << 10}, {"MiB", 1u << 20}, {"GiB", 1u << 30}}};
  if (const auto value = measured(text, kUnits)) return *value;
  return wrong("is not a size", "write a whole number and a unit: 64KiB, 32MiB, 1GiB");
}

Parsed<std::size_t> parse_count(std::string_view text) {
  if (const auto value = number(text)) return *value;
  return wrong("is not a whole number", "");
}

Parsed<bool> parse_flag(std::string_view text) {
  if (text == "true" || text == "false") return text == "true";
  return wrong("is neither true nor false", "allowed: true, false");
}

// ---- addresses

namespace {

constexpr std::string_view kUrlShape = "write it as scheme://host:port/path, for example https://10.1.2.3:7410/fhir";

bool is_host_character(char c) { return is_digit(c) || is_lower(c) || is_upper(c) || c == '-' || c == '.'; }

bool is_path_character(char c) {
  return is_digit(c) || is_lower(c) || is_upper(c) || std::string_view("-._~/!$&'()*+,;=:@%").contains(c);
}

bool is_ipv4(std::string_view host) {
  std::size_t parts = 0;
  for (const auto part : std::views::split(host, '.')) {
    const std::string_view digits(part.begin(), part.end());
    const auto value = number(digits);
    if (!value || *value > 255 || digits.size() > 3 || (digits.size() > 1 && digits[0] == '0')) return false;
    ++parts;
  }
  return parts == 4;
}

bool is_ipv6(std::string_view host) {
  std::size_t groups = 0, gaps = host.contains(":::") ? 2 : 0;
  for (std::size_t at = host.find("::"); at != std::string_view::npos; at = host.find("::", at + 1)) ++gaps;
  for (const auto part : std::views::split(host, ':')) {
    const std::string_view digits(part.begin(), part.end());
    const bool hex = std::ranges::all_of(
        digits, [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); });
    if (!hex || digits.size() > 4) return false;
    groups += digits.empty() ? 0u : 1u;
  }
  const bool loose_end =
      (host.starts_with(':') && !host.starts_with("::")) || (host.ends_with(':') && !host.ends_with("::"));
  return host.contains(':') && !loose_end && gaps <= 1 && (gaps == 1 ? groups <= 7 : groups == 8);
}

Parsed<std::uint16_t> port_of(std::string_view text) {
  const auto value = number(text);
  if (!value) return wrong(fmt::format("has no port number after the ':' ('{}')", text), std::string(kUrlShape));
  if (*value > 65535) return beyond("has a port beyond 65535", "");
  return static_cast<std::uint16_t>(*value);
}

/// host[:port], [v6][:port]
Parsed<Url> authority_of(std::string_view text) {
  const bool bracketed = text.starts_with('[');
  const std::size_t end = bracketed ? text.find(']') : text.find(':');
  if (bracketed && end == std::string_view::npos)
    return wrong("lacks the ']' of its IPv6 address", std::string(kUrlShape));
  const std::string_view host = bracketed ? text.substr(1, end - 1) : text.substr(0, end);
  const std::string_view rest =
      end == std::string_view::npos ? std::string_view() : text.substr(end + (bracketed ? 1u : 0u));
  if (bracketed ? !is_ipv6(host) : host.empty() || !std::ranges::all_of(host, is_host_character))
    return wrong(fmt::format("has no usable host ('{}')", host), std::string(kUrlShape));
  const bool numeric = std::ranges::all_of(host, [](char c) { return is_digit(c) || c == '.'; });
  if (!bracketed && numeric && !is_ipv4(host)) return wrong(fmt::format("has no IPv4 address ('{}')", host), "");
  if (rest.empty()) return Url{.scheme = {}, .address = {std::string(host), 0}, .has_port = false, .path = {}};
  if (rest.front() != ':') return wrong("has something between host and port", std::string(kUrlShape));
  const auto port = port_of(rest.substr(1));
  if (!port) return std::unexpected(port.error());
  return Url{.scheme = {}, .address = {std::string(host), *port}, .has_port = true, .path = {}};
}

}  // namespace

Parsed<Url> parse_url(std::string_view text) {
  const std::size_t colon = text.find("://");
  if (colon == std::string_view::npos || colon == 0) return wrong("is not an address", std::string(kUrlShape));
  const std::string_view rest = text.substr(colon + 3);
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  if (rest.substr(0, slash).contains('@'))
    return wrong("carries a user name or password", "leave them out: a caller is known by its certificate");
  if (rest.contains('?') || rest.contains('#')) return wrong("carries a query or a fragment", "end it after the path");
  auto url = authority_of(rest.substr(0, slash));
  if (!url) return url;
  std::string_view path = rest.substr(slash);
  if (!std::ranges::all_of(path, is_path_character) || path.contains("//") || path.contains("/../"))
    return wrong("has a path that is not plain", std::string(kUrlShape));
  while (path.ends_with('/')) path.remove_suffix(1);
  url->scheme = text.substr(0, colon);
  url->path = path;
  return url;
}

bool is_ip_address(std::string_view host) { return is_ipv4(host) || is_ipv6(host); }

bool is_loopback(std::string_view host) {
  return host == "localhost" || host == "::1" || (is_ipv4(host) && host.starts_with("127."));
}

// ---- words

namespace {

Parsed<std::string> plain_word(std::string_view text, std::string_view punctuation, std::size_t longest) {
  const auto fits = [&](char c) { return is_lower(c) || is_digit(c) || punctuation.contains(c); };
  if (text.empty() || text.size() > longest || !std::ranges::all_of(text, fits) || !fits(text.front()) ||
      punctuation.contains(text.front()))
    return wrong("cannot be a name here",
                 fmt::format("use lower-case letters, digits and '{}', at most {}, not '{}' first", punctuation,
                             longest, punctuation.front()));
  return std::string(text);
}

/// `shape` has 9 for a digit; every other character stands for itself.
bool has_shape(std::string_view text, std::string_view shape) {
  return text.size() == shape.size() &&
         std::ranges::equal(text, shape, [](char c, char s) { return s == '9' ? is_digit(c) : c == s; });
}

unsigned two_digits(std::string_view text, std::size_t at) {
  return static_cast<unsigned>(text[at] - '0') * 10u + static_cast<unsigned>(text[at + 1] - '0');
}

}  // namespace

Parsed<std::string> parse_name(std::string_view text) { return plain_word(text, "-", 32); }
Parsed<std::string> parse_organization_id(std::string_view text) { return plain_word(text, "-.", 64); }

Parsed<std::string> parse_text(std::string_view text) {
  if (!text.empty()) return std::string(text);
  return wrong("is empty", "");
}

Parsed<std::string> parse_jurisdiction(std::string_view text) {
  if (text.size() == 2 && std::ranges::all_of(text, is_upper)) return std::string(text);
  return wrong("is not a jurisdiction", "write the two capital letters of ISO 3166: CN, HK, US, JP");
}

Parsed<std::string> parse_zone(std::string_view text) {
  const bool signed_shape = !text.empty() && (text[0] == '+' || text[0] == '-') && has_shape(text.substr(1), "99:99");
  if (signed_shape && two_digits(text, 1) <= 14 && two_digits(text, 4) < 60) return std::string(text);
  return wrong("is not a distance from UTC", "write it in quotes: \"+08:00\"");
}

Parsed<std::string> parse_time_of_day(std::string_view text) {
  if (has_shape(text, "99:99") && two_digits(text, 0) < 24 && two_digits(text, 3) < 60) return std::string(text);
  return wrong("is not a time of day", "write it in quotes: \"02:30\"");
}

Parsed<std::string> parse_date(std::string_view text) {
  if (!has_shape(text, "9999-99-99")) return wrong("is not a date", "write it as 2026-03-10");
  const std::chrono::year_month_day day{
      std::chrono::year(static_cast<int>(two_digits(text, 0) * 100 + two_digits(text, 2))),
      std::chrono::month(two_digits(text, 5)), std::chrono::day(two_digits(text, 8))};
  if (!day.ok()) return wrong("is a day that does not exist", "");
  return std::string(text);
}

Parsed<std::string> parse_pin(std::string_view text) {
  const auto base64 = [](char c) { return is_digit(c) || is_lower(c) || is_upper(c) || c == '+' || c == '/'; };
  if (text.size() == 44 && text.back() == '=' && std::ranges::all_of(text.substr(0, 43), base64))
    return std::string(text);
  return wrong(
      "is not a key pin",
      "a pin is 44 characters, made by: openssl x509 -in CERT -noout -pubkey | openssl pkey -pubin -outform der | "
      "openssl dgst -sha256 -binary | base64");
}

}  // namespace gateway::config
