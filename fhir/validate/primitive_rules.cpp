// Values of primitive types that have the form of their type and yet cannot be meant: R4 datatypes.html#primitive says
// so in words.
#include <algorithm>
#include <string>

#include "fhir/primitives.h"
#include "fhir/validate/rules.h"

namespace fhir::validate {
namespace {

constexpr std::size_t kLongest = 1024 * 1024;  // a string "SHALL NOT exceed 1MB"

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

void check_string(JsonView value, Findings& findings) {
  const std::string_view text = value.text();
  if (text.size() > kLongest) findings.add("string-long", value);
  if (std::ranges::all_of(text, is_space)) return findings.add("string-blank", value);
  if (is_space(text.front()) || is_space(text.back())) findings.add("string-space", value);
}

std::string in_lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  return lower;
}

/// urn:oid: and urn:uuid: are followed by one; neither stands without its "urn:".
void check_uri(JsonView value, Severity severity, Findings& findings) {
  const std::string_view text = value.text();
  if (text.starts_with("oid:") || text.starts_with("uuid:")) return findings.add("uri-urn", value);
  const std::string_view bare = text.substr(0, text.find_first_of("#|"));
  if (text.starts_with("urn:oid:") && !is_urn_oid(bare)) return findings.add(severity, "uri-oid", value);
  if (!text.starts_with("urn:uuid:") || is_urn_uuid(bare)) return;
  findings.add(is_urn_uuid(in_lower_case(bare)) ? Severity::warning : severity, "uri-uuid", value);
}

void check_canonical(JsonView value, Findings& findings) {
  check_uri(value, Severity::warning, findings);
  const std::string_view text = value.text();
  if (!text.starts_with('#') && !is_absolute_uri(text)) findings.add("canonical-relative", value);
}

/// The text has the form of a date: four digits first.
void check_year(JsonView value, Findings& findings) {
  const std::string_view year = value.text().substr(0, 4);
  if (year < "1800" || year > "2200") findings.add("date-year", value);
}

}  // namespace

void check_primitive(Primitive type, JsonView value, const Context& context) {
  switch (type) {
    case Primitive::string:
    case Primitive::markdown: return check_string(value, context.findings);
    case Primitive::uri:
    case Primitive::url: return check_uri(value, Severity::error, context.findings);
    case Primitive::canonical: return check_canonical(value, context.findings);
    case Primitive::date:
    case Primitive::date_time:
    case Primitive::instant: return check_year(value, context.findings);
    default: return;
  }
}

}  // namespace fhir::validate
