#include "fhir/definitions/definitions.h"

#include <algorithm>
#include <vector>

#include "fhir/definitions/open_pack.h"

namespace fhir {
namespace {

using pack::Pack;
using pack::part;

/// The pack with the header's structures over it. They hold views and spans, which a file cannot, so they are laid
/// once, at the first question: about a millisecond.
class Definitions {
 public:
  static const Definitions& get() {
    static const Definitions definitions;
    return definitions;
  }

  std::span<const TypeDefinition* const> all() const { return sorted_; }
  std::span<const Constraint> constraints() const { return constraints_; }

  const TypeDefinition* find(std::string_view name) const {
    const auto it = std::ranges::lower_bound(types_, name, {}, &TypeDefinition::name);
    return it != types_.end() && it->name == name ? &*it : nullptr;
  }

 private:
  Definitions() {
    const pack::Header& header = pack_.header();
    const auto constraints = pack_.section<pack::Constraint>(header.constraints);
    constraints_.reserve(constraints.size());
    for (const pack::Constraint& c : constraints) {
      constraints_.push_back({pack_.text(c.key), pack_.text(c.human), pack_.text(c.expression), c.error != 0});
    }
    const auto elements = pack_.section<pack::Element>(header.elements);
    elements_.reserve(elements.size());
    for (const pack::Element& element : elements) elements_.push_back(lay(element));
    const auto types = pack_.section<pack::Type>(header.types);
    types_.reserve(types.size());
    for (const pack::Type& type : types) types_.push_back(lay(type));
    for (const TypeDefinition& type : types_) sorted_.push_back(&type);
  }

  ElementDefinition lay(const pack::Element& e) const {
    ElementDefinition element;
    element.name = pack_.text(e.name);
    element.path = pack_.text(e.path);
    element.min = e.min;
    element.max = e.max;
    element.choice = (e.flags & pack::kChoice) != 0;
    element.summary = (e.flags & pack::kSummary) != 0;
    element.modifier = (e.flags & pack::kModifier) != 0;
    element.types = pack::list(e.types);
    element.reference_targets = pack::list(e.targets);
    element.constraints = part(constraints(), e.constraints);
    element.binding_strength = pack_.text(e.binding_strength);
    element.binding_value_set = pack_.text(e.binding_value_set);
    element.binding_max_value_set = pack_.text(e.binding_max_value_set);
    return element;
  }

  TypeDefinition lay(const pack::Type& t) const {
    TypeDefinition type;
    type.name = pack_.text(t.name);
    type.base = pack_.text(t.base);
    type.kind = static_cast<TypeKind>(t.kind);
    type.abstract = t.abstract != 0;
    type.elements = part(std::span<const ElementDefinition>(elements_), t.elements);
    type.constraints = part(constraints(), t.constraints);
    return type;
  }

  const Pack& pack_ = pack::linked();
  std::vector<Constraint> constraints_;
  std::vector<ElementDefinition> elements_;
  std::vector<TypeDefinition> types_;
  std::vector<const TypeDefinition*> sorted_;
};

char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

/// The type among those of a choice that `suffix` spells with a capital ("DateTime" is dateTime).
const std::string_view* choice_type(const ElementDefinition& element, std::string_view suffix) {
  const auto spelled = [&](std::string_view type) {
    return type.size() == suffix.size() && upper(type.front()) == suffix.front() && type.substr(1) == suffix.substr(1);
  };
  const auto it = std::ranges::find_if(element.types, spelled);
  return suffix.empty() || it == element.types.end() ? nullptr : &*it;
}

}  // namespace

const ElementDefinition* TypeDefinition::element(std::string_view json_name, std::string_view* type) const {
  if (json_name.empty()) return nullptr;
  for (const ElementDefinition& element : elements) {
    const bool same_start = element.name.front() == json_name.front() && json_name.starts_with(element.name);
    if (!same_start) continue;
    const std::string_view suffix = json_name.substr(element.name.size());
    const std::string_view* found = element.choice   ? choice_type(element, suffix)
                                    : suffix.empty() ? &element.types.front()
                                                     : nullptr;
    if (found == nullptr) continue;
    if (type != nullptr) *type = *found;
    return &element;
  }
  return nullptr;
}

const TypeDefinition* find_type(std::string_view name) { return Definitions::get().find(name); }

bool is_a(std::string_view name, std::string_view ancestor) {
  for (const TypeDefinition* type = find_type(name); type != nullptr; type = find_type(type->base))
    if (type->name == ancestor) return true;
  return false;
}

std::span<const Constraint> all_constraints() { return Definitions::get().constraints(); }

std::span<const TypeDefinition* const> all_types() { return Definitions::get().all(); }

}  // namespace fhir
