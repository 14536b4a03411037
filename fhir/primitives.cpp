#include "fhir/primitives.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace fhir {
namespace {

struct Row {
  std::string_view name;
  JsonKind kind;
  bool (*well_formed)(std::string_view);
  std::string_view example;
};

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_lower_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); }
/// \s of the specification's regular expressions.
bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

bool is_boolean(std::string_view text) { return text == "true" || text == "false"; }

/// A whole number of 32 bits without sign (but '-' when `low` is negative) and without leading zeros.
bool is_whole(std::string_view text, std::int64_t low) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const std::string_view digits = text.starts_with('-') ? text.substr(1) : text;
  const bool canonical = !digits.empty() && (digits.front() != '0' || text == "0");
  return error == std::errc() && end == text.data() + text.size() && canonical && value >= low && value <= INT32_MAX;
}

bool is_integer(std::string_view text) { return is_whole(text, INT32_MIN); }
bool is_unsigned_int(std::string_view text) { return is_whole(text, 0); }
bool is_positive_int(std::string_view text) { return is_whole(text, 1); }
bool is_decimal(std::string_view text) { return Decimal::parse(text).has_value(); }

/// [ \r\n\t\S]+ without the control characters, which XML could not carry.
bool is_string(std::string_view text) {
  const auto allowed = [](char c) {
    return static_cast<unsigned char>(c) >= 0x20 || c == '\t' || c == '\n' || c == '\r';
  };
  return !text.empty() && std::ranges::all_of(text, allowed);
}

bool is_uri(std::string_view text) { return !text.empty() && std::ranges::none_of(text, is_space); }

bool is_date(std::string_view text) {
  const auto value = DateTime::parse(text);
  return value && !value->has_time() && !text.ends_with('T');
}

bool is_instant(std::string_view text) {
  const auto value = DateTime::parse(text);
  return value && value->precision() == Precision::second && value->offset().has_value();
}

bool is_date_time(std::string_view text) { return is_date(text) || is_instant(text); }

bool is_time(std::string_view text) {
  const auto value = Time::parse(text);
  return value && value->precision() == Precision::second;
}

bool is_base64(std::string_view text) { return !text.empty() && base64_decode(text).has_value(); }

/// What stands inside is checked by whoever shows it; here only that it is one div.
bool is_xhtml(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  const bool opens =
      text.starts_with("<div") && text.size() > 4 && (is_space(text[4]) || text[4] == '>' || text[4] == '/');
  return opens && (text.ends_with("</div>") || text.ends_with("/>"));
}

// In the order of the enumeration.
constexpr std::array<Row, 20> kRows = {{
    {"base64Binary", JsonKind::string, is_base64, "QmFzZTY0"},
    {"boolean", JsonKind::boolean, is_boolean, "true"},
    {"canonical", JsonKind::string, is_uri, "http://example.org/ValueSet/v|1"},
    {"code", JsonKind::string, is_code, "final"},
    {"date", JsonKind::string, is_date, "2024-02-29"},
    {"dateTime", JsonKind::string, is_date_time, "2024-02-29T13:45:00+08:00"},
    {"decimal", JsonKind::number, is_decimal, "1.10"},
    {"id", JsonKind::string, is_id, "a-1.b"},
    {"instant", JsonKind::string, is_instant, "2024-02-29T13:45:00.000+08:00"},
    {"integer", JsonKind::number, is_integer, "42"},
    {"markdown", JsonKind::string, is_string, "text"},
    {"oid", JsonKind::string, is_urn_oid, "urn:oid:1.2.3"},
    {"positiveInt", JsonKind::number, is_positive_int, "1"},
    {"string", JsonKind::string, is_string, "text"},
    {"time", JsonKind::string, is_time, "13:45:00"},
    {"unsignedInt", JsonKind::number, is_unsigned_int, "0"},
    {"uri", JsonKind::string, is_uri, "http://example.org/x"},
    {"url", JsonKind::string, is_uri, "http://example.org/x"},
    {"uuid", JsonKind::string, is_urn_uuid, "urn:uuid:c757873d-ec9a-4326-a141-556f43239520"},
    {"xhtml", JsonKind::string, is_xhtml, "<div xmlns=\"http://www.w3.org/1999/xhtml\">text</div>"},
}};

const Row& row(Primitive type) { return kRows[static_cast<std::size_t>(type)]; }

}  // namespace

std::optional<Primitive> primitive_of(std::string_view type) {
  const auto found = std::ranges::lower_bound(kRows, type, {}, &Row::name);
  if (found == kRows.end() || found->name != type) return std::nullopt;
  return static_cast<Primitive>(found - kRows.begin());
}

JsonKind json_kind(Primitive type) { return row(type).kind; }
bool is_well_formed(Primitive type, std::string_view text) { return row(type).well_formed(text); }
std::string_view example(Primitive type) { return row(type).example; }

bool is_id(std::string_view text) {
  return !text.empty() && text.size() <= 64 &&
         std::ranges::all_of(text, [](char c) { return is_letter(c) || is_digit(c) || c == '-' || c == '.'; });
}

bool is_code(std::string_view text) {
  if (text.empty() || is_space(text.front()) || is_space(text.back())) return false;
  return std::ranges::adjacent_find(text, [](char a, char b) { return is_space(a) && is_space(b); }) == text.end();
}

bool is_urn_uuid(std::string_view text) {
  constexpr std::string_view kPrefix = "urn:uuid:", kShape = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
  if (!text.starts_with(kPrefix)) return false;
  text.remove_prefix(kPrefix.size());
  return std::ranges::equal(text, kShape, [](char c, char shape) { return shape == 'x' ? is_lower_hex(c) : c == '-'; });
}

bool is_urn_oid(std::string_view text) {
  constexpr std::string_view kPrefix = "urn:oid:";
  if (!text.starts_with(kPrefix)) return false;
  text.remove_prefix(kPrefix.size());
  if (text.size() < 3 || text[0] < '0' || text[0] > '2' || text[1] != '.') return false;
  std::size_t length = 1;  // of the arc so far
  for (std::size_t i = 2, start = 2; i <= text.size(); ++i) {
    if (i < text.size() && is_digit(text[i])) continue;
    length = i - start;
    const bool leading_zero = length > 1 && text[start] == '0';
    if (length == 0 || leading_zero || (i < text.size() && text[i] != '.')) return false;
    start = i + 1;
  }
  return true;
}

bool is_absolute_uri(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (!is_uri(text) || colon == std::string_view::npos || colon == 0 || colon + 1 == text.size()) return false;
  const std::string_view scheme = text.substr(0, colon);
  return is_letter(scheme.front()) && std::ranges::all_of(scheme, [](char c) {
           return is_letter(c) || is_digit(c) || c == '+' || c == '-' || c == '.';
         });
}

// ----------------------------------------------------------------------------------------------------------- base64
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t kNoDigit = 64;

constexpr std::array<std::uint8_t, 256> kDigits = [] {
  std::array<std::uint8_t, 256> table{};
  table.fill(kNoDigit);
  for (std::uint8_t i = 0; i < 64; ++i) table[static_cast<unsigned char>(kAlphabet[i])] = i;
  return table;
}();

}  // namespace

std::string base64_encode(std::string_view bytes) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const auto byte = [&](std::size_t n) {
      return i + n < bytes.size() ? static_cast<unsigned char>(bytes[i + n]) : 0u;
    };
    const unsigned group = byte(0) << 16 | byte(1) << 8 | byte(2);
    out += kAlphabet[group >> 18];
    out += kAlphabet[group >> 12 & 63];
    out += i + 1 < bytes.size() ? kAlphabet[group >> 6 & 63] : '=';
    out += i + 2 < bytes.size() ? kAlphabet[group & 63] : '=';
  }
  return out;
}

std::optional<std::string> base64_decode(std::string_view text) {
  std::string out;
  out.reserve(text.size() / 4 * 3);
  unsigned group = 0, digits = 0, padding = 0;
  for (const char c : text) {
    if (is_space(c)) continue;
    const std::uint8_t digit = c == '=' ? 0 : kDigits[static_cast<unsigned char>(c)];
    if (c == '=') ++padding;
    const bool misplaced = (padding > 0 && c != '=') || (c == '=' && digits < 2);
    if (digit == kNoDigit || misplaced) return std::nullopt;
    group = group << 6 | digit;
    if (++digits < 4) continue;
    for (unsigned n = 0; n < 3 - padding; ++n) out += static_cast<char>(group >> (16 - 8 * n) & 0xff);
    group = digits = 0;
  }
  if (digits != 0 || padding > 2) return std::nullopt;
  return out;
}

}  // namespace fhir
