// A place in the target and what may be written there: an element of R4, a member of a JSON document, or a field of an
// HL7 v2 segment.
#pragma once
#include <string>
#include <string_view>

#include "adapters/map/faults.h"
#include "adapters/map/plan.h"
#include "fhir/definitions/definitions.h"

namespace adapters::map {

struct Slot {
  Format format = Format::fhir;
  std::string path;  // "obs.code.coding": the declared name, then the elements; the default rule id

  // FHIR
  std::string_view type;                             // "CodeableConcept"; empty for a choice element
  const fhir::TypeDefinition* definition = nullptr;  // of an object; nullptr for primitives and choices
  const fhir::ElementDefinition* element = nullptr;  // nullptr for a resource itself
  bool choice = false;                               // value[x], its type not said yet
  bool guarded = false;                              // value, unit, status, dose, allergy: nothing in it may be dropped

  bool repeats = false;
  bool followed = false;  // another rule fills in (`first:`) when this one makes nothing
  int level = 0;          // HL7 v2: 0 segment, 1 field, 2 component, 3 subcomponent

  /// Only a single value fits: a FHIR primitive, a subcomponent.
  bool single() const;
  /// Only members fit: a FHIR object, a segment.
  bool structured() const;
};

/// A whole resource; its definition is nullptr when R4 has no such (or only an abstract) type.
Slot resource_slot(std::string_view name, std::string_view type);
Slot json_slot();
/// A text that is written nowhere: a part of an identity.
Slot text_slot(std::string path);
Slot segment_slot(std::string_view segment);

/// The member `key` of an object slot. Unknown: reported as E0207 with did-you-mean, and nothing.
std::optional<Slot> member_slot(const Slot& parent, std::string_view key, Mark mark, Faults& faults);
/// A choice slot with its type said: ("value[x]", "Quantity") is valueQuantity.
std::optional<Slot> choice_slot(const Slot& choice, std::string_view type, Mark mark, Faults& faults);
/// "valueQuantity": the member's name in JSON for a typed choice.
std::string choice_name(std::string_view element, std::string_view type);

}  // namespace adapters::map
