// Text as local systems write it -> values as FHIR writes them, and back. Pure functions; nothing that does not parse
// is guessed at: they answer nothing, and the map decides what then (usually: it stays text).
#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "fhir/primitives.h"

namespace adapters::map {

std::string_view trim(std::string_view text);  // also full-width spaces

/// Full-width forms (U+FF01-U+FF5E, U+3000) as their ASCII twins: what NFKC does to this block, and no more. All of
/// NFKC would also turn 10⁹ into 109.
std::string fold_width(std::string_view text);

/// A number as laboratories write it: "38.62", ">1200.00", "１５.８↑", "≤6.9 H". Digits are kept as written.
struct Measure {
  std::string comparator;  // FHIR's code: < <= >= >, or empty
  std::string number;      // a JSON number
  std::string flag;        // what stood behind it: ↑ ↓ H L ...; may be empty
  bool exact = false;      // comparator and number are the whole text as it was sent
};
std::optional<Measure> parse_measure(std::string_view text);

/// `text` as a value of a FHIR primitive type (R4 datatypes.html#primitive); `zone` ("+08:00") is for local times
/// without one. Dates and times arrive as HL7 v2 writes them (20260310072200), as ISO or as 2026/3/10 7:22.
std::optional<std::string> to_primitive(std::string_view type, std::string_view text, std::string_view zone);
std::optional<std::string> to_primitive(fhir::Primitive type, std::string text, std::string_view zone);
bool is_number_type(std::string_view type);  // decimal, integer and its kinds: written to JSON without quotes

/// A named way to read a text, for `read:` in maps.
struct Reader {
  std::string_view name;
  bool probes;  // a text it does not fit is no fault: there is just no value
  std::optional<std::string> (*read)(std::string_view text, std::string_view zone);
};
const Reader* find_reader(std::string_view name);
std::span<const std::string_view> reader_names();

}  // namespace adapters::map
