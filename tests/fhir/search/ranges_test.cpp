#include "fhir/search/ranges.h"

#include <catch2/catch.hpp>

using namespace fhir;
using namespace fhir::search;

namespace {

std::string written(const std::optional<Moment>& moment) { return moment ? moment->text() : "none"; }
std::string written(const std::optional<Decimal>& number) { return number ? plain(*number) : "none"; }

}  // namespace

TEST_CASE("a date spans what its precision leaves open", "[keys][ranges]") {
  struct Row {
    const char* text;
    int zone;
    const char *low, *high;
  };
  constexpr Row kRows[] = {
      {"2012", 0, "2012-01-01T00:00:00Z", "2013-01-01T00:00:00Z"},
      {"2012-06", 0, "2012-06-01T00:00:00Z", "2012-07-01T00:00:00Z"},
      {"2012-12", 0, "2012-12-01T00:00:00Z", "2013-01-01T00:00:00Z"},
      {"2012-02-29", 0, "2012-02-29T00:00:00Z", "2012-03-01T00:00:00Z"},
      {"2012-12-31", 480, "2012-12-30T16:00:00Z", "2012-12-31T16:00:00Z"},
      {"2012", 480, "2011-12-31T16:00:00Z", "2012-12-31T16:00:00Z"},
      {"2015-02-07T13:28:17+02:00", 480, "2015-02-07T11:28:17Z", "2015-02-07T11:28:18Z"},
      {"2015-02-07T13:28+02:00", 0, "2015-02-07T11:28:00Z", "2015-02-07T11:29:00Z"},
      {"2015-02-07T13:28:17.239Z", 0, "2015-02-07T13:28:17.239Z", "2015-02-07T13:28:17.24Z"},
      {"2015-12-31T23:59:59.9Z", 0, "2015-12-31T23:59:59.9Z", "2016-01-01T00:00:00Z"},
      {"1969-12-31T23:59:59.5Z", 0, "1969-12-31T23:59:59.5Z", "1969-12-31T23:59:59.6Z"},
      {"9999", 0, "9999-01-01T00:00:00Z", "10000-01-01T00:00:00Z"},
  };
  for (const Row& row : kRows) {
    INFO(row.text);
    const auto span = span_of(row.text, row.zone);
    REQUIRE(span);
    CHECK(written(span->low) == row.low);
    CHECK(written(span->high) == row.high);
  }
  for (const char* bad : {"", "yesterday", "2012-13", "2012-02-30"}) CHECK_FALSE(span_of(bad, 0));
}

TEST_CASE("a decimal stands for what rounds to it", "[keys][ranges]") {
  struct Row {
    const char *text, *low, *high;
  };
  constexpr Row kRows[] = {{"0.80", "0.795", "0.805"},   {"100", "99.5", "100.5"}, {"1.0e2", "95", "105"},
                           {"1E-3", "0.0005", "0.0015"}, {"-5", "-5.5", "-4.5"},   {"0", "-0.5", "0.5"},
                           {"5.40", "5.395", "5.405"},   {"1e+2", "50", "150"}};
  for (const Row& row : kRows) {
    INFO(row.text);
    const auto range = rounding_range(row.text);
    REQUIRE(range);
    CHECK(written(range->low) == row.low);
    CHECK(written(range->high) == row.high);
  }
  CHECK(written(exact_range("7")->low) == "7");
  for (const char* bad : {"", "x", "1e99999", "1e999999999999"}) CHECK_FALSE(rounding_range(bad));
}

TEST_CASE("a quotient is rounded half to even", "[keys][ranges]") {
  const auto divided = [](const char* above, const char* below, int digits) {
    return written(quotient(*Decimal::parse(above), *Decimal::parse(below), digits));
  };
  CHECK(divided("1", "3", 5) == "0.33333");
  CHECK(divided("2", "3", 5) == "0.66667");
  CHECK(divided("125", "1000", 2) == "0.12");
  CHECK(divided("135", "1000", 2) == "0.14");
  CHECK(divided("-135", "1000", 2) == "-0.14");
  CHECK(divided("999999", "1", 3) == "1000000");
  CHECK(divided("123456", "1", 3) == "123000");
  CHECK(divided("125", "1000000000000", 2) == "0.00000000012");
  CHECK(divided("0", "7", 3) == "0");
  CHECK(divided("12500000000000000000000000000000000000001", "1", 2) == "13000000000000000000000000000000000000000");
  CHECK(divided("1", "0", 2) == "none");
}
