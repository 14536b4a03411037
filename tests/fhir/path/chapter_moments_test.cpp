// N1 §5.9 current time, and the newer functions on dates, times and boundaries.
#include "evaluate.h"

using namespace fhir::path;
using namespace fhir::path::test;

namespace {

constexpr Row kClock[] = {
    {"now()", "@2026-03-01T09:05:07.250+08:00"},
    {"today()", "@2026-03-01"},
    {"timeOfDay()", "@T09:05:07.250"},
    {"now() = now()", "true"},
    {"now().is(DateTime)", "true"},
};

constexpr Row kParts[] = {
    {"@2014-01-05T10:30:00.002-07:00.yearOf()", "2014"},
    {"@2014-01-05T10:30:00.002-07:00.monthOf()", "1"},
    {"@2014.monthOf()", "{}"},
    {"@2014-01-05.dayOf()", "5"},
    {"@2014-01-05T10:30:00.hourOf()", "10"},
    {"@T16:30.hourOf()", "16"},
    {"@T16:30.minuteOf()", "30"},
    {"@T16:30.secondOf()", "{}"},
    {"@2014-01-05T10:30:40.secondOf()", "40"},
    {"@2014-01-05T10:30:00.002.millisecondOf()", "2"},
    {"@2014-01-05T10:30:00.millisecondOf()", "{}"},
    {"@2014-01-05T10:30:00+08:45.timezoneOffsetOf()", "8.75"},
    {"@2014-01-05T10:30:00.timezoneOffsetOf()", "{}"},
    {"@2014-01-05T10:30:00Z.dateOf()", "@2014-01-05"},
    {"@2014-01-05T10:30:00.5-07:00.timeOf()", "@T10:30:00.5"},
    {"@2014-01-05.timeOf()", "{}"},
    {"1.yearOf()", "{}"},
};

constexpr Row kBoundaries[] = {
    {"1.587.lowBoundary()", "1.58650000"},
    {"1.587.lowBoundary(2)", "1.58"},
    {"1.587.lowBoundary(0)", "1"},
    {"(-1.587).lowBoundary(0)", "-2"},
    {"1.587.highBoundary()", "1.58750000"},
    {"1.587.highBoundary(2)", "1.59"},
    {"(-1.587).highBoundary(2)", "-1.58"},
    {"(-1.587).highBoundary(0)", "-1"},
    {"1.587.highBoundary(-1)", "{}"},
    {"1.587.highBoundary(99)", "{}"},
    {"1.5 'mg'.lowBoundary(2)", "1.45 'mg'"},
    {"@2014.lowBoundary(6)", "@2014-01"},
    {"@2014.highBoundary()", "@2014-12-31"},
    {"@2016-02.highBoundary(8)", "@2016-02-29"},
    {"@2014.highBoundary(10)", "{}"},
    {"@2014.highBoundary(5)", "{}"},
    {"@2014-01-01T08.highBoundary()", "@2014-01-01T08:59:59.999"},
    {"@2014-01-01T08.highBoundary(14)", "@2014-01-01T08:59:59"},
    {"@2014-01-01T08:05:01.1+08:00.highBoundary()", "@2014-01-01T08:05:01.199+08:00"},
    {"@T10:30.lowBoundary(9)", "@T10:30:00.000"},
    {"@T10:30.highBoundary(4)", "@T10:30"},
    {"'a'.lowBoundary()", "error"},
    {"1.58700.precision()", "5"},
    {"100.precision()", "0"},
    {"@2014.precision()", "4"},
    {"@2014-01-05T10:30:00.000.precision()", "17"},
    {"@T10:30.precision()", "4"},
};

}  // namespace

TEST_CASE("FHIRPath 5.9: the time is the environment's, once", "[fhirpath]") {
  Environment environment;
  environment.now = "2026-03-01T09:05:07.250+08:00";
  check(kClock, {}, environment);
  CHECK(evaluate("now()") == "error");
  CHECK(evaluate("today()") == "error");
}

TEST_CASE("FHIRPath: parts of dates and times", "[fhirpath]") { check(kParts); }
TEST_CASE("FHIRPath: boundaries and precision", "[fhirpath]") { check(kBoundaries); }
