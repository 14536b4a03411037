#include "adapters/map/convert.h"

#include <catch2/catch.hpp>

#include "adapters/map/datetime.h"

using namespace adapters::map;

TEST_CASE("a measure keeps its digits and says what stood around them", "[map]") {
  struct Row {
    std::string_view text, comparator, number, flag;
    bool exact;
  };
  const Row row = GENERATE(values<Row>({{"38.62", "", "38.62", "", true},
                                        {">1200.00", ">", "1200.00", "", true},
                                        {"１５.８↑", "", "15.8", "↑", false},
                                        {"≤6.9", "<=", "6.9", "", false},
                                        {"＜ 5", "<", "5", "", false},
                                        {".5", "", "0.5", "", false},
                                        {"-1.50 LL", "", "-1.50", "LL", false}}));
  const auto measure = parse_measure(row.text);
  CAPTURE(row.text);
  REQUIRE(measure);
  CHECK(measure->comparator == row.comparator);
  CHECK(measure->number == row.number);
  CHECK(measure->flag == row.flag);
  CHECK(measure->exact == row.exact);
}

TEST_CASE("what is no number is never made one", "[map]") {
  const auto text =
      GENERATE("弱阳性(±)", "1:160", "阳性(+)", "", ">", "↑", "007", "1,200", "10⁹", "1.2.3", "NaN", "1e", "- 5", "5.");
  CAPTURE(text);
  CHECK_FALSE(parse_measure(text));
}

TEST_CASE("reference ranges give their ends where they have them", "[map]") {
  struct Row {
    std::string_view text, low, high;
  };
  const Row row = GENERATE(values<Row>({{"0-37", "0", "37"},
                                        {"≤6.9", "", "6.9"},
                                        {"＜5", "", "5"},
                                        {">=60", "60", ""},
                                        {"3.5～9.5", "3.5", "9.5"},
                                        {"-2.0-2.0", "-2.0", "2.0"},
                                        {"-5.0--1.0", "-5.0", "-1.0"},
                                        {"3.5--5.5", "3.5", "5.5"},
                                        {"37-0", "", ""},
                                        {"阴性(-)", "", ""},
                                        {"1:80", "", ""}}));
  CAPTURE(row.text);
  CHECK(find_reader("low")->read(row.text, "").value_or("") == row.low);
  CHECK(find_reader("high")->read(row.text, "").value_or("") == row.high);
}

TEST_CASE("times keep their precision and get the source's zone", "[map]") {
  struct Row {
    std::string_view text, type, value;
  };
  const Row row = GENERATE(values<Row>({
      {"20260310072200", "dateTime", "2026-03-10T07:22:00+08:00"},
      {"202603100722", "dateTime", "2026-03-10T07:22:00+08:00"},
      {"20260310", "dateTime", "2026-03-10"},
      {"202603", "dateTime", "2026-03"},
      {"20260310072200.250-0500", "instant", "2026-03-10T07:22:00.250-05:00"},
      {"20260310072200Z", "instant", "2026-03-10T07:22:00Z"},
      {"2026-03-16 20:00", "dateTime", "2026-03-16T20:00:00+08:00"},
      {"1949/3/11", "date", "1949-03-11"},
      {"1949/3/11 8:05:00", "dateTime", "1949-03-11T08:05:00+08:00"},
      {"202602282400", "dateTime", "2026-03-01T00:00:00+08:00"},
      {"19600000", "date", "1960"},
      {"19600500", "date", "1960-05"},
      {"19590812", "date", "1959-08-12"},
  }));
  CAPTURE(row.text);
  CHECK(to_primitive(row.type, row.text, "+08:00").value_or("") == row.value);
}

TEST_CASE("what is no time is not made one", "[map]") {
  const auto text = GENERATE("20261301", "20260230", "2026-02-30", "20260310256000", "不详", "5.10199E+17", "20260310+",
                             "2026-03-10T07", "1949-3-11 8:5", "0000");
  CAPTURE(text);
  CHECK_FALSE(to_primitive("dateTime", text, "+08:00"));
}

TEST_CASE("FHIR times go back as HL7 v2 and as platforms write them", "[map]") {
  const auto v2 = find_reader("v2_time"), local = find_reader("local_time");
  CHECK(v2->read("2026-03-10T07:22:00+08:00", "+08:00") == "20260310072200+0800");
  CHECK(v2->read("2026-03", "+08:00") == "202603");
  CHECK(local->read("2026-03-13T23:30:00Z", "+08:00") == "2026-03-14 07:30:00");
  CHECK(local->read("2026-03-13", "+08:00") == "2026-03-13");
}

TEST_CASE("national codes are read down to the international part", "[map]") {
  const auto icd = find_reader("icd10"), morphology = find_reader("icdo3");
  CHECK(icd->read("C34.101", "") == "C34.1");
  CHECK(icd->read("C34.100x001", "") == "C34.1");
  CHECK(icd->read("I10", "") == "I10");
  CHECK(icd->read("C34.x00", "") == "C34");
  CHECK_FALSE(icd->read("恶性肿瘤", ""));
  for (const auto* text : {"8140/3", "M8140/3", "M81400/3", "81403"}) CHECK(morphology->read(text, "") == "8140/3");
  CHECK_FALSE(morphology->read("8140", ""));
}
