// The primitive types of R4 as text: which strings are well-formed values of which type (datatypes.html#primitive, its
// regular expressions written out by hand), base64, and identifiers. Pure functions, safe from any thread.
// Numbers and times as values: decimal.h, datetime.h.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "fhir/datetime.h"
#include "fhir/decimal.h"
#include "fhir/json.h"

namespace fhir {

enum class Primitive : std::uint8_t {
  base64_binary,
  boolean,
  canonical,
  code,
  date,
  date_time,
  decimal,
  id,
  instant,
  integer,
  markdown,
  oid,
  positive_int,
  string,
  time,
  unsigned_int,
  uri,
  url,
  uuid,
  xhtml,
};

/// The primitive of that FHIR type name ("dateTime"); nothing for other types.
std::optional<Primitive> primitive_of(std::string_view type);
/// How the type is written in JSON: boolean, number or string.
JsonKind json_kind(Primitive type);
/// True when `text` is a value of the type, by its regular expression and, for dates, by the calendar; for integers
/// within 32 bits.
bool is_well_formed(Primitive type, std::string_view text);
/// One example of the type, for messages to people ("2024-02-29").
std::string_view example(Primitive type);

bool is_id(std::string_view text);        // [A-Za-z0-9-.]{1,64}
bool is_code(std::string_view text);      // no leading, trailing or double whitespace
bool is_urn_uuid(std::string_view text);  // urn:uuid: and lower-case hexadecimal digits
bool is_urn_oid(std::string_view text);
/// A scheme and something after it (RFC 3986 §4.3, as far as identifiers need it).
bool is_absolute_uri(std::string_view text);

std::string base64_encode(std::string_view bytes);
/// RFC 4648 §4 with padding; whitespace between the characters is skipped.
std::optional<std::string> base64_decode(std::string_view text);

}  // namespace fhir
