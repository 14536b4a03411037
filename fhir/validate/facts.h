// What the checker needs to know of a type at every element, worked out once for all types.
#pragma once
#include <optional>
#include <string_view>
#include <vector>

#include "fhir/definitions/definitions.h"
#include "fhir/validate/rules.h"

namespace fhir::validate {

/// One of the types that an element may have.
struct TypeChoice {
  std::string_view name;  // the very text of ElementDefinition::types
  const TypeDefinition* type = nullptr;
  std::optional<Primitive> primitive;
};

struct ElementFacts {
  std::vector<TypeChoice> types;
  std::vector<const Constraint*> constraints;  // of its place, without those that are coded here

  /// `name` as TypeDefinition::element() gave it.
  const TypeChoice& choice(std::string_view name) const {
    for (const TypeChoice& type : types)
      if (type.name.data() == name.data()) return type;
    return types.front();
  }
};

struct TypeFacts {
  std::vector<ElementFacts> elements;          // in the order of the definition
  bool element = false;                        // an Element: ele-1 holds for it
  std::vector<const Constraint*> constraints;  // its own and its bases', without those that are coded here
  Rule rule = nullptr;
};

/// `type` is one of the definitions. Lives as long as the program; any thread.
const TypeFacts& facts_of(const TypeDefinition& type);
/// True of the invariants that general.cpp checks natively, because they stand at every element or resource.
bool is_coded(const Constraint& constraint);

}  // namespace fhir::validate
