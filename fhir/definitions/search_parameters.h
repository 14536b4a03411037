// The search parameters of R4 (searchparameter-registry.html) and its compartments (compartmentdefinition.html), from
// the pack (definitions.h). Immutable, safe from any thread; what is returned lives as long as the program.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace fhir {

enum class SearchType : std::uint8_t { number, date, string, token, reference, composite, quantity, uri, special };

/// By its name in the standard ("token").
std::optional<SearchType> search_type_of(std::string_view name);
std::string_view name_of(SearchType type);

struct SearchComponent {
  std::string_view definition;  // the url of a parameter
  std::string_view expression;  // from the element of the composite
};

struct SearchParameter {
  std::string_view url;         // "http://hl7.org/fhir/SearchParameter/individual-birthdate"
  std::string_view code;        // "birthdate"
  std::string_view expression;  // FHIRPath; empty for those that look at no element (_text, _content, _query)
  SearchType type = SearchType::string;
  std::span<const std::string_view> base;     // "Patient", ...; also "Resource" and "DomainResource"
  std::span<const std::string_view> targets;  // of references
  std::span<const SearchComponent> components;
};

/// All, sorted by url.
std::span<const SearchParameter> all_search_parameters();
/// nullptr when R4 has none with that url.
const SearchParameter* find_search_parameter(std::string_view url);

/// The parameters that put a resource of `type` into a compartment ("Patient", "Observation": subject, performer);
/// empty when it is never in one.
std::span<const std::string_view> compartment_parameters(std::string_view compartment, std::string_view type);

}  // namespace fhir
