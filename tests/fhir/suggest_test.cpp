#include "fhir/suggest.h"

#include <array>
#include <catch2/catch.hpp>
#include <string>

using namespace fhir;

TEST_CASE("the nearest known name is suggested, and none when nothing is near", "[suggest]") {
  constexpr std::array<std::string_view, 5> known = {"birthDate", "gender", "name", "managingOrganization", "link"};
  CHECK(nearest("birthdate", known) == "birthDate");
  CHECK(nearest("brithDate", known) == "birthDate");
  CHECK(nearest("birthDat", known) == "birthDate");
  CHECK(nearest("gendre", known) == "gender");
  CHECK(nearest("nam", known) == "name");
  CHECK(nearest("manageOrganization", known) == "managingOrganization");
  CHECK(nearest("LINK", known) == "link");
  CHECK(nearest("telecom", known).empty());
  CHECK(nearest("", known).empty());
  CHECK(nearest("xy", known).empty());
  CHECK(nearest(std::string(64, 'n'), known).empty());
  CHECK(nearest("name", {}).empty());
}
