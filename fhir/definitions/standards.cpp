#include "fhir/definitions/standards.h"

#include <algorithm>
#include <array>
#include <vector>

#include "fhir/definitions/registers.h"
#include "fhir/ucum.h"

namespace fhir {
namespace {

bool is_letter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_alphanumeric(char c) { return is_letter(c) || is_digit(c); }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

bool all(std::string_view text, bool (*holds)(char)) { return std::ranges::all_of(text, holds); }

bool same(std::string_view a, std::string_view b) { return std::ranges::equal(a, b, {}, lower, lower); }

/// `code`, its letters changed by `as`, in a register of entries that are all as long as it.
bool listed(std::string_view codes, std::string_view code, char (*as)(char) = nullptr) {
  std::size_t first = 0, last = codes.size() / code.size();
  while (first < last) {
    const std::size_t middle = first + (last - first) / 2;
    const std::string_view entry = codes.substr(middle * code.size(), code.size());
    const auto order =
        std::lexicographical_compare_three_way(entry.begin(), entry.end(), code.begin(), code.end(),
                                               [&](char a, char b) { return a <=> (as == nullptr ? b : as(b)); });
    if (order == 0) return true;
    (order < 0 ? first : last) = order < 0 ? middle + 1 : middle;
  }
  return false;
}

// --- BCP 13

/// RFC 6838 §4.2: restricted-name.
bool is_restricted_name(std::string_view name) {
  const auto allowed = [](char c) { return is_alphanumeric(c) || std::string_view("!#$&-^_.+").contains(c); };
  return !name.empty() && name.size() <= 127 && is_alphanumeric(name.front()) && std::ranges::all_of(name, allowed);
}

bool is_top_level_type(std::string_view name) {
  static constexpr std::array<std::string_view, 11> kTypes = {
      "application", "audio", "example", "font", "haptics", "image", "message", "model", "multipart", "text", "video"};
  return std::ranges::any_of(kTypes, [&](std::string_view type) { return same(type, name); });
}

/// RFC 2045 §5.1: any character but space, controls and tspecials.
bool is_token_character(char c) { return c > ' ' && c < 0x7f && !std::string_view("()<>@,;:\\\"/[]?=").contains(c); }

void skip_spaces(std::string_view& text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
}

bool take_token(std::string_view& text) {
  const auto end = std::ranges::find_if_not(text, is_token_character) - text.begin();
  text.remove_prefix(static_cast<std::size_t>(end));
  return end > 0;
}

bool take_quoted(std::string_view& text) {
  for (std::size_t at = 1; at < text.size(); ++at) {
    if (text[at] == '\\')
      ++at;
    else if (text[at] == '"')
      return text.remove_prefix(at + 1), true;
  }
  return false;
}

/// RFC 2045 wants quotes around a value with spaces or slashes; R4's own examples do without.
bool take_value(std::string_view& text) {
  const std::string_view value = text.substr(0, text.find(';'));
  text.remove_prefix(value.size());
  return !value.empty() && std::ranges::none_of(value, [](char c) { return c == '"' || (c >= 0 && c < ' '); });
}

/// *(";" attribute "=" value), to the end.
bool are_parameters(std::string_view text) {
  for (skip_spaces(text); !text.empty(); skip_spaces(text)) {
    if (text.front() != ';') return false;
    text.remove_prefix(1);
    skip_spaces(text);
    if (!take_token(text) || !text.starts_with('=')) return false;
    text.remove_prefix(1);
    if (!(text.starts_with('"') ? take_quoted(text) : take_value(text))) return false;
  }
  return true;
}

// --- BCP 47

/// The subtags of a tag, taken from its front.
class Subtags {
 public:
  explicit Subtags(std::string_view tag) {
    for (std::size_t at = 0; at <= tag.size();) {
      const std::size_t dash = std::min(tag.find('-', at), tag.size());
      parts_.push_back(tag.substr(at, dash - at));
      at = dash + 1;
    }
    const auto sound = [](std::string_view part) {
      return !part.empty() && part.size() <= 8 && all(part, is_alphanumeric);
    };
    sound_ = std::ranges::all_of(parts_, sound);
  }

  bool sound() const { return sound_; }
  bool at_end() const { return at_ == parts_.size(); }
  std::string_view peek() const { return at_end() ? std::string_view() : parts_[at_]; }
  std::string_view take() { return parts_[at_++]; }

 private:
  std::vector<std::string_view> parts_;
  std::size_t at_ = 0;
  bool sound_ = false;
};

bool is_language(std::string_view part) {
  if (!all(part, is_letter)) return false;
  if (part.size() == 2) return listed(registers::kLanguages2, part, lower);
  const bool local = part.size() == 3 && lower(part[0]) == 'q' && lower(part[1]) <= 't';  // qaa..qtz, private use
  return part.size() == 3 && (local || listed(registers::kLanguages3, part, lower));
}

bool is_script(std::string_view part) {
  if (part.size() != 4 || !all(part, is_letter)) return false;
  const std::array<char, 4> title = {upper(part[0]), lower(part[1]), lower(part[2]), lower(part[3])};
  const std::string_view code(title.data(), title.size());
  return listed(registers::kScripts, code) || (code >= "Qaaa" && code <= "Qabx");
}

/// Besides countries: areas of UN M.49 by number, and what the registry keeps for private use (AA, QM..QZ, XA..XZ, ZZ).
bool is_region(std::string_view part) {
  if (part.size() == 3) return all(part, is_digit);
  if (part.size() != 2 || !all(part, is_letter)) return false;
  const std::array<char, 2> big = {upper(part[0]), upper(part[1])};
  const std::string_view code(big.data(), big.size());
  return listed(registers::kCountries2, code) || code == "AA" || code == "EU" || code == "UN" || code == "ZZ" ||
         (code >= "QM" && code <= "QZ") || (code >= "XA" && code <= "XZ");
}

bool is_variant(std::string_view part) { return part.size() >= 5 || (part.size() == 4 && is_digit(part.front())); }

/// singleton 1*("-" (2*8alphanum)); "x" takes one character too.
bool take_extension(Subtags& subtags) {
  const std::size_t shortest = lower(subtags.take().front()) == 'x' ? 1 : 2;
  if (subtags.peek().size() < shortest) return false;
  while (!subtags.at_end() && subtags.peek().size() >= shortest) subtags.take();
  return true;
}

bool is_irregular(std::string_view tag) {  // RFC 5646 §2.1, grandfathered tags that the grammar does not cover
  static constexpr std::array<std::string_view, 17> kTags = {
      "en-GB-oed", "i-ami", "i-bnn", "i-default", "i-enochian", "i-hak",     "i-klingon", "i-lux",    "i-mingo",
      "i-navajo",  "i-pwn", "i-tao", "i-tay",     "i-tsu",      "sgn-BE-FR", "sgn-BE-NL", "sgn-CH-DE"};
  return std::ranges::any_of(kTags, [&](std::string_view each) { return same(each, tag); });
}

enum class Standard : std::uint8_t { mime, language, currency, country, subdivision, zone, ucum };

std::optional<Standard> standard_of(std::string_view system) {
  static constexpr std::array<std::pair<std::string_view, Standard>, 7> kSystems = {
      {{"urn:ietf:bcp:13", Standard::mime},
       {"urn:ietf:bcp:47", Standard::language},
       {"urn:iso:std:iso:4217", Standard::currency},
       {"urn:iso:std:iso:3166", Standard::country},
       {"urn:iso:std:iso:3166:-2", Standard::subdivision},
       {"https://www.iana.org/time-zones", Standard::zone},
       {"http://unitsofmeasure.org", Standard::ucum}}};
  for (const auto& [url, standard] : kSystems)
    if (url == system) return standard;
  return std::nullopt;
}

/// ISO 3166-2 is not here in full: a country's code, a dash, one to three letters or digits.
std::optional<bool> has_subdivision(std::string_view code) {
  const bool formed = code.size() >= 4 && code.size() <= 6 && code[2] == '-' && is_country(code.substr(0, 2)) &&
                      all(code.substr(3), is_alphanumeric);
  return formed ? std::nullopt : std::optional(false);
}

}  // namespace

bool is_mime_type(std::string_view text) {
  if (text == "xml" || text == "json" || text == "ttl") return true;
  const std::string_view name = text.substr(0, text.find(';'));
  const std::size_t slash = name.find('/');
  if (slash == std::string_view::npos || !is_top_level_type(name.substr(0, slash))) return false;
  const std::string_view subtype = name.substr(slash + 1, name.find_last_not_of(" \t") - slash);
  return is_restricted_name(subtype) && are_parameters(text.substr(name.size()));
}

bool is_language_tag(std::string_view text) {
  Subtags subtags(text);
  if (!subtags.sound()) return false;
  if (is_irregular(text)) return true;
  if (lower(subtags.peek().front()) == 'x' && subtags.peek().size() == 1)
    return take_extension(subtags) && subtags.at_end();
  if (!is_language(subtags.take())) return false;
  for (int n = 0; n < 3 && subtags.peek().size() == 3 && all(subtags.peek(), is_letter); ++n)
    subtags.take();  // extlang
  if (subtags.peek().size() == 4 && all(subtags.peek(), is_letter) && !is_script(subtags.take())) return false;
  const std::size_t length = subtags.peek().size();
  if ((length == 2 || length == 3) && !is_region(subtags.take())) return false;
  while (is_variant(subtags.peek())) subtags.take();
  while (subtags.peek().size() == 1)
    if (!take_extension(subtags)) return false;
  return subtags.at_end();
}

bool is_currency(std::string_view code) { return code.size() == 3 && listed(registers::kCurrencies, code); }

bool is_country(std::string_view code) {
  if (code.size() == 2) return listed(registers::kCountries2, code);
  return code.size() == 3 && (listed(registers::kCountries3, code) || listed(registers::kCountryNumbers, code));
}

bool is_time_zone(std::string_view name) {
  if (name.empty() || name.contains(' ')) return false;
  for (std::string_view rest = registers::kTimeZones; !rest.empty();) {
    const std::size_t space = rest.find(' ');
    if (rest.substr(0, space) == name) return true;
    rest.remove_prefix(space + 1);
  }
  return false;
}

bool is_standard_system(std::string_view system) { return standard_of(system).has_value(); }

std::optional<bool> standard_has_code(std::string_view system, std::string_view code) {
  const std::optional<Standard> standard = standard_of(system);
  if (!standard) return std::nullopt;
  switch (*standard) {
    case Standard::mime: return is_mime_type(code);
    case Standard::language: return is_language_tag(code);
    case Standard::currency: return is_currency(code);
    case Standard::country: return is_country(code);
    case Standard::subdivision: return has_subdivision(code);
    case Standard::zone: return is_time_zone(code);
    case Standard::ucum: return read_ucum(code).has_value();
  }
  return std::nullopt;
}

}  // namespace fhir
