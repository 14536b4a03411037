#include <algorithm>
#include <array>

#include "fhir/definitions/search_parameters.h"

namespace fhir {
namespace {

constexpr std::array<std::string_view, 9> kNames = {"number",    "date",     "string", "token",  "reference",
                                                    "composite", "quantity", "uri",    "special"};

}  // namespace

std::optional<SearchType> search_type_of(std::string_view name) {
  const auto* found = std::ranges::find(kNames, name);
  return found == kNames.end() ? std::nullopt : std::optional(static_cast<SearchType>(found - kNames.begin()));
}

std::string_view name_of(SearchType type) { return kNames[static_cast<std::size_t>(type)]; }

}  // namespace fhir
