// What a value stands for, as the range that a search compares with (docs/KEYS.md, search.html#prefix): a date is the
// span of its precision, a decimal what rounds to it. Value types and pure functions, safe from any thread.
#pragma once
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "fhir/datetime.h"
#include "fhir/decimal.h"

namespace fhir::search {

/// A moment in UTC.
struct Moment {
  std::int64_t seconds = 0;      // since 1970
  std::int32_t nanoseconds = 0;  // 0..999,999,999
  auto operator<=>(const Moment&) const = default;

  std::string text() const;  // "2015-02-07T11:28:17.5Z"
};

/// From the first moment to the first one after; a side that is not there is open.
struct Span {
  std::optional<Moment> low, high;
  bool operator==(const Span&) const = default;
};

/// Of a date, dateTime or instant. What has no zone is in the one of `zone` minutes east of UTC.
std::optional<Span> span_of(std::string_view text, int zone);

struct NumberRange {
  std::optional<Decimal> low, high;
  bool operator==(const NumberRange&) const = default;
};

/// What rounds to the decimal: "0.80" is 0.795 to 0.805, "1.0e2" is 95 to 105.
std::optional<NumberRange> rounding_range(std::string_view text);
/// An integer is itself.
std::optional<NumberRange> exact_range(std::string_view text);

/// Without exponent, without zeros at the end.
std::string plain(const Decimal& number);
/// above / below, rounded half to even to so many significant digits.
std::optional<Decimal> quotient(const Decimal& above, const Decimal& below, int digits);

}  // namespace fhir::search
