#include "fhir/validate/reference.h"

#include <catch2/catch.hpp>

using namespace fhir::validate;

TEST_CASE("a reference tells its form, type, id and base", "[reference]") {
  const auto relative = parse_reference("Patient/1/_history/2");
  REQUIRE(relative);
  CHECK(relative->form == Reference::Form::relative);
  CHECK(relative->type == "Patient");
  CHECK(relative->id == "1");
  CHECK(relative->base.empty());

  const auto absolute = parse_reference("https://a.org/fhir/Patient/1");
  REQUIRE(absolute);
  CHECK(absolute->form == Reference::Form::absolute);
  CHECK(absolute->type == "Patient");
  CHECK(absolute->base == "https://a.org/fhir/");

  CHECK(parse_reference("http://a.org/document.pdf")->type.empty());
  CHECK(parse_reference("#x")->id == "x");
  CHECK(parse_reference("#")->form == Reference::Form::contained);
  CHECK(parse_reference("urn:oid:1.2.3")->form == Reference::Form::urn);
  CHECK(parse_reference("Patient?identifier=a|b")->form == Reference::Form::conditional);
}

TEST_CASE("what has no form of a reference is none", "[reference]") {
  for (const std::string_view bad :
       {"", "Patient", "Patient/", "/Patient/1", "Patients/1", "Patient/1/2", "Resource/1", "#a b",
        "urn:uuid:", "urn:oid:x", "Patient/1/_history/", "x?y=z", "Patient?", "a/Patient/1"})
    CHECK_FALSE(parse_reference(bad));
}
