// What the checker needs to know of a type at every element, worked out once for all types.
#pragma once
#include <vector>

#include "fhir/definitions/definitions.h"
#include "fhir/validate/rules.h"

namespace fhir::validate {

struct TypeFacts {
  bool element = false;                        // an Element: ele-1 holds for it
  std::vector<const Constraint*> constraints;  // its own and its bases', without those that are coded here
  Rule rule = nullptr;
};

/// `type` is one of the definitions. Lives as long as the program; any thread.
const TypeFacts& facts_of(const TypeDefinition& type);
/// True of the invariants that general.cpp checks natively, because they stand at every element or resource.
bool is_coded(const Constraint& constraint);

}  // namespace fhir::validate
