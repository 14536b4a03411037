#include "fhir/ucum.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <vector>

namespace fhir {
namespace {

constexpr int kDeepest = 16;        // parentheses
constexpr int kGreatestPower = 32;  // of a unit; nothing is measured in m^33
constexpr std::size_t kLongest = 200;

struct Prefix {
  std::string_view code;
  int exponent;
};

// Two letters before one.
constexpr std::array<Prefix, 20> kPrefixes = {{{"da", 1},  {"Y", 24},  {"Z", 21},  {"E", 18},  {"P", 15},
                                               {"T", 12},  {"G", 9},   {"M", 6},   {"k", 3},   {"h", 2},
                                               {"d", -1},  {"c", -2},  {"m", -3},  {"u", -6},  {"n", -9},
                                               {"p", -12}, {"f", -15}, {"a", -18}, {"z", -21}, {"y", -24}}};

struct Atom {
  std::string_view code;
  bool metric;              // takes prefixes
  std::string_view factor;  // times
  std::string_view unit;    // this; empty: nothing, a pure number
};

// ucum.org/ucum, its tables: what is of clinical use. Each is defined by units above it and by base units.
constexpr auto kAtoms = std::to_array<Atom>({
    {"10*", false, "10", ""},
    {"10^", false, "10", ""},
    {"[pi]", false, "3.1415926535897932384626433832795028841971693993751058209749445923", ""},
    {"%", false, "0.01", ""},
    {"[ppth]", false, "0.001", ""},
    {"[ppm]", false, "0.000001", ""},
    {"[ppb]", false, "0.000000001", ""},
    {"[pptr]", false, "0.000000000001", ""},
    {"mol", true, "602213670000000000000000", ""},
    {"eq", true, "1", "mol"},
    {"osm", true, "1", "mol"},
    {"sr", true, "1", "rad2"},
    {"Hz", true, "1", "s-1"},
    {"Bq", true, "1", "s-1"},
    {"N", true, "1000", "g.m/s2"},
    {"Pa", true, "1", "N/m2"},
    {"J", true, "1", "N.m"},
    {"W", true, "1", "J/s"},
    {"A", true, "1", "C/s"},
    {"V", true, "1", "J/C"},
    {"F", true, "1", "C/V"},
    {"Ohm", true, "1", "V/A"},
    {"S", true, "1", "A/V"},
    {"Wb", true, "1", "V.s"},
    {"T", true, "1", "Wb/m2"},
    {"H", true, "1", "Wb/A"},
    {"lm", true, "1", "cd.sr"},
    {"lx", true, "1", "lm/m2"},
    {"Gy", true, "0.001", "J/g"},
    {"Sv", true, "0.001", "J/g"},
    {"kat", true, "1", "mol/s"},
    {"deg", false, "1", "[pi].rad/180"},
    {"l", true, "0.001", "m3"},
    {"L", true, "0.001", "m3"},
    {"ar", true, "100", "m2"},
    {"min", false, "60", "s"},
    {"U", true, "0.000001", "mol/min"},
    {"h", false, "3600", "s"},
    {"d", false, "86400", "s"},
    {"wk", false, "604800", "s"},
    {"mo", false, "2629800", "s"},
    {"mo_j", false, "2629800", "s"},
    {"a", false, "31557600", "s"},
    {"a_j", false, "31557600", "s"},
    {"t", true, "1000000", "g"},
    {"u", true, "0.0000000000000000000000016605402", "g"},
    {"bar", true, "100000", "Pa"},
    {"eV", true, "0.000000000000000000160217733", "J"},
    {"dyn", true, "1", "g.cm/s2"},
    {"erg", true, "1", "dyn.cm"},
    {"cal", true, "4.184", "J"},
    {"cal_th", true, "4.184", "J"},
    {"[Cal]", false, "4184", "J"},
    {"m[Hg]", true, "133322", "Pa"},
    {"m[H2O]", true, "9806.65", "Pa"},
    {"g%", true, "1", "g/dl"},
    {"[in_i]", false, "0.0254", "m"},
    {"[ft_i]", false, "0.3048", "m"},
    {"[yd_i]", false, "0.9144", "m"},
    {"[mi_i]", false, "1609.344", "m"},
    {"[nmi_i]", false, "1852", "m"},
    {"[sin_i]", false, "1", "[in_i]2"},
    {"[sft_i]", false, "1", "[ft_i]2"},
    {"[cin_i]", false, "1", "[in_i]3"},
    {"[gr]", false, "0.06479891", "g"},
    {"[lb_av]", false, "453.59237", "g"},
    {"[oz_av]", false, "28.349523125", "g"},
    {"[dr_av]", false, "1.7718451953125", "g"},
    {"[ston_av]", false, "907184.74", "g"},
    {"[stone_av]", false, "6350.29318", "g"},
    {"[gal_us]", false, "231", "[in_i]3"},
    {"[qt_us]", false, "57.75", "[in_i]3"},
    {"[pt_us]", false, "28.875", "[in_i]3"},
    {"[cup_us]", false, "14.4375", "[in_i]3"},
    {"[foz_us]", false, "1.8046875", "[in_i]3"},
    {"[tbs_us]", false, "0.90234375", "[in_i]3"},
    {"[tsp_us]", false, "0.30078125", "[in_i]3"},
    {"[drp]", false, "0.05", "ml"},
    {"[HPF]", false, "1", ""},
    {"[LPF]", false, "100", ""},
});

constexpr std::array<std::string_view, 8> kArbitrary = {"[IU]",  "[iU]",      "[arb'U]",   "[USP'U]",
                                                        "[CFU]", "[CCID_50]", "[TCID_50]", "[PFU]"};

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

class Reader {
 public:
  using Table = std::vector<std::optional<Unit>>;  // what each row of kAtoms comes to

  explicit Reader(std::string_view text) : Reader(text, table()) {}

  std::optional<Unit> whole() {
    std::optional<Unit> unit = term();
    return at_ == text_.size() ? unit : std::nullopt;
  }

 private:
  Reader(std::string_view text, const Table& known) : text_(text), known_(known) {}

  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  // term = ["/"] component {("." | "/") component}
  std::optional<Unit> term() {
    std::optional<Unit> unit;
    bool divide = peek() == '/';
    if (divide) ++at_, unit = Unit{};
    while (true) {
      std::optional<Unit> next = component();
      if (!next) return std::nullopt;
      unit = unit ? product(*unit, *next, divide) : std::move(next);
      if (!unit) return std::nullopt;
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
    const std::size_t close = text_.find('}', at_);
    at_ = close == std::string_view::npos ? at_ : close + 1;
    return close != std::string_view::npos;
  }

  std::optional<Unit> group() {
    if (++depth_ > kDeepest) return std::nullopt;
    ++at_;
    std::optional<Unit> unit = term();
    --depth_;
    if (peek() != ')') return std::nullopt;
    ++at_;
    return unit;
  }

  std::string_view token() {
    const std::size_t begin = at_;
    for (bool bracket = false; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '[' || c == ']') bracket = c == '[';
      if (!bracket && std::string_view("./(){}").find(c) != std::string_view::npos) break;
    }
    return text_.substr(begin, at_ - begin);
  }

  std::optional<Unit> simple() {
    std::string_view code = token();
    if (code.empty() || code.find_first_not_of("0123456789") == std::string_view::npos) return number(code);
    const std::optional<int> power = take_power(code);
    const std::optional<Unit> unit = power ? named(code) : std::nullopt;
    return unit ? raised(*unit, *power) : std::nullopt;
  }

  static std::optional<Unit> number(std::string_view digits) {
    const std::optional<Decimal> factor = Decimal::parse(digits);
    if (!factor || factor->is_zero() || digits.size() > 20) return std::nullopt;
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
      if (unit) return scaled(*std::move(unit), prefix.exponent);
    }
    return std::nullopt;
  }

  static std::optional<Unit> scaled(Unit unit, int exponent) {
    const auto power = Decimal::parse("1" + std::string(static_cast<std::size_t>(std::abs(exponent)), '0'));
    Decimal& side = exponent < 0 ? unit.denominator : unit.numerator;
    const std::optional<Decimal> value = side.times(*power);
    if (!value) return std::nullopt;
    side = *value;
    return unit;
  }

  /// The units of the table, each worked out once; by then those above it are there.
  static const Table& table() {
    static const Table units = [] {
      Table all;
      for (const Atom& atom : kAtoms) {
        Unit factor;
        factor.numerator = *Decimal::parse(atom.factor);
        const std::optional<Unit> of = atom.unit.empty() ? Unit{} : Reader(atom.unit, all).whole();
        all.push_back(of ? product(factor, *of, false) : std::nullopt);
      }
      return all;
    }();
    return units;
  }

  std::optional<Unit> atom(std::string_view code, bool metric) const {
    Unit unit;
    if (const auto* base = std::ranges::find(kBaseCodes, code); base != kBaseCodes.end()) {
      unit.powers[static_cast<std::size_t>(base - kBaseCodes.begin())] = 1;
      return unit;
    }
    if (std::ranges::find(kArbitrary, code) != kArbitrary.end()) {
      unit.arbitrary.emplace(code == "[iU]" ? "[IU]" : code, 1);
      return unit;
    }
    const auto* found = std::ranges::find(kAtoms, code, &Atom::code);
    const auto row = static_cast<std::size_t>(found - kAtoms.begin());
    if (row >= known_.size() || (metric && !found->metric)) return std::nullopt;
    return known_[row];
  }

  std::string_view text_;
  const Table& known_;
  int depth_ = 0;
  std::size_t at_ = 0;
};

}  // namespace

std::optional<Unit> parse_ucum(std::string_view code) {
  return code.empty() || code.size() > kLongest ? std::nullopt : Reader(code).whole();
}

}  // namespace fhir
