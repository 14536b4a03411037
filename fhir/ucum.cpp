#include "fhir/ucum.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <unordered_map>
#include <vector>

#include "fhir/ucum_atoms.h"

namespace fhir {
namespace {

constexpr int kDeepest = 16;        // parentheses
constexpr int kGreatestPower = 32;  // of a unit; nothing is measured in m^33
constexpr std::size_t kLongest = 200;

struct Prefix {
  std::string_view code;
  int exponent;
  int base = 10;
};

// Two letters before one.
constexpr std::array<Prefix, 24> kPrefixes = {
    {{"da", 1}, {"Ki", 10, 2}, {"Mi", 20, 2}, {"Gi", 30, 2}, {"Ti", 40, 2}, {"Y", 24},  {"Z", 21},  {"E", 18},
     {"P", 15}, {"T", 12},     {"G", 9},      {"M", 6},      {"k", 3},      {"h", 2},   {"d", -1},  {"c", -2},
     {"m", -3}, {"u", -6},     {"n", -9},     {"p", -12},    {"f", -15},    {"a", -18}, {"z", -21}, {"y", -24}}};

constexpr std::array<std::string_view, Unit::kBases> kBaseCodes = {"m", "s", "g", "rad", "K", "C", "cd"};

std::optional<Unit> product(const Unit& a, const Unit& b, bool divide) {
  const std::optional<Decimal> above = a.numerator.times(divide ? b.denominator : b.numerator);
  const std::optional<Decimal> below = a.denominator.times(divide ? b.numerator : b.denominator);
  if (!above || !below) return std::nullopt;
  Unit result = a;
  result.numerator = *above;
  result.denominator = *below;
  for (std::size_t n = 0; n < Unit::kBases; ++n) result.powers[n] += divide ? -b.powers[n] : b.powers[n];
  for (const auto& [name, power] : b.arbitrary) {
    const int sum = result.arbitrary[name] += divide ? -power : power;
    if (sum == 0) result.arbitrary.erase(name);
  }
  return result;
}

std::optional<Unit> raised(const Unit& unit, int power) {
  if (power == 1) return unit;
  std::optional<Unit> result = Unit{};
  for (int n = 0; n < std::abs(power) && result; ++n) result = product(*result, unit, power < 0);
  return result;
}

/// A unit's row in one of the tables.
struct Row {
  enum class Kind : std::uint8_t { base, atom, arbitrary, special };
  Kind kind;
  std::size_t at;
  bool metric;
};

const Row* find_row(std::string_view code) {
  static const std::unordered_map<std::string_view, Row> rows = [] {
    std::unordered_map<std::string_view, Row> all;
    for (std::size_t n = 0; n < kBaseCodes.size(); ++n) all[kBaseCodes[n]] = {Row::Kind::base, n, true};
    for (std::size_t n = 0; n < ucum::atoms().size(); ++n)
      all[ucum::atoms()[n].code] = {Row::Kind::atom, n, ucum::atoms()[n].metric};
    for (std::size_t n = 0; n < ucum::arbitrary_units().size(); ++n)
      all[ucum::arbitrary_units()[n].code] = {Row::Kind::arbitrary, n, ucum::arbitrary_units()[n].metric};
    for (std::size_t n = 0; n < ucum::special_units().size(); ++n)
      all[ucum::special_units()[n].code] = {Row::Kind::special, n, ucum::special_units()[n].metric};
    return all;
  }();
  const auto found = rows.find(code);
  return found == rows.end() ? nullptr : &found->second;
}

class Reader {
 public:
  using Table = std::vector<Unit>;  // what each row of atoms() comes to

  explicit Reader(std::string_view text) : Reader(text, table()) {}

  Result<Unit> whole() {
    if (text_.empty()) return error("ucum.empty", "a unit is empty");
    if (text_.size() > kLongest) return error("ucum.size", "a unit is too long");
    std::optional<Unit> unit = term();
    if (unit && at_ < text_.size()) fault("ucum.syntax", "a unit ends before its text does");
    if (unit && special_ && factors_ > 1) fault("ucum.special", "a unit on a scale of its own stands with others");
    if (!code_.empty() || !unit) return error(code_.empty() ? "ucum.range" : code_, say_);
    return *std::move(unit);
  }

 private:
  Reader(std::string_view text, const Table& known) : text_(text), known_(known) {}

  std::unexpected<Error> error(std::string_view code, std::string_view say) const {
    return fail(Fault::invalid, std::string(code), std::to_string(at_ + 1), std::string(say));
  }

  /// The first is kept.
  std::nullopt_t fault(std::string_view code, std::string_view say) {
    if (code_.empty()) code_ = code, say_ = say;
    return std::nullopt;
  }

  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  // term = ["/"] component {("." | "/") component}
  std::optional<Unit> term() {
    std::optional<Unit> unit;
    bool divide = peek() == '/';
    if (divide) ++at_, unit = Unit{};
    while (true) {
      if (divide) ++factors_;  // a special unit is not to be divided by either
      std::optional<Unit> next = component();
      if (!next) return std::nullopt;
      unit = unit ? product(*unit, *next, divide) : next;
      if (!unit) return fault("ucum.range", "a unit is too large or too small to reckon with");
      if (peek() != '.' && peek() != '/') break;
      divide = text_[at_++] == '/';
    }
    return unit;
  }

  // A group, a number or a unit with its power; an annotation in braces means nothing and may stand alone.
  std::optional<Unit> component() {
    if (peek() == '{') return annotation() ? std::optional(Unit{}) : std::nullopt;
    std::optional<Unit> unit = peek() == '(' ? group() : simple();
    if (unit && peek() == '{' && !annotation()) return std::nullopt;
    return unit;
  }

  bool annotation() {
    const std::size_t close = text_.find_first_of("{}", at_ + 1);
    if (close == std::string_view::npos || text_[close] == '{') {
      fault("ucum.syntax", "an annotation has no end");
      return false;
    }
    at_ = close + 1;
    return true;
  }

  std::optional<Unit> group() {
    if (++depth_ > kDeepest) return fault("ucum.size", "a unit has too many parentheses within one another");
    ++at_;
    std::optional<Unit> unit = term();
    --depth_;
    if (!unit) return std::nullopt;
    if (peek() != ')') return fault("ucum.syntax", "a parenthesis is not closed");
    ++at_;
    return unit;
  }

  std::string_view token() {
    const std::size_t begin = at_;
    for (bool bracket = false; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '[' || c == ']') bracket = c == '[';
      if (!bracket && std::string_view("./(){}").contains(c)) break;
    }
    return text_.substr(begin, at_ - begin);
  }

  std::optional<Unit> simple() {
    ++factors_;
    const std::size_t begin = at_;
    std::string_view code = token();
    if (code.empty()) return fault("ucum.syntax", "a unit is missing");
    const bool number_alone = code.find_first_not_of("0123456789") == std::string_view::npos;
    if (number_alone) return number(code);
    const std::optional<int> power = take_power(code);
    std::optional<Unit> unit = power ? named(code) : std::nullopt;
    if (!unit) {
      at_ = begin;
      return fault("ucum.unknown", "is no unit of UCUM");
    }
    if (*power != 1) ++factors_;
    unit = raised(*unit, *power);
    return unit ? unit : fault("ucum.range", "a unit is too large or too small to reckon with");
  }

  std::optional<Unit> number(std::string_view digits) {
    const std::optional<Decimal> factor = Decimal::parse(digits);
    if (!factor || factor->is_zero() || digits.size() > 20)
      return fault("ucum.syntax", "a factor is no positive number");
    Unit unit;
    unit.numerator = *factor;
    return unit;
  }

  /// "m2", "s-1", "10*-3": cuts the power off; 1 when there is none.
  static std::optional<int> take_power(std::string_view& code) {
    const std::size_t digits = code.find_last_not_of("0123456789") + 1;
    if (digits == code.size()) return 1;
    const bool sign = digits > 1 && (code[digits - 1] == '-' || code[digits - 1] == '+');
    int power = 0;
    const auto [end, fault] = std::from_chars(code.data() + digits, code.data() + code.size(), power);
    if (fault != std::errc() || power == 0 || power > kGreatestPower) return std::nullopt;
    if (sign && code[digits - 1] == '-') power = -power;
    code = code.substr(0, digits - (sign ? 1 : 0));
    return power;
  }

  std::optional<Unit> named(std::string_view code) {
    if (std::optional<Unit> unit = atom(code, false)) return unit;
    for (const Prefix& prefix : kPrefixes) {
      if (!code.starts_with(prefix.code)) continue;
      std::optional<Unit> unit = atom(code.substr(prefix.code.size()), true);
      if (unit) return scaled(*std::move(unit), prefix);
    }
    return std::nullopt;
  }

  /// A thousandth of a degree Celsius begins at 273150 of its kind below zero.
  static std::optional<Unit> scaled(Unit unit, const Prefix& prefix) {
    const auto power = Decimal(prefix.base).power(Decimal(std::abs(prefix.exponent)));
    Decimal& side = prefix.exponent < 0 ? unit.denominator : unit.numerator;
    const std::optional<Decimal> value = power ? side.times(*power) : std::nullopt;
    const std::optional<Decimal> offset = !power                ? std::nullopt
                                          : prefix.exponent < 0 ? unit.offset.times(*power)
                                                                : unit.offset.over(*power);
    if (!value || !offset) return std::nullopt;
    side = *value;
    unit.offset = *offset;
    return unit;
  }

  static std::optional<Unit> times(std::string_view factor, std::string_view unit, const Table& known) {
    Unit number;
    number.numerator = *Decimal::parse(factor);
    if (unit.empty()) return number;
    const Result<Unit> of = Reader(unit, known).whole();
    return of ? product(number, *of, false) : std::nullopt;
  }

  /// The units of the table, each worked out once; by then those above it are there.
  static const Table& table() {
    static const Table units = [] {
      Table all;
      for (const ucum::Atom& each : ucum::atoms()) {
        std::optional<Unit> unit = times(each.factor, each.unit, all);
        if (!unit) std::abort();  // a table that contradicts itself: a broken program
        all.push_back(*std::move(unit));
      }
      return all;
    }();
    return units;
  }

  std::optional<Unit> atom(std::string_view code, bool prefixed) {
    const Row* row = find_row(code);
    if (row == nullptr || (prefixed && !row->metric)) return std::nullopt;
    Unit unit;
    switch (row->kind) {
      case Row::Kind::base: unit.powers[row->at] = 1; return unit;
      case Row::Kind::atom: return row->at < known_.size() ? std::optional(known_[row->at]) : std::nullopt;
      case Row::Kind::arbitrary: unit.arbitrary.emplace(code == "[IU]" ? "[iU]" : code, 1); return unit;
      case Row::Kind::special: return special(ucum::special_units()[row->at]);
    }
    return std::nullopt;
  }

  std::optional<Unit> special(const ucum::Special& row) {
    special_ = true;
    std::optional<Unit> unit = times(row.factor, row.unit, known_);
    if (!unit) return std::nullopt;
    unit->offset = *Decimal::parse(row.offset);
    unit->logarithmic = row.logarithmic;
    return unit;
  }

  std::string_view text_;
  const Table& known_;
  int depth_ = 0;
  std::size_t at_ = 0;
  int factors_ = 0;  // units, numbers, divisions and powers so far
  bool special_ = false;
  std::string_view code_, say_;  // of the first fault
};

}  // namespace

std::string Unit::base_text() const {
  std::string text;
  const auto add = [&](std::string_view code, int power) {
    if (power == 0) return;
    if (!text.empty()) text += '.';
    text += code;
    if (power != 1) text += std::to_string(power);
  };
  for (std::size_t n = 0; n < kBases; ++n) add(kBaseCodes[n], powers[n]);
  for (const auto& [code, power] : arbitrary) add(code, power);
  return text.empty() ? "1" : text;
}

Result<Unit> read_ucum(std::string_view code) { return Reader(code).whole(); }

std::optional<Unit> parse_ucum(std::string_view code) {
  Result<Unit> unit = read_ucum(code);
  return unit ? std::optional(*std::move(unit)) : std::nullopt;
}

std::optional<Decimal> convert(const Decimal& number, const Unit& from, const Unit& to) {
  if (!from.measures_the_same(to) || from.logarithmic || to.logarithmic) return std::nullopt;
  const std::optional<Decimal> shifted = number.plus(from.offset);
  const std::optional<Decimal> above = from.numerator.times(to.denominator);
  const std::optional<Decimal> below = from.denominator.times(to.numerator);
  const std::optional<Decimal> product = shifted && above ? shifted->times(*above) : std::nullopt;
  const std::optional<Decimal> result = product && below ? product->over(*below) : std::nullopt;
  return result ? result->minus(to.offset) : std::nullopt;
}

}  // namespace fhir
