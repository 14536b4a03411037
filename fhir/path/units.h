// Units of quantities: FHIRPath's calendar words and UCUM codes, which of them are one dimension and by what factor
// (N1 §2.1.9.2, §6.6.7). Pure functions.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "fhir/datetime.h"
#include "fhir/decimal.h"

namespace fhir::path {

/// "day", "days", "year", ...
bool is_calendar_word(std::string_view word);
/// The unit to add to a date: a calendar word, or a UCUM code of the same fixed length ('s', 'min', 'wk'; not 'mo',
/// 'a').
std::optional<CalendarUnit> calendar_unit(std::string_view unit);
/// Calendar words without quotes, codes with them: "4 day", "1.5 'mg'".
std::string quantity_text(std::string_view number, std::string_view unit);

struct Amount {
  Decimal number;
  std::string_view unit;
};

/// Both numbers in one unit; nothing when the units measure different things, or are unknown and differ. Exactly, in
/// any unit; or `loosely` (for `~`): in the coarser of the two, and with a calendar year as long as a UCUM year ('a').
std::optional<std::pair<Decimal, Decimal>> in_one_unit(const Amount& a, const Amount& b, bool loosely);

}  // namespace fhir::path
