#include "adapters/map/slot.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "adapters/hl7v2/standard.h"

namespace adapters::map {
namespace {

constexpr int kSubcomponent = 3;

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::ranges::find(words, word) != words.end();
}

/// domain.md's rule: a value, unit, status, flag, dose or allergy is never dropped.
bool is_guarded(const Slot& parent, const fhir::ElementDefinition& element) {
  if (parent.guarded) return true;
  if (is_one_of(element.name, {"status", "clinicalStatus", "verificationStatus", "interpretation", "dosageInstruction",
                               "dosage", "doNotPerform"}))
    return true;
  const auto owner = parent.type;
  if (owner == "AllergyIntolerance") return true;
  return element.name == "value" && is_one_of(owner, {"Observation", "Observation.component", "Quantity"});
}

Slot typed(const Slot& parent, const fhir::ElementDefinition& element, std::string_view key, std::string_view type) {
  Slot slot;
  slot.path = parent.path + "." + std::string(key);
  slot.element = &element;
  slot.repeats = element.repeats();
  slot.guarded = is_guarded(parent, element);
  slot.type = type;
  slot.definition = fhir::find_type(type);
  if (slot.definition != nullptr && slot.definition->kind == fhir::TypeKind::primitive) slot.definition = nullptr;
  return slot;
}

std::vector<std::string_view> known_members(const fhir::TypeDefinition& type) {
  std::vector<std::string_view> names;
  for (const auto& element : type.elements) names.push_back(element.name);
  return names;
}

/// `_birthDate`: id and extensions of a primitive.
std::optional<Slot> primitive_twin(const Slot& parent, std::string_view key) {
  if (!key.starts_with('_')) return std::nullopt;
  std::string_view type;
  const auto* element = parent.definition->element(key.substr(1), &type);
  if (element == nullptr || element->repeats() || type.empty()) return std::nullopt;
  const auto* definition = fhir::find_type(type);
  if (definition == nullptr || definition->kind != fhir::TypeKind::primitive) return std::nullopt;
  Slot slot = typed(parent, *element, key, "Element");
  slot.repeats = false;
  return slot;
}

std::optional<Slot> fhir_member(const Slot& parent, std::string_view key, Mark mark, Faults& faults) {
  const auto& elements = parent.definition->elements;
  const auto choice = std::ranges::find_if(elements, [&](const auto& e) { return e.choice && e.name == key; });
  if (choice != elements.end()) {
    Slot slot = typed(parent, *choice, key, {});
    slot.choice = true;
    return slot;
  }
  std::string_view type;
  const auto* element = parent.definition->element(key, &type);
  if (element == nullptr) {
    if (auto twin = primitive_twin(parent, key)) return twin;
    faults.error(mark, "E0207", fmt::format("{} has no element '{}'", parent.type, key),
                 did_you_mean(key, known_members(*parent.definition)));
    return std::nullopt;
  }
  if (type.empty() && !element->types.empty()) type = element->types.front();
  if (is_one_of(type, {"Resource", "DomainResource"})) {
    faults.error(mark, "E0207",
                 fmt::format("'{}' holds whole resources: declare them under resources: and use ref:", key));
    return std::nullopt;
  }
  return typed(parent, *element, key, type);
}

std::optional<Slot> field_member(const Slot& parent, std::string_view key, Mark mark, Faults& faults) {
  const bool number = !key.empty() && key.size() <= 3 && key.front() != '0' &&
                      std::ranges::all_of(key, [](char c) { return c >= '0' && c <= '9'; });
  if (!number || parent.level >= kSubcomponent) {
    faults.error(mark, "E0207", fmt::format("'{}' is not the number of a field, component or subcomponent", key));
    return std::nullopt;
  }
  if (parent.path == "MSH" && (key == "1" || key == "2")) {
    faults.error(mark, "E0207", "MSH-1 and MSH-2 are written by themselves");
    return std::nullopt;
  }
  if (parent.level == 0) {
    const auto most = hl7v2::most_fields(parent.path);
    std::size_t field = 0;
    std::from_chars(key.data(), key.data() + key.size(), field);
    if (most != 0 && field > most) {
      faults.error(mark, "E0207", fmt::format("{} has no field {}: its last is {}", parent.path, key, most));
      return std::nullopt;
    }
  }
  Slot slot = parent;
  slot.path += (parent.level == 0 ? "-" : ".") + std::string(key);
  slot.level = parent.level + 1;
  slot.repeats = slot.level == 1;
  return slot;
}

}  // namespace

bool Slot::single() const {
  if (format == Format::fhir) return definition == nullptr && !choice;
  return format == Format::hl7v2 && level >= kSubcomponent;
}

bool Slot::structured() const {
  if (format == Format::fhir) return definition != nullptr;
  return format == Format::hl7v2 && level == 0;
}

Slot resource_slot(std::string_view name, std::string_view type) {
  Slot slot;
  slot.path = name;
  const auto* definition = fhir::find_type(type);
  if (definition == nullptr || definition->kind != fhir::TypeKind::resource || definition->abstract) return slot;
  slot.type = definition->name;
  slot.definition = definition;
  return slot;
}

Slot json_slot() {
  Slot slot;
  slot.format = Format::json;
  return slot;
}

Slot text_slot(std::string path) {
  Slot slot;
  slot.path = std::move(path);
  slot.type = "string";
  return slot;
}

Slot segment_slot(std::string_view segment) {
  Slot slot;
  slot.format = Format::hl7v2;
  slot.path = segment;
  return slot;
}

std::optional<Slot> member_slot(const Slot& parent, std::string_view key, Mark mark, Faults& faults) {
  if (parent.format == Format::fhir) return fhir_member(parent, key, mark, faults);
  if (parent.format == Format::hl7v2) return field_member(parent, key, mark, faults);
  Slot slot = parent;
  slot.path += (slot.path.empty() ? "" : ".") + std::string(key);
  return slot;
}

std::optional<Slot> choice_slot(const Slot& choice, std::string_view type, Mark mark, Faults& faults) {
  const auto types = choice.element->types;
  const auto found = std::ranges::find(types, type);
  if (found == types.end()) {
    faults.error(mark, "E0209", fmt::format("'{}' is no type of {}", type, choice.element->path),
                 did_you_mean(type, {types.begin(), types.end()}));
    return std::nullopt;
  }
  Slot slot = choice;
  slot.choice = false;
  slot.path += "." + std::string(type);
  slot.type = *found;
  slot.definition = fhir::find_type(type);
  if (slot.definition != nullptr && slot.definition->kind == fhir::TypeKind::primitive) slot.definition = nullptr;
  return slot;
}

std::string choice_name(std::string_view element, std::string_view type) {
  std::string name(element);
  name += static_cast<char>(type.front() >= 'a' && type.front() <= 'z' ? type.front() - 'a' + 'A' : type.front());
  name += type.substr(1);
  return name;
}

}  // namespace adapters::map
