// From one element to the values of its keys, by the type of the search parameter and of the element (docs/KEYS.md).
// Views refer to the element's document, to the program, or to `computed`.
#pragma once
#include <array>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/path/fhirpath.h"
#include "fhir/search/keys.h"

namespace fhir::search {

struct Source {
  JsonView resource;  // the element is somewhere in it
  int zone = 0;
  std::deque<std::string>& computed;
  /// The last quantities made: several parameters of an Observation look at the same value.
  struct Made {
    JsonView node;
    std::optional<Quantity> quantity;
  };
  std::array<Made, 4> made{};
  std::size_t next = 0;
};

struct Element {
  path::ItemView item;
  std::string_view path;  // when the item does not know its own

  std::string place() const { return path.empty() ? item.path() : std::string(path); }
};

/// Appends what the element makes; nothing when it has nothing to find it by.
void append_values(SearchType type, const Element& element, Source& source, std::vector<Value>& out);
/// True when a Reference leads to a resource of that type, as far as the reference itself, its contained resource or
/// Reference.type tells.
bool leads_to(std::string_view type, JsonView reference, JsonView resource);
/// The type and id that a reference ends in ("http://x.org/fhir/Patient/1/_history/2": "Patient/1"); empty when it is
/// no resource of R4's.
std::string_view type_and_id(std::string_view reference);

}  // namespace fhir::search
