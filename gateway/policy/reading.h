// Small helpers for reading FHIR values that may be of any shape.
#pragma once
#include <string_view>

#include "fhir/json.h"

namespace gateway::policy {

/// The string, or "" for anything that is none (a number's digits are no string here).
inline std::string_view text(fhir::JsonView value) { return value.is_string() ? value.text() : std::string_view{}; }

/// Does one of the items (or members' values) satisfy `condition`?
template <class Condition>
bool any(fhir::JsonView list, Condition condition) {
  for (const fhir::JsonView item : list) {
    if (condition(item)) return true;
  }
  return false;
}

}  // namespace gateway::policy
