// Code systems that are a grammar or a register of another body, so that no list in a FHIR package could hold them:
// MIME types (BCP 13), language tags (BCP 47), currencies (ISO 4217), countries (ISO 3166-1), time zones (IANA), UCUM.
// Pure functions, safe from any thread.
#pragma once
#include <optional>
#include <string_view>

namespace fhir {

/// True for the systems this file decides about ("urn:ietf:bcp:13", ...).
bool is_standard_system(std::string_view system);
/// nullopt for any other system, and for a code whose register goes further than ours (a subdivision of a country).
std::optional<bool> standard_has_code(std::string_view system, std::string_view code);

/// RFC 6838 §4.2 and RFC 2045 §5.1: a registered top-level type, a subtype, parameters; also "xml", "json" and "ttl",
/// which R4 allows beside them (capabilitystatement-definitions.html#CapabilityStatement.format).
bool is_mime_type(std::string_view text);
/// RFC 5646 §2.1: well-formed, its language, script and region registered.
bool is_language_tag(std::string_view text);
bool is_currency(std::string_view code);   // ISO 4217
bool is_country(std::string_view code);    // ISO 3166-1: two letters, three letters or three digits
bool is_time_zone(std::string_view name);  // "Asia/Shanghai"; Etc/ and the links of older names too

}  // namespace fhir
