// UCUM codes: what they are made of, what they are worth, and what is none.
#include "fhir/ucum.h"

#include <catch2/catch.hpp>

using namespace fhir;

namespace {

/// How many `to` one `from` is.
std::string factor(std::string_view from, std::string_view to) {
  const std::optional<Unit> a = parse_ucum(from);
  const std::optional<Unit> b = parse_ucum(to);
  if (!a || !b) return "unknown";
  if (!a->measures_the_same(*b)) return "other";
  if (!a->is_ratio() || !b->is_ratio()) return "scale";
  const auto above = a->numerator.times(b->denominator);
  const auto below = a->denominator.times(b->numerator);
  return above->over(*below)->text();
}

struct Row {
  const char* from;
  const char* to;
  const char* factor;
};

constexpr Row kRows[] = {
    {"g", "mg", "1000"},
    {"mg/dL", "g/L", "0.01"},
    {"mmol/L", "mol/m3", "1"},
    {"U/L", "mU/mL", "1"},
    {"U", "umol/min", "1"},
    {"10*9/L", "10*3/uL", "1"},
    {"10^9/L", "10*12/L", "0.001"},
    {"/uL", "10*6/L", "1"},
    {"mm[Hg]", "Pa", "133.322"},
    {"cm[H2O]", "Pa", "98.0665"},
    {"kPa", "bar", "0.01"},
    {"kcal", "kJ", "4.184"},
    {"[in_i]", "cm", "2.54"},
    {"[lb_av]", "kg", "0.45359237"},
    {"[stone_av]", "[lb_av]", "14"},
    {"[foz_us]", "[tbs_us]", "2"},
    {"m/s", "km/h", "3.6"},
    {"kg.m/s2", "N", "1"},
    {"kg.m.s-2", "N", "1"},
    {"(kg.m)/(s.s)", "N", "1"},
    {"mL/min/{1.73_m2}", "L/h", "0.06"},
    {"ng/mL{total}", "ug/L", "1"},
    {"{cells}/uL", "/mm3", "1"},
    {"meq/L", "mmol/L", "1"},
    {"mosm/kg", "mmol/kg", "1"},
    {"[IU]/L", "[iU]/mL", "0.001"},
    {"k[IU]/L", "m[IU]/mL", "1000"},
    {"%", "1", "0.01"},
    {"g%", "g/dL", "1"},
    {"Gy", "J/kg", "1"},
    {"h", "min", "60"},
    {"a", "d", "365.25"},
    {"mo", "d", "30.4375"},
    {"2.g", "g", "2"},
    {"[IU]", "U", "other"},
    {"g", "m", "other"},
    {"Cel", "K", "scale"},
    {"[psi]", "[lbf_av]/[in_i]2", "1"},
    {"[ft_us]", "m", "0.3048006096012192024384048768"},
    {"[degR]", "K", "0.5555555555555555555555555556"},
    {"[acr_br]", "[yd_br]2", "4840"},
    {"[gal_br]", "[pt_br]", "8"},
    {"[oz_tr]", "[gr]", "480"},
    {"[Btu_IT]", "J", "1055.05585262"},
    {"''", "deg", "0.0002777777777777777777777777778"},
    {"Ci", "Bq", "37000000000"},
    {"R", "C/kg", "0.000258"},
    {"Oe", "A/m/[pi]", "250"},
    {"KiBy", "bit", "8192"},
    {"[in_i'Hg]", "mm[Hg]", "25.4"},
    {"[ly]", "km", "9460730472580.8"},
    {"[car_Au]", "1", "0.04166666666666666666666666667"},
    {"cal_[15]", "J", "4.1858"},
    {"[MET]", "mL/min/kg", "3.5"},
    {"[CFU]/mL", "[CFU]/L", "1000"},
    {"[PFU]", "[CFU]", "other"},
    {"[arb'U]{x}", "[arb'U]", "1"},
    {"k[PFU]", "[PFU]", "unknown"},
    {"Cel/min", "K/s", "unknown"},
    {"2.Cel", "K", "unknown"},
    {"{a{b}", "1", "unknown"},
    {"lbs", "g", "unknown"},
    {"mmin", "s", "unknown"},
    {"kk", "1", "unknown"},
    {"g/", "g", "unknown"},
    {"g m", "g", "unknown"},
    {"(g", "g", "unknown"},
    {"g)", "g", "unknown"},
    {"{open", "1", "unknown"},
    {"m0", "1", "unknown"},
    {"m99", "1", "unknown"},
    {"", "1", "unknown"},
    {"毫克", "g", "unknown"},
};

}  // namespace

TEST_CASE("units have their value", "[ucum]") {
  for (const Row& row : kRows) {
    INFO(row.from << " in " << row.to);
    CHECK(factor(row.from, row.to) == row.factor);
  }
}

TEST_CASE("numbers are converted between scales that begin elsewhere", "[ucum]") {
  struct Case {
    const char *number, *from, *to, *result;
  };
  constexpr Case kCases[] = {{"37", "Cel", "K", "310.15"},    {"98.6", "[degF]", "Cel", "37"},
                             {"0", "K", "Cel", "-273.15"},    {"100", "Cel", "[degF]", "212"},
                             {"80", "[degRe]", "Cel", "100"}, {"1000", "mCel", "Cel", "1"},
                             {"500", "mg/dL", "g/L", "5"},    {"-40", "[degF]", "Cel", "-40"}};
  for (const Case& each : kCases) {
    INFO(each.number << " " << each.from << " in " << each.to);
    const auto found = convert(*Decimal::parse(each.number), *parse_ucum(each.from), *parse_ucum(each.to));
    REQUIRE(found);
    CHECK(*found == *Decimal::parse(each.result));
  }
  CHECK_FALSE(convert(Decimal(7), *parse_ucum("[pH]"), *parse_ucum("mol/l")));
  CHECK_FALSE(convert(Decimal(7), *parse_ucum("g"), *parse_ucum("m")));
}

TEST_CASE("base units are written in one order", "[ucum]") {
  const auto base = [](std::string_view code) { return parse_ucum(code)->base_text(); };
  CHECK(base("mg/dL") == "m-3.g");
  CHECK(base("N") == "m.s-2.g");
  CHECK(base("%") == "1");
  CHECK(base("{score}") == "1");
  CHECK(base("[IU]/L") == "m-3.[iU]");
  CHECK(base("[degF]") == "K");
  CHECK(base("[CFU].[AU]/m") == "m-1.[AU].[CFU]");
}

TEST_CASE("a code that is no unit is told why and where", "[ucum]") {
  struct Case {
    const char *text, *code, *where;
  };
  constexpr Case kCases[] = {{"", "ucum.empty", "1"},          {"mg/dl/foo", "ucum.unknown", "7"},
                             {"(g", "ucum.syntax", "3"},       {"g/", "ucum.syntax", "3"},
                             {"g{x", "ucum.syntax", "2"},      {"Cel.m", "ucum.special", "6"},
                             {"k[in_i]", "ucum.unknown", "1"}, {"0.g", "ucum.syntax", "2"}};
  for (const Case& each : kCases) {
    INFO(each.text);
    const auto unit = read_ucum(each.text);
    REQUIRE_FALSE(unit);
    CHECK(unit.error().code == each.code);
    CHECK(unit.error().where == each.where);
  }
}

TEST_CASE("hostile units end soon", "[ucum]") {
  std::string powers;
  for (int n = 0; n < 30; ++n) powers += "Ym32.";
  CHECK_FALSE(parse_ucum(powers + "m"));
  CHECK_FALSE(parse_ucum(std::string(100, '(') + "m" + std::string(100, ')')));
  CHECK_FALSE(parse_ucum(std::string(100'000, 'm')));
}
