#include "gateway/exchange/ports.h"

#include <catch2/catch.hpp>

#include "fhir/message/message.h"

using namespace gateway::exchange;

TEST_CASE("an instant is written in UTC with milliseconds", "[ports]") {
  CHECK(instant(0) == "1970-01-01T00:00:00.000Z");
  CHECK(instant(1'773'106'215'007) == "2026-03-10T01:30:15.007Z");
}

TEST_CASE("HL7 v2 times are written in the site's zone", "[ports]") {
  CHECK(hl7_time(1'773'106'215'007, "+08:00") == "20260310093015");
  CHECK(hl7_time(1'773'106'215'007, "-05:30") == "20260309200015");
}

TEST_CASE("an instant can be told in the site's zone", "[ports]") {
  CHECK(local_instant(1'773'106'215'007, "+08:00") == "2026-03-10T09:30:15.007+08:00");
  CHECK(local_instant(0, "") == "1970-01-01T00:00:00.000Z");
}

TEST_CASE("fresh ids are version 4 uuids and differ", "[ports]") {
  const std::string one = system_entropy().uuid();
  CHECK(fhir::message::is_uuid(one));
  CHECK(one[14] == '4');
  CHECK(one != system_entropy().uuid());
}
