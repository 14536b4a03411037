#include "fhir/path/units.h"

#include <algorithm>
#include <array>

namespace fhir::path {
namespace {

struct Word {
  std::string_view one;
  std::string_view many;
  CalendarUnit unit;
};

constexpr std::array<Word, 8> kWords = {{{"year", "years", CalendarUnit::year},
                                         {"month", "months", CalendarUnit::month},
                                         {"week", "weeks", CalendarUnit::week},
                                         {"day", "days", CalendarUnit::day},
                                         {"hour", "hours", CalendarUnit::hour},
                                         {"minute", "minutes", CalendarUnit::minute},
                                         {"second", "seconds", CalendarUnit::second},
                                         {"millisecond", "milliseconds", CalendarUnit::millisecond}}};

const Word* find_word(std::string_view word) {
  const auto* found = std::ranges::find_if(kWords, [&](const Word& w) { return word == w.one || word == w.many; });
  return found == kWords.end() ? nullptr : found;
}

// UCUM codes of the same length as the calendar's. A year and a month of UCUM ('a', 'mo') are means, so they are not here.
constexpr std::array<std::pair<std::string_view, CalendarUnit>, 6> kDefinite = {{{"wk", CalendarUnit::week},
                                                                                {"d", CalendarUnit::day},
                                                                                {"h", CalendarUnit::hour},
                                                                                {"min", CalendarUnit::minute},
                                                                                {"s", CalendarUnit::second},
                                                                                {"ms", CalendarUnit::millisecond}}};

/// A duration as so many of `base`: milliseconds, or calendar months.
struct Length {
  enum class Base : std::uint8_t { millisecond, month };
  Base base;
  std::int64_t count;
};

constexpr std::int64_t kDay = 86'400'000;

std::optional<Length> length_of(std::string_view unit, bool loosely) {
  if (unit == "a" || (loosely && (unit == "year" || unit == "years"))) return Length{Length::Base::millisecond, kDay * 1461 / 4};
  if (unit == "mo" || (loosely && (unit == "month" || unit == "months"))) return Length{Length::Base::millisecond, kDay * 1461 / 48};
  const std::optional<CalendarUnit> known = calendar_unit(unit);
  if (!known) return std::nullopt;
  switch (*known) {
    case CalendarUnit::year: return Length{Length::Base::month, 12};
    case CalendarUnit::month: return Length{Length::Base::month, 1};
    case CalendarUnit::week: return Length{Length::Base::millisecond, kDay * 7};
    case CalendarUnit::day: return Length{Length::Base::millisecond, kDay};
    case CalendarUnit::hour: return Length{Length::Base::millisecond, kDay / 24};
    case CalendarUnit::minute: return Length{Length::Base::millisecond, 60'000};
    case CalendarUnit::second: return Length{Length::Base::millisecond, 1'000};
    case CalendarUnit::millisecond: return Length{Length::Base::millisecond, 1};
  }
  return std::nullopt;
}

}  // namespace

bool is_calendar_word(std::string_view word) { return find_word(word) != nullptr; }

std::optional<CalendarUnit> calendar_unit(std::string_view unit) {
  if (const Word* word = find_word(unit)) return word->unit;
  const auto* code = std::ranges::find(kDefinite, unit, &std::pair<std::string_view, CalendarUnit>::first);
  return code == kDefinite.end() ? std::nullopt : std::optional(code->second);
}

std::string quantity_text(std::string_view number, std::string_view unit) {
  const bool word = is_calendar_word(unit);
  return std::string(number) + (word ? " " : " '") + std::string(unit) + (word ? "" : "'");
}

std::optional<std::pair<Decimal, Decimal>> in_one_unit(const Amount& a, const Amount& b, bool loosely) {
  if (a.unit == b.unit) return std::pair(a.number, b.number);
  const std::optional<Length> first = length_of(a.unit, loosely);
  const std::optional<Length> second = length_of(b.unit, loosely);
  if (!first || !second || first->base != second->base) return std::nullopt;
  const std::optional<Decimal> left = a.number.times(Decimal(first->count));
  const std::optional<Decimal> right = b.number.times(Decimal(second->count));
  return left && right ? std::optional(std::pair(*left, *right)) : std::nullopt;
}

}  // namespace fhir::path
