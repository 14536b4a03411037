// The R4 definitions: every type, its elements in order, their cardinalities and types, compiled from the official
// package into one compact pack at build time (compiler/, pack.h) and linked into the binary's read-only data, so
// nothing is read or parsed at start and the kernel shares its pages; the first question lays the views below over it.
// Its other parts: terminology.h, extensions.h, search_parameters.h.
// Immutable; every function is safe from any thread; every returned view lives as long as the program.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace fhir {

struct TypeDefinition;

enum class TypeKind : std::uint8_t { primitive, complex, resource, backbone };

/// An invariant: what must hold of every element it stands at.
struct Constraint {
  std::string_view key;    // "obs-6"
  std::string_view human;  // one sentence
  std::string_view expression;
  bool error = true;  // otherwise a warning
};

struct ElementDefinition {
  std::string_view name;  // "value" for value[x]; "name", "identifier", ...
  std::string_view path;  // "Observation.value[x]"
  std::uint16_t min = 0;
  std::uint16_t max = 1;  // kUnbounded for *
  bool choice = false;    // [x]
  bool summary = false;
  bool modifier = false;
  /// Type codes. A backbone element has one, the path that defines it (contentReference followed: the item in
  /// Questionnaire.item is a "Questionnaire.item"); the value of a primitive has a System type ("System.String").
  std::span<const std::string_view> types;
  std::span<const std::string_view> reference_targets;  // resource types a Reference may point to; empty: any
  std::string_view binding_strength;                    // "required", "extensible", "preferred", "example" or empty
  std::string_view binding_value_set;                   // canonical, with version cut off; empty: none
  std::string_view binding_max_value_set;               // what an extensible or preferred binding must not leave
  std::span<const Constraint> constraints;              // of the element itself; its type may have more

  static constexpr std::uint16_t kUnbounded = 0xffff;
  bool repeats() const { return max > 1; }
};

struct TypeDefinition {
  std::string_view name;  // "Observation", "HumanName", "Observation.component"
  std::string_view base;  // "DomainResource", "Element", ... ; empty for the roots
  TypeKind kind = TypeKind::complex;
  bool abstract = false;
  std::span<const ElementDefinition> elements;  // all of them, inherited first, in the order of the standard
  std::span<const Constraint> constraints;      // those it adds to its base's

  /// The element that `json_name` stands for: "valueQuantity" finds value[x] and sets `type` to "Quantity".
  const ElementDefinition* element(std::string_view json_name, std::string_view* type = nullptr) const;
};

/// nullptr when R4 has no such type.
const TypeDefinition* find_type(std::string_view name);
/// True when `name` is `ancestor` or derives from it ("Observation" is a "Resource").
bool is_a(std::string_view name, std::string_view ancestor);
/// True when the code (of that system; of any, when empty) belongs to the value set; nullopt when that cannot be told
/// here: a value set that R4 does not define, or one that SNOMED CT, LOINC and their like fill. (terminology.h)
std::optional<bool> in_value_set(std::string_view value_set, std::string_view code, std::string_view system = {});
/// Every invariant once for each place where it stands; the spans above are parts of this one.
std::span<const Constraint> all_constraints();
/// All types, sorted by name (for did-you-mean and completion).
std::span<const TypeDefinition* const> all_types();

}  // namespace fhir
