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
    {"Cel", "K", "unknown"},
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

TEST_CASE("hostile units end soon", "[ucum]") {
  std::string powers;
  for (int n = 0; n < 30; ++n) powers += "Ym32.";
  CHECK_FALSE(parse_ucum(powers + "m"));
  CHECK_FALSE(parse_ucum(std::string(100, '(') + "m" + std::string(100, ')')));
  CHECK_FALSE(parse_ucum(std::string(100'000, 'm')));
}
