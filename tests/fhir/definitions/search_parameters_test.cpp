#include "fhir/definitions/search_parameters.h"

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>

using namespace fhir;

TEST_CASE("all search parameters of R4 are there", "[searchparams]") {
  const auto all = all_search_parameters();
  CHECK(all.size() == 1375);
  CHECK(std::ranges::is_sorted(all, {}, &SearchParameter::url));
  CHECK(std::ranges::count(all, SearchType::composite, &SearchParameter::type) == 46);
  CHECK(std::ranges::count_if(all, [](const auto& each) { return each.expression.empty(); }) == 3);
}

TEST_CASE("a search parameter says what it is and where it applies", "[searchparams]") {
  const SearchParameter* code =
      find_search_parameter("http://hl7.org/fhir/SearchParameter/Observation-code-value-quantity");
  REQUIRE(code);
  CHECK(code->code == "code-value-quantity");
  CHECK(code->type == SearchType::composite);
  CHECK(std::ranges::equal(code->base, std::array<std::string_view, 1>{"Observation"}));
  REQUIRE(code->components.size() == 2);
  CHECK(code->components[0].definition == "http://hl7.org/fhir/SearchParameter/clinical-code");
  CHECK(code->components[1].expression == "value.as(Quantity)");
  CHECK(find_search_parameter("http://example.org/none") == nullptr);
  const SearchParameter* subject = find_search_parameter("http://hl7.org/fhir/SearchParameter/clinical-patient");
  REQUIRE(subject);
  CHECK(std::ranges::count(subject->targets, "Patient") == 1);
}

TEST_CASE("compartments name the parameters that lead into them", "[searchparams]") {
  CHECK(std::ranges::equal(compartment_parameters("Patient", "Observation"),
                           std::array<std::string_view, 2>{"subject", "performer"}));
  CHECK(compartment_parameters("RelatedPerson", "Observation").size() == 1);
  CHECK(compartment_parameters("Patient", "Binary").empty());
  CHECK(compartment_parameters("Nothing", "Observation").empty());
}

TEST_CASE("types of search parameters have the names of the standard", "[searchparams]") {
  CHECK(search_type_of("token") == SearchType::token);
  CHECK(name_of(SearchType::special) == "special");
  CHECK_FALSE(search_type_of("Token"));
}
