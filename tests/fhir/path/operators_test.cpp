// N1 §6: equality, comparison, types, collections, boolean logic, arithmetic.
#include "evaluate.h"

using namespace fhir::path::test;

namespace {

constexpr Row kEquality[] = {
    {"1 = 1.0", "true"},
    {"1 = '1'", "false"},
    {"{} = {}", "{}"},
    {"1 = {}", "{}"},
    {"(1 | 2) = (1 | 2)", "true"},
    {"(1 | 2) = (2 | 1)", "false"},
    {"(1 | 2) = 1", "false"},
    {"@2012 = @2012-01", "{}"},
    {"@2012 = @2013-01", "false"},
    {"(@2012 | 1) = (@2012-01 | 2)", "false"},
    {"(@2012 | 1) = (@2012-01 | 1)", "{}"},
    {"@2017-11-05T01:30:00.0-04:00 = @2017-11-05T00:30:00.0-05:00", "true"},
    {"@2012-01-01 = @T12:00", "false"},
    {"'a' = 'A'", "false"},
    {"1 != 2", "true"},
    {"1 != {}", "{}"},
    {"23 = 23 '1'", "true"},
    {"{} ~ {}", "true"},
    {"1 ~ {}", "false"},
    {"'a b' ~ 'A\\tB'", "true"},
    {"(1 | 2) ~ (2 | 1)", "true"},
    {"1.11 ~ 1.1", "true"},
    {"@2012 ~ @2012-01", "false"},
    {"1 !~ 2", "true"},
};

constexpr Row kUnits[] = {
    {"1 'cm' = 10.0 'mm'", "true"},
    {"1 'cm' = 1 'm'", "false"},
    {"1 'cm' = 1 's'", "{}"},
    {"23 'Cel' = 73.4 '[degF]'", "{}"},
    {"1 'bogus' = 1 'bogus'", "true"},
    {"1 'bogus' = 1 'other'", "{}"},
    {"1 '[IU]/L' = 1 '[iU]/l'", "true"},
    {"1 '[IU]' = 1 'U'", "{}"},
    {"1 'mmol/L' = 1 'mol/m3'", "true"},
    {"120 'mm[Hg]' > 15.9 'kPa'", "true"},
    {"1 'meq/L' = 1 'mmol/L'", "true"},
    {"1 '10*9/L' = 1000 '10*6/L'", "true"},
    {"1 'mg/dL{total}' = 10 'mg/L'", "true"},
    {"1 '[lb_av]' > 453 'g'", "true"},
    {"1 'h' = 3600 's'", "true"},
    {"1 hour = 3600 's'", "true"},
    {"1 year = 1 'a'", "{}"},
    {"1 year ~ 1 'a'", "true"},
    {"1 year = 12 months", "true"},
    {"7 days = 1 'wk'", "true"},
    {"1 year = 12 'mo'", "{}"},
    {"6 months > 1 year", "false"},
    {"4 'g' ~ 4040 'mg'", "true"},
    {"2.1 'cm' ~ 21 'mm'", "true"},
    {"4 'g' = 4040 'mg'", "false"},
    {"1 'm' + 10 'cm'", "1.1 'm'"},
    {"1 'm' - 1 's'", "{}"},
    {"2 * 2 'cm'", "4 'cm'"},
    {"10 'm' / 2", "5 'm'"},
    {"10 'm/s' * 10 's' = 100 'm'", "true"},
    {"10 'm' / 5 'm'", "2 '1'"},
    {"12 days * 45 'm'", "{}"},
    {"1 'm'.comparable(20 'cm')", "true"},
    {"1 year.comparable(1 'a')", "false"},
    {"1.comparable(2)", "true"},
};

constexpr Row kComparison[] = {
    {"1 < 2.5", "true"},
    {"'a' < 'b'", "true"},
    {"'a' < 1", "error"},
    {"(1 | 2) < 3", "error"},
    {"1 < {}", "{}"},
    {"true < false", "error"},
    {"@2018-03 > @2018-03-01", "{}"},
    {"@2018-03 > @2018-01-01", "true"},
    {"@T10:30:00 > @T10:30:00.0", "false"},
    {"@2018-01-01T16:00:00+12:00 < @2018-01-01T15:00:00.0+10:00", "true"},
    {"2 >= 2", "true"},
    {"2 <= 1", "false"},
};

constexpr Row kTypes[] = {
    {"1 is Integer", "true"},
    {"1 is System.Integer", "true"},
    {"1 is Decimal", "false"},
    {"1 is FHIR.integer", "false"},
    {"{} is Integer", "{}"},
    {"(1 | 2) is Integer", "error"},
    {"1 as Integer", "1"},
    {"1 as String", "{}"},
    {"1.is(Integer)", "true"},
    {"(1 | 2).as(Integer)", "error"},
    {"1 + 1 is Integer", "true"},
    {"1.type().name", "Integer"},
    {"1.type().namespace", "System"},
};

constexpr Row kMembership[] = {
    {"1 in (1 | 2)", "true"},   {"3 in (1 | 2)", "false"},       {"{} in (1 | 2)", "{}"},
    {"1 in {}", "false"},       {"(1 | 2) in (1 | 2)", "error"}, {"(1 | 2) contains 2", "true"},
    {"{} contains 2", "false"}, {"(1 | 2) contains {}", "{}"},
};

constexpr Row kLogic[] = {
    {"true and {}", "{}"},
    {"false and {}", "false"},
    {"{} and false", "false"},
    {"{} and {}", "{}"},
    {"true or {}", "true"},
    {"{} or true", "true"},
    {"{} or false", "{}"},
    {"true xor true", "false"},
    {"true xor {}", "{}"},
    {"true implies false", "false"},
    {"false implies {}", "true"},
    {"{} implies true", "true"},
    {"{} implies false", "{}"},
    {"true implies {}", "{}"},
    {"1 and true", "true"},
    {"(1 | 2) and true", "error"},
    {"false or true and false", "false"},
    {"true or false implies false", "false"},
};

constexpr Row kArithmetic[] = {
    {"1 + 2 * 3", "7"},
    {"(1 + 2) * 3", "9"},
    {"7 - 2 - 1", "4"},
    {"-1 + 3", "2"},
    {"1.10 + 1.1", "2.20"},
    {"0.1 + 0.2 = 0.3", "true"},
    {"2147483647 + 1", "{}"},
    {"-2147483648 - 1", "{}"},
    {"1 / 2", "0.5"},
    {"1 / 0", "{}"},
    {"5 div 2", "2"},
    {"-5 div 2", "-2"},
    {"5.5 div 0.7", "7"},
    {"5 mod 2", "1"},
    {"5 mod 0", "{}"},
    {"2.2 mod 1.8 = 0.4", "true"},
    {"'a' + 'b'", "ab"},
    {"'a' + {}", "{}"},
    {"'a' & {}", "a"},
    {"{} & {}", ""},
    {"'a' & 1", "error"},
    {"'a' + 1", "error"},
    {"(1 | 2) + 1", "error"},
    {"-'a'", "error"},
    {"-{}", "{}"},
    {"-(1.50 'mg')", "-1.50 'mg'"},
    {"@1973-12-25 + 7 days", "@1974-01-01"},
    {"@1973-12-25 + 7.7 days", "@1974-01-01"},
    {"@2016-01-31 + 1 month", "@2016-02-29"},
    {"@2016-02-29 - 1 year", "@2015-02-28"},
    {"@2016-01-01 + 1 'mo'", "error"},
    {"@2016-01-01 + 1 'cm'", "error"},
    {"@2016-01-01 + 1", "error"},
    {"@2016-01-01T00:00:00.000Z + 1.5 seconds", "@2016-01-01T00:00:01.500Z"},
    {"@T23:30 + 1 hour", "@T00:30"},
    {"@T23:00:00 + 50 hours", "@T01:00:00"},
    {"@2014 + 24 months", "@2016"},
    {"@2019-03-01 + 24 months", "@2021-03-01"},
    {"@9999-12-31 + 1 day", "{}"},
};

}  // namespace

TEST_CASE("FHIRPath 6.1: equality and equivalence", "[fhirpath]") { check(kEquality); }
TEST_CASE("FHIRPath 6.1: quantities are equal across units of one kind", "[fhirpath]") { check(kUnits); }
TEST_CASE("FHIRPath 6.2: comparison", "[fhirpath]") { check(kComparison); }
TEST_CASE("FHIRPath 6.3: types", "[fhirpath]") { check(kTypes); }
TEST_CASE("FHIRPath 6.4: membership", "[fhirpath]") { check(kMembership); }
TEST_CASE("FHIRPath 6.5: boolean logic has three values", "[fhirpath]") { check(kLogic); }
TEST_CASE("FHIRPath 6.6: arithmetic", "[fhirpath]") { check(kArithmetic); }
