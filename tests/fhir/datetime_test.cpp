#include "fhir/datetime.h"

#include <catch2/catch.hpp>

using namespace fhir;

namespace {

DateTime at(std::string_view text) {
  const auto parsed = DateTime::parse(text);
  if (!parsed) FAIL("no date: " << text);
  return *parsed;
}

Time clock_at(std::string_view text) {
  const auto parsed = Time::parse(text);
  if (!parsed) FAIL("no time: " << text);
  return *parsed;
}

template <class T>
std::string order(const T& a, const T& b) {
  const std::partial_ordering result = a.compare(b);
  if (result == std::partial_ordering::unordered) return "unknown";
  return result < 0 ? "less" : result > 0 ? "greater" : "equal";
}

std::string dates(std::string_view a, std::string_view b) { return order(at(a), at(b)); }

std::string later(std::string_view text, std::int64_t amount, CalendarUnit unit) {
  const auto result = at(text).plus(amount, unit);
  return result ? result->text() : "nothing";
}

}  // namespace

TEST_CASE("a date keeps the precision it was written with", "[datetime]") {
  for (const std::string_view kept :
       {"2015", "2015-02", "2015-02-04", "2015-02-04T14", "2015-02-04T14:34", "2015-02-04T14:34:28",
        "2015-02-04T14:34:28.1", "2015-02-04T14:34:28.000", "2015-02-04T14:34:28Z", "2015-02-04T14:34:28+00:00",
        "2015-02-04T14:34:28.123456789-09:30", "2016-12-31T23:59:60Z", "2024-02-29", "0001-01-01", "9999-12-31"})
    CHECK(at(kept).text() == kept);
  CHECK(at("2015T").precision() == Precision::year);
  CHECK(at("2015-02T").text() == "2015-02");
  CHECK(at("2015-02-04T14:34:28.5Z").nanosecond() == 500'000'000);
  CHECK(at("2015-02-04T14:34:28-01:30").offset() == -90);
  CHECK_FALSE(at("2015-02-04T14:34:28").offset());
  CHECK(at("2015-02-04T14:34:28Z").date().text() == "2015-02-04");
  CHECK(at("2015-02").date().text() == "2015-02");
}

TEST_CASE("what the calendar does not have is no date", "[datetime]") {
  for (const std::string_view bad : {"",
                                     "15",
                                     "0000",
                                     "10000",
                                     "2015-",
                                     "2015-13",
                                     "2015-00",
                                     "2015-2",
                                     "2015-02-30",
                                     "2023-02-29",
                                     "2015-04-31",
                                     "2015-02-04 14:00:00",
                                     "2015-02-04T24:00:00Z",
                                     "2015-02-04T14:60",
                                     "2015-02-04T14:34:61Z",
                                     "2015-02-04T14:34:28.",
                                     "2015-02-04T14:34:28+15:00",
                                     "2015-02-04T14:34:28+14:01",
                                     "2015-02-04T14:34:28+0800",
                                     "2015-02-04T14:34:28z",
                                     "2015-02-04Z",
                                     "2015T14",
                                     "2015-02-04T14:34:28Z ",
                                     " 2015",
                                     "2015/02/04",
                                     "-2015",
                                     "+2015"})
    CHECK_FALSE(DateTime::parse(bad));
}

TEST_CASE("dates compare component by component, unknown when one is vaguer", "[datetime]") {
  CHECK(dates("2012", "2012") == "equal");
  CHECK(dates("2012", "2013-01-01") == "less");
  CHECK(dates("2012", "2012-01") == "unknown");
  CHECK(dates("2012-04-15", "2012-04-15T10:00:00") == "unknown");
  CHECK(dates("2012-04-14", "2012-04-15T10:00:00Z") == "less");
  CHECK(dates("2012-04-15T15:00:00", "2012-04-15T10:00:00") == "greater");
  CHECK(dates("2012-04-15T15:30:31", "2012-04-15T15:30:31.0") == "equal");
  CHECK(dates("2012-04-15T15:30:31", "2012-04-15T15:30:31.1") == "less");
  CHECK(dates("2012-04-15T15", "2012-04-15T15:30") == "unknown");
}

TEST_CASE("times in different zones compare as moments", "[datetime]") {
  CHECK(dates("2017-11-05T01:30:00.0-04:00", "2017-11-05T01:15:00.0-05:00") == "less");
  CHECK(dates("2017-11-05T01:30:00.0-04:00", "2017-11-05T00:30:00.0-05:00") == "equal");
  CHECK(dates("2024-01-01T00:30:00+08:00", "2023-12-31T16:30:00Z") == "equal");
  CHECK(dates("9999-12-31T23:30:00-08:00", "9999-12-31T23:30:00Z") != "less");
}

TEST_CASE("a time without zone is unknown against one with, unless no zone reaches that far", "[datetime]") {
  CHECK(dates("2012-04-15T15:00:00", "2012-04-15T10:00:00Z") == "unknown");
  CHECK(dates("2012-04-15T15:00:00", "2012-04-17T10:00:00Z") == "less");
  CHECK(dates("2012-04-15T15:00:00+08:00", "2012-04-14T10:00:00") == "greater");
}

TEST_CASE("a moment is known to the second and has a zone", "[datetime]") {
  CHECK_FALSE(at("2024-01-01").moment());
  CHECK_FALSE(at("2024-01-01T00:00:00").moment());
  const auto moment = at("2024-01-01T08:00:00.250+08:00").moment();
  REQUIRE(moment);
  CHECK(DateTime::from(*moment).text() == "2024-01-01T00:00:00.250Z");
  CHECK(DateTime::from(Milliseconds{}).text() == "1970-01-01T00:00:00.000Z");
  CHECK(DateTime::from(Milliseconds(std::chrono::milliseconds(-1))).text() == "1969-12-31T23:59:59.999Z");
}

TEST_CASE("a quantity of time is added in the calendar", "[datetime]") {
  CHECK(later("2014", 24, CalendarUnit::month) == "2016");
  CHECK(later("2014", 11, CalendarUnit::month) == "2014");
  CHECK(later("2014", 365, CalendarUnit::day) == "2015");
  CHECK(later("2014-01", 60, CalendarUnit::day) == "2014-03");
  CHECK(later("2019-03-01", 24, CalendarUnit::month) == "2021-03-01");
  CHECK(later("2024-01-31", 1, CalendarUnit::month) == "2024-02-29");
  CHECK(later("2024-02-29", -1, CalendarUnit::year) == "2023-02-28");
  CHECK(later("1973-12-25", 7, CalendarUnit::day) == "1974-01-01");
  CHECK(later("1973-12-25", 1, CalendarUnit::week) == "1974-01-01");
  CHECK(later("1973-12-25", 47, CalendarUnit::hour) == "1973-12-26");
  CHECK(later("1973-12-25T00:00:00.000+10:00", 36, CalendarUnit::hour) == "1973-12-26T12:00:00.000+10:00");
  CHECK(later("1973-12-25T00:00:00", 1500, CalendarUnit::millisecond) == "1973-12-25T00:00:01.500");
  CHECK(later("1973-12-25T00:00:00", 1000, CalendarUnit::millisecond) == "1973-12-25T00:00:01");
  CHECK(later("1973-12-25T00:00:00.123456", -1, CalendarUnit::second) == "1973-12-24T23:59:59.123456");
  CHECK(later("1973-12-25T10:30", 90, CalendarUnit::second) == "1973-12-25T10:31");
}

TEST_CASE("a date never leaves the years 1 to 9999", "[datetime]") {
  CHECK(later("9999-12-31", 1, CalendarUnit::day) == "nothing");
  CHECK(later("0001-01-01", -1, CalendarUnit::day) == "nothing");
  CHECK(later("2000", 9999, CalendarUnit::year) == "nothing");
  for (const auto unit : {CalendarUnit::year, CalendarUnit::month, CalendarUnit::week, CalendarUnit::day,
                          CalendarUnit::hour, CalendarUnit::minute, CalendarUnit::second, CalendarUnit::millisecond}) {
    CHECK(later("2000-01-01T00:00:00Z", INT64_MAX, unit) == "nothing");
    CHECK(later("2000-01-01T00:00:00Z", INT64_MIN, unit) == "nothing");
  }
}

TEST_CASE("a time of day parses, compares and wraps around midnight", "[datetime]") {
  for (const std::string_view kept : {"14", "14:30", "14:30:00", "00:00:00.000", "23:59:60"})
    CHECK(clock_at(kept).text() == kept);
  for (const std::string_view bad : {"", "24", "1", "14:", "14:60", "14:30:00Z", "14:30:0", "T14"})
    CHECK_FALSE(Time::parse(bad));
  CHECK(order(clock_at("14:30"), clock_at("14:30:00")) == "unknown");
  CHECK(order(clock_at("14:29"), clock_at("14:30:00")) == "less");
  CHECK(order(clock_at("14:30:00"), clock_at("14:30:00.0")) == "equal");
  CHECK(clock_at("23:30:00").plus(45, CalendarUnit::minute)->text() == "00:15:00");
  CHECK(clock_at("00:30:00").plus(-45, CalendarUnit::minute)->text() == "23:45:00");
  CHECK_FALSE(clock_at("00:30:00").plus(1, CalendarUnit::day));
  CHECK_FALSE(clock_at("00:30:00").plus(INT64_MIN, CalendarUnit::hour));
}
