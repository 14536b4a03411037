// How single values of the configuration are written: durations, sizes, addresses, dates, pins. Pure functions, one
// grammar each; an error's `say` is the end of a sentence about the value ("is not a duration"), its `where` is empty.
#pragma once
#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include "fhir/result.h"
#include "gateway/net/net.h"

namespace gateway::config {

/// What is wrong with a value, and how it should look. The caller knows the place and names the value.
struct Complaint {
  std::string say;
  std::string hint;
  bool range = false;  // well written, but out of range
};
template <class T>
using Parsed = std::expected<T, Complaint>;

/// 500ms, 10s, 5m, 2h, 10d, 3y (365.25 days). Digits and one unit; no sign, no fraction.
Parsed<std::chrono::milliseconds> parse_duration(std::string_view text);
/// 4096, 64KiB, 32MiB, 1GiB.
Parsed<std::size_t> parse_bytes(std::string_view text);
/// A whole number without sign.
Parsed<std::size_t> parse_count(std::string_view text);
/// true or false; YAML's yes, no, on and off are refused, because half of the tools read them differently.
Parsed<bool> parse_flag(std::string_view text);

/// scheme://host[:port][/path]; IPv6 in brackets. No user name, query or fragment.
struct Url {
  std::string scheme;
  net::Address address;
  bool has_port = false;
  std::string path;  // "" or "/..." without trailing slash
};
Parsed<Url> parse_url(std::string_view text);
/// 127.0.0.0/8, ::1 and localhost: what never leaves this machine.
bool is_loopback(std::string_view host);
/// An IPv4 or IPv6 literal.
bool is_ip_address(std::string_view host);

/// Lower-case letters, digits and hyphens, at most 32: names end up in metrics, file names and `to: peer:NAME`.
Parsed<std::string> parse_name(std::string_view text);
/// As parse_name; dots too, at most 64: part of identifier systems.
Parsed<std::string> parse_organization_id(std::string_view text);
/// Anything that is not empty.
Parsed<std::string> parse_text(std::string_view text);
/// Two capital letters (ISO 3166-1).
Parsed<std::string> parse_jurisdiction(std::string_view text);
/// +08:00
Parsed<std::string> parse_zone(std::string_view text);
/// 02:30
Parsed<std::string> parse_time_of_day(std::string_view text);
/// A day that exists, YYYY-MM-DD.
Parsed<std::string> parse_date(std::string_view text);
/// Base64 of 32 bytes: SHA-256 of a key's SubjectPublicKeyInfo.
Parsed<std::string> parse_pin(std::string_view text);

}  // namespace gateway::config
