#include "fhir/path/units.h"

#include <algorithm>
#include <array>

#include "fhir/ucum.h"

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

// UCUM codes of the same length as the calendar's. A year and a month of UCUM ('a', 'mo') are means, so they are not
// here.
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
  if (unit == "a" || (loosely && (unit == "year" || unit == "years")))
    return Length{Length::Base::millisecond, kDay * 1461 / 4};
  if (unit == "mo" || (loosely && (unit == "month" || unit == "months")))
    return Length{Length::Base::millisecond, kDay * 1461 / 48};
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

namespace {

struct Fraction {
  Decimal above;
  Decimal below;
};

/// How many `to` one `from` is; nothing when they do not measure the same.
std::optional<Fraction> ratio(std::string_view from, std::string_view to, bool loosely) {
  const std::optional<Length> one = length_of(from, loosely);
  const std::optional<Length> other = length_of(to, loosely);
  if (one && other) {
    return one->base == other->base ? std::optional(Fraction{Decimal(one->count), Decimal(other->count)})
                                    : std::nullopt;
  }
  if (is_calendar_word(from) || is_calendar_word(to)) return std::nullopt;
  const std::optional<Unit> a = parse_ucum(from);
  const std::optional<Unit> b = a ? parse_ucum(to) : std::nullopt;
  if (!b || !a->measures_the_same(*b) || !a->is_ratio() || !b->is_ratio()) return std::nullopt;
  const std::optional<Decimal> above = a->numerator.times(b->denominator);
  const std::optional<Decimal> below = a->denominator.times(b->numerator);
  return above && below ? std::optional(Fraction{*above, *below}) : std::nullopt;
}

std::optional<Decimal> scaled(const Decimal& number, const Decimal& above, const Decimal& below) {
  const std::optional<Decimal> product = number.times(above);
  return product ? product->over(below) : std::nullopt;
}

template <class A, class B>
std::optional<std::pair<Decimal, Decimal>> both(const A& a, const B& b) {
  return a && b ? std::optional(std::pair<Decimal, Decimal>(*a, *b)) : std::nullopt;
}

}  // namespace

std::optional<std::pair<Decimal, Decimal>> in_one_unit(const Amount& a, const Amount& b, bool loosely) {
  if (a.unit == b.unit) return std::pair(a.number, b.number);
  const std::optional<Fraction> share = ratio(b.unit, a.unit, loosely);
  if (!share) return std::nullopt;
  // Exactly: a = b * above / below, so a * below = b * above.
  if (!loosely) return both(a.number.times(share->below), b.number.times(share->above));
  const bool b_is_coarser = share->above > share->below;
  if (b_is_coarser) return both(scaled(a.number, share->below, share->above), std::optional(b.number));
  return both(std::optional(a.number), scaled(b.number, share->above, share->below));
}

}  // namespace fhir::path
