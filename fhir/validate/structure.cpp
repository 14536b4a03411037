#include "fhir/validate/structure.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "fhir/definitions/definitions.h"
#include "fhir/primitives.h"
#include "fhir/suggest.h"
#include "fhir/validate/bundle.h"
#include "fhir/validate/codes.h"
#include "fhir/validate/findings.h"
#include "fhir/validate/invariants.h"
#include "fhir/validate/reference.h"

namespace fhir::validate {
namespace {

std::string_view in_words(JsonKind kind) {
  switch (kind) {
    case JsonKind::absent: return "nothing";
    case JsonKind::null: return "null";
    case JsonKind::boolean: return "true or false";
    case JsonKind::number: return "a number";
    case JsonKind::string: return "a string";
    case JsonKind::array: return "an array";
    case JsonKind::object: return "an object";
  }
  return "nothing";
}

/// The word is shown only when it is a known one misspelt: anything else could be somebody's data.
std::string with_suggestion(std::string say, std::string_view word, const std::vector<std::string>& known) {
  const std::string_view near = nearest(word, std::vector<std::string_view>(known.begin(), known.end()));
  return near.empty() ? say : fmt::format("{}: '{}'; did you mean '{}'?", say, word, near);
}

std::vector<std::string> resource_names() {
  std::vector<std::string> names;
  for (const TypeDefinition* type : all_types())
    if (type->kind == TypeKind::resource && !type->abstract) names.emplace_back(type->name);
  return names;
}

/// As they are written in JSON: a choice once for each of its types.
std::vector<std::string> element_names(const TypeDefinition& type) {
  std::vector<std::string> names;
  for (const ElementDefinition& element : type.elements) {
    if (!element.choice) names.emplace_back(element.name);
    for (const std::string_view choice : element.choice ? element.types : std::span<const std::string_view>()) {
      std::string name = std::string(element.name) + std::string(choice);
      char& first = name[element.name.size()];
      if (first >= 'a' && first <= 'z') first = static_cast<char>(first - 'a' + 'A');
      names.push_back(std::move(name));
    }
  }
  return names;
}

/// What an object says of one element: its value, and the `_name` beside it with a primitive's id and extensions.
struct Found {
  std::string_view type;  // of a choice the one that was made; empty: the element is not there
  JsonView value, twin;
};

class StructureCheck {
 public:
  explicit StructureCheck(const StructureLimits& limits) : findings_(limits.most), invariants_(limits.invariants) {}

  Issues run(JsonView view) {
    const Findings::Step step(findings_, find_type(view["resourceType"].text()) ? view["resourceType"].text() : "");
    resource(view);
    return findings_.take();
  }

 private:
  void resource(JsonView view);
  void contained_resource(JsonView view);
  ContainedIndex contained_in(JsonView container);
  const TypeDefinition* resource_type(JsonView view);
  void object(JsonView view, const TypeDefinition& type);
  void sort_in(std::string_view key, JsonView value, const TypeDefinition& type, std::vector<Found>& found);
  void unknown_element(std::string_view key, JsonView value, const TypeDefinition& type);
  void element(const ElementDefinition& definition, const Found& found, JsonView parent);
  bool are_arrays(const ElementDefinition& definition, const Found& found);
  void items(const ElementDefinition& definition, const Found& found);
  void item(const ElementDefinition& definition, const Found& found);
  void primitive(const ElementDefinition& definition, Primitive type, const Found& found);
  void complex(const ElementDefinition& definition, const TypeDefinition& type, JsonView value);
  bool is_kind(JsonView value, JsonKind kind);
  void invariants(const ElementDefinition* definition, std::string_view type, const Found& found);

  Findings findings_;
  bool invariants_;
  Scope scope_;
  Surroundings surroundings_;
};

// -------------------------------------------------------------------------------------------------------- resources

const TypeDefinition* StructureCheck::resource_type(JsonView view) {
  if (!is_kind(view, JsonKind::object)) return nullptr;
  const JsonView name = view["resourceType"];
  if (!name) {
    findings_.error("required", "unknown-type", view, "a resource says its resourceType");
    return nullptr;
  }
  const TypeDefinition* type = name.is_string() ? find_type(name.text()) : nullptr;
  if (type != nullptr && type->kind == TypeKind::resource && !type->abstract) return type;
  findings_.error("structure", "unknown-type", name,
                  with_suggestion("R4 has no resource of this type", name.text(), resource_names()));
  return nullptr;
}

void StructureCheck::resource(JsonView view) {
  const TypeDefinition* type = resource_type(view);
  if (type == nullptr) return;
  const Scope outer = scope_;
  const ContainedIndex contained = contained_in(view);
  scope_.container = view;
  scope_.contained = &contained;
  std::optional<BundleIndex> index;
  if (type->name == "Bundle") {
    index.emplace(view);
    scope_.bundle = &*index;
    scope_.bundle_type = view["type"].text();
  }
  const Surroundings around = surroundings_;
  surroundings_ = {view, view, [scope = scope_](std::string_view reference) { return resolve(scope, reference); }};
  object(view, *type);
  if (index) check_bundle(view, findings_);
  invariants(nullptr, type->name, {type->name, view, {}});
  surroundings_ = around;
  scope_ = outer;
}

/// References in it are those of the resource around it: its '#' means a sibling (references.html#contained).
void StructureCheck::contained_resource(JsonView view) {
  const TypeDefinition* type = resource_type(view);
  if (type == nullptr) return;
  const JsonView outer = std::exchange(surroundings_.resource, view);
  object(view, *type);
  invariants(nullptr, type->name, {type->name, view, {}});
  surroundings_.resource = outer;
  if (!view["id"]) findings_.error("required", "contained", view, "a contained resource has an id");
  if (view["contained"])
    findings_.error("invariant", "contained", view["contained"], "a contained resource contains none itself");
}

ContainedIndex StructureCheck::contained_in(JsonView container) {
  ContainedIndex by_id;
  std::size_t index = 0;
  for (const JsonView resource : container["contained"]) {
    const Findings::Step step(findings_, "contained", index++);
    const JsonView id = resource["id"];
    if (id && !by_id.try_emplace(id.text(), resource).second)
      findings_.error("invariant", "contained", id, "another contained resource has this id");
  }
  return by_id;
}

// --------------------------------------------------------------------------------------------------------- elements

void StructureCheck::object(JsonView view, const TypeDefinition& type) {
  if (findings_.full() || !is_kind(view, JsonKind::object)) return;
  if (view.size() == 0) return findings_.error("structure", "empty", view, "an object has at least one member");
  std::vector<Found> found(type.elements.size());
  for (auto it = view.begin(); it != view.end(); ++it) sort_in(it.key(), *it, type, found);
  for (std::size_t i = 0; i < found.size(); ++i) element(type.elements[i], found[i], view);
}

void StructureCheck::sort_in(std::string_view key, JsonView value, const TypeDefinition& type,
                             std::vector<Found>& found) {
  if (key == "resourceType" && type.kind == TypeKind::resource) return;
  const bool is_twin = key.starts_with('_');
  std::string_view type_name;
  const ElementDefinition* definition = type.element(is_twin ? key.substr(1) : key, &type_name);
  const bool impossible = is_twin && (!primitive_of(type_name) || type_name == "xhtml");
  if (definition == nullptr || impossible) return unknown_element(key, value, type);
  Found& slot = found[static_cast<std::size_t>(definition - type.elements.data())];
  if (!slot.type.empty() && slot.type != type_name) {
    const Findings::Step step(findings_, definition->name);
    return findings_.error("structure", "choice", value, "only one type of a choice can be given");
  }
  slot.type = type_name;
  (is_twin ? slot.twin : slot.value) = value;
}

void StructureCheck::unknown_element(std::string_view key, JsonView value, const TypeDefinition& type) {
  if (findings_.full()) return;  // before the search for what was meant, which costs most
  findings_.error("structure", "unknown-element", value,
                  with_suggestion(fmt::format("{} has no such element", type.name), key, element_names(type)));
}

void StructureCheck::element(const ElementDefinition& definition, const Found& found, JsonView parent) {
  if (!found.type.empty() && definition.repeats()) return items(definition, found);
  const Findings::Step step(findings_, definition.name);
  if (!found.type.empty()) return item(definition, found);
  if (definition.min > 0)
    findings_.error("required", "missing", parent, fmt::format("{} must be there", definition.path));
}

/// json.html#primitive: the array of values and that of their ids and extensions go side by side, with null where there
/// is nothing to say.
bool StructureCheck::are_arrays(const ElementDefinition& definition, const Found& found) {
  const Findings::Step step(findings_, definition.name);
  if (found.value && !is_kind(found.value, JsonKind::array)) return false;
  if (found.twin && !is_kind(found.twin, JsonKind::array)) return false;
  const JsonView any = found.value ? found.value : found.twin;
  const std::size_t count = any.size();
  if (count == 0)
    findings_.error("structure", "empty", any, "an array has at least one item");
  else if (found.value && found.twin && found.twin.size() != count)
    findings_.error("structure", "twin", found.twin, "this array is not as long as the one it belongs to");
  else if (count > definition.max && definition.max != ElementDefinition::kUnbounded)
    findings_.error("structure", "too-many", any, fmt::format("at most {} can be given", definition.max));
  else
    return true;
  return false;
}

void StructureCheck::items(const ElementDefinition& definition, const Found& found) {
  if (!are_arrays(definition, found)) return;
  const std::size_t count = std::max(found.value.size(), found.twin.size());
  auto value = found.value.begin(), twin = found.twin.begin();
  for (std::size_t i = 0; i < count; ++i) {
    Found one{found.type, {}, {}};
    if (found.value) one.value = *value, ++value;
    if (found.twin) one.twin = *twin, ++twin;
    if (one.value.kind() == JsonKind::null && one.twin.is_object()) one.value = {};
    if (one.value && one.twin.kind() == JsonKind::null) one.twin = {};
    const Findings::Step step(findings_, definition.name, i);
    item(definition, one);
  }
}

void StructureCheck::item(const ElementDefinition& definition, const Found& found) {
  if (found.value.kind() == JsonKind::null)
    return findings_.error("structure", "null", found.value, "null stands for nothing here; leave it out");
  if (const auto type = primitive_of(found.type)) return primitive(definition, *type, found);
  if (found.type != "Resource") return complex(definition, *find_type(found.type), found.value);
  return definition.name == "contained" ? contained_resource(found.value) : resource(found.value);
}

void StructureCheck::primitive(const ElementDefinition& definition, Primitive type, const Found& found) {
  static const TypeDefinition& id_and_extensions = *find_type("Element");
  if (found.twin) object(found.twin, id_and_extensions);
  if (!found.value || !is_kind(found.value, json_kind(type))) return;
  if (!is_well_formed(type, found.value.text()))
    return findings_.error("value", "value", found.value,
                           fmt::format("this is no {}; one looks like {}", found.type, example(type)));
  check_required_code(definition, found.type, found.value, findings_);
  invariants(&definition, found.type, found);
}

void StructureCheck::complex(const ElementDefinition& definition, const TypeDefinition& type, JsonView value) {
  const std::string_view outer_url = scope_.full_url;
  if (type.name == "Bundle.entry") scope_.full_url = value["fullUrl"].text();
  object(value, type);
  scope_.full_url = outer_url;
  if (!value.is_object()) return;
  check_required_code(definition, type.name, value, findings_);
  if (type.name == "Reference") check_reference(definition, value, scope_, findings_);
  invariants(&definition, type.name, {type.name, value, {}});
}

/// Those that the element's place sets and those of its type.
void StructureCheck::invariants(const ElementDefinition* definition, std::string_view type, const Found& found) {
  if (!invariants_) return;
  path::Item item{.kind = path::Item::Kind::node, .node = found.value, .twin = found.twin, .type = type};
  item.path = findings_.path();
  if (definition != nullptr) check_invariants(definition->constraints, item, surroundings_, findings_);
  check_type_invariants(*find_type(type), item, surroundings_, findings_);
}

bool StructureCheck::is_kind(JsonView value, JsonKind kind) {
  if (value.kind() == kind) return true;
  findings_.error("structure", "kind", value,
                  fmt::format("{} is expected here, not {}", in_words(kind), in_words(value.kind())));
  return false;
}

}  // namespace

Issues check_structure(JsonView resource, const StructureLimits& limits) {
  return StructureCheck(limits).run(resource);
}

}  // namespace fhir::validate
