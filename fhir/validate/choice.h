// The value[x] of JSON: found by the beginning of its name, its type told by the rest.
#pragma once
#include <string_view>

#include "fhir/json.h"

namespace fhir::validate {

struct Choice {
  JsonView value;
  std::string_view type;  // as its name says it: "Coding", "DateTime"; "" when there is none

  /// Whether it is of that type of FHIR: of a primitive the first letter is another ("dateTime").
  bool is(std::string_view fhir_type) const;
};

/// The member of `owner` whose name begins with `stem` ("value", "answer") and goes on with a type.
Choice choice_of(JsonView owner, std::string_view stem);
/// The value[x] of the extension of that URL, or nothing.
Choice extension_of(JsonView owner, std::string_view url);

}  // namespace fhir::validate
