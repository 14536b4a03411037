#include "adapters/hl7v2/standard.h"

#include <catch2/catch.hpp>

using namespace adapters::hl7v2;

TEST_CASE("the standard's segments are known with their field counts", "[hl7v2]") {
  CHECK(is_standard_segment("OBX"));
  CHECK_FALSE(is_standard_segment("OBY"));
  CHECK_FALSE(is_standard_segment("ZPI"));
  CHECK(most_fields("RF1") == 24);
  CHECK(most_fields("QPD") == 0);
  CHECK(most_fields("ZPI") == 0);
}

TEST_CASE("a mistyped segment gets the nearest name", "[hl7v2]") {
  CHECK(nearest_segment("PIDD") == "PID");
  CHECK(nearest_segment("pid") == "PID");
  CHECK(nearest_segment("OBY") == "OBX");
  CHECK(nearest_segment("PX1") == "PV1");
  CHECK(nearest_segment("QQQQ").empty());
  CHECK(nearest_segment("").empty());
  CHECK(nearest_segment("PATIENT").empty());
}
