// N1 §5.7 math.
#include "evaluate.h"

using namespace fhir::path::test;

namespace {

constexpr Row kRows[] = {
    {"(-5).abs()", "5"},
    {"(-5.50).abs()", "5.50"},
    {"(-5.5 'mg').abs()", "5.5 'mg'"},
    {"1.1.ceiling()", "2"},
    {"(-1.1).ceiling()", "-1"},
    {"1.ceiling()", "1"},
    {"2.1.floor()", "2"},
    {"(-2.1).floor()", "-3"},
    {"2.1 'cm'.floor()", "2 'cm'"},
    {"(-1.56).truncate()", "-1"},
    {"99999999999.5.truncate()", "{}"},
    {"'1'.abs()", "error"},
    {"(1 | 2).abs()", "error"},
    {"0.exp() = 1", "true"},
    {"1.ln() = 0", "true"},
    {"0.ln()", "{}"},
    {"16.log(2) = 4", "true"},
    {"100.0.log(10.0) = 2.0", "true"},
    {"16.log({})", "{}"},
    {"16.log('2')", "error"},
    {"2.power(3)", "8"},
    {"2.power(-1) = 0.5", "true"},
    {"2.5.power(2) = 6.25", "true"},
    {"(-1).power(0.5)", "{}"},
    {"10.power(100)", "{}"},
    {"3.14159.round(3)", "3.142"},
    {"2.5.round() = 3", "true"},
    {"(-2.5).round() = -3", "true"},
    {"1.round(-1)", "error"},
    {"81.sqrt() = 9", "true"},
    {"(-1).sqrt()", "{}"},
    {"{}.sqrt()", "{}"},
};

}  // namespace

TEST_CASE("FHIRPath 5.7: math", "[fhirpath]") { check(kRows); }
