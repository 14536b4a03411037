#include "fhir/validate/structure.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "fhir/definitions/definitions.h"
#include "fhir/primitives.h"
#include "fhir/suggest.h"
#include "fhir/validate/bundle.h"
#include "fhir/validate/codes.h"
#include "fhir/validate/facts.h"
#include "fhir/validate/findings.h"
#include "fhir/validate/general.h"
#include "fhir/validate/invariants.h"
#include "fhir/validate/reference.h"
#include "fhir/validate/rules.h"

namespace fhir::validate {
namespace {

/// As JSON calls it.
std::string_view in_words(JsonKind kind) {
  switch (kind) {
    case JsonKind::absent: return "nothing";
    case JsonKind::null: return "null";
    case JsonKind::boolean: return "boolean";
    case JsonKind::number: return "number";
    case JsonKind::string: return "string";
    case JsonKind::array: return "array";
    case JsonKind::object: return "object";
  }
  return "nothing";
}

/// The word is shown only when it is a known one misspelt: anything else could be somebody's data.
void suggest(std::string_view word, const std::vector<std::string>& known, Findings& findings) {
  const std::string_view near = nearest(word, std::vector<std::string_view>(known.begin(), known.end()));
  if (!near.empty()) findings.suggest(word, near);
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
  std::string_view key;   // as in JSON
  JsonView value, twin;
};

/// An element of a type, with what is known of it.
struct Element {
  const ElementDefinition& definition;
  const ElementFacts& facts;
};

const Library& empty_library() {
  static const Library library;
  return library;
}

class StructureCheck {
 public:
  explicit StructureCheck(const StructureLimits& limits)
      : findings_(limits.most, limits.language),
        thorough_(limits.thorough),
        library_(limits.with == nullptr ? empty_library() : *limits.with) {
    scope_.thorough = thorough_;
    environment_.as_filters = true;
    environment_.empty_holds = true;
    environment_.resolve = [this](std::string_view reference) { return resolve(scope_, reference); };
  }

  Issues run(JsonView view) {
    const Findings::Step step(findings_, find_type(view["resourceType"].text()) ? view["resourceType"].text() : "");
    resource(view, {});
    return findings_.take();
  }

 private:
  void resource(JsonView view, const Spot& at);
  void contained_resource(JsonView view, const Spot& at);
  ContainedIndex contained_in(JsonView container);
  const TypeDefinition* resource_type(JsonView view);
  void object(JsonView view, const Spot& at);
  void sort_in(std::string_view key, JsonView value, const TypeDefinition& type, std::size_t base);
  void unknown_element(std::string_view key, JsonView value, const TypeDefinition& type);
  void element(const Element& element, const Found& found, const Spot& at);
  bool are_arrays(const ElementDefinition& definition, const Found& found);
  void items(const Element& element, const Found& found, const Spot& at);
  void item(const Element& element, const Found& found, const Spot& at);
  void primitive(const Element& element, const TypeChoice& type, const Found& found, const Spot& at);
  void complex(const Spot& spot, const ElementFacts& facts);
  bool is_kind(JsonView value, JsonKind kind);
  void thoroughly(const Spot& spot, const ElementFacts* placed);
  void invariants(const Spot& spot, const TypeFacts& facts, const ElementFacts* placed);
  Context context(const Spot& spot) {
    return {findings_, library_, scope_, spot, environment_.resource, environment_.root_resource};
  }

  Findings findings_;
  bool thorough_;
  const Library& library_;
  Scope scope_;
  path::Environment environment_;
  path::Workspace workspace_;
  std::vector<Found> found_;  // of the objects that are open, one after the other
};

// -------------------------------------------------------------------------------------------------------- resources

const TypeDefinition* StructureCheck::resource_type(JsonView view) {
  if (!is_kind(view, JsonKind::object)) return nullptr;
  const JsonView name = view["resourceType"];
  if (!name) {
    findings_.add("no-type", view);
    return nullptr;
  }
  const TypeDefinition* type = name.is_string() ? find_type(name.text()) : nullptr;
  if (type != nullptr && type->kind == TypeKind::resource && !type->abstract) return type;
  findings_.add("unknown-type", name);
  suggest(name.text(), resource_names(), findings_);
  return nullptr;
}

void StructureCheck::resource(JsonView view, const Spot& at) {
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
  const JsonView outer_resource = std::exchange(environment_.resource, view);
  const JsonView outer_root = std::exchange(environment_.root_resource, view);
  const Spot spot{at.definition == nullptr ? nullptr : &at, nullptr, type, view, {}, type->name};
  object(view, spot);
  if (index) check_bundle(view, thorough_, findings_);
  thoroughly(spot, nullptr);
  environment_.resource = outer_resource;
  environment_.root_resource = outer_root;
  scope_ = outer;
}

/// References in it are those of the resource around it: its '#' means a sibling (references.html#contained).
void StructureCheck::contained_resource(JsonView view, const Spot& at) {
  const TypeDefinition* type = resource_type(view);
  if (type == nullptr) return;
  const JsonView outer = std::exchange(environment_.resource, view);
  const Spot spot{&at, nullptr, type, view, {}, type->name};
  object(view, spot);
  thoroughly(spot, nullptr);
  environment_.resource = outer;
  if (!view["id"]) findings_.add("contained-id", view);
  if (view["contained"]) findings_.add("contained-nested", view["contained"]);
}

ContainedIndex StructureCheck::contained_in(JsonView container) {
  ContainedIndex by_id;
  std::size_t index = 0;
  for (const JsonView resource : container["contained"]) {
    const Findings::Step step(findings_, "contained", index++);
    const JsonView id = resource["id"];
    if (id && !by_id.try_emplace(id.text(), resource).second) findings_.add("contained-again", id);
  }
  return by_id;
}

// --------------------------------------------------------------------------------------------------------- elements

void StructureCheck::object(JsonView view, const Spot& at) {
  if (findings_.full() || !is_kind(view, JsonKind::object)) return;
  if (view.size() == 0) return findings_.add("empty", view);
  const TypeDefinition& type = *at.type;
  const std::size_t base = found_.size();
  found_.resize(base + type.elements.size());
  for (auto it = view.begin(); it != view.end(); ++it) sort_in(it.key(), *it, type, base);
  const TypeFacts& facts = facts_of(type);
  for (std::size_t i = 0; i < type.elements.size(); ++i) {
    const Found found = found_[base + i];  // a copy: what is below it adds to found_
    element({type.elements[i], facts.elements[i]}, found, at);
  }
  found_.resize(base);
}

void StructureCheck::sort_in(std::string_view key, JsonView value, const TypeDefinition& type, std::size_t base) {
  if (key == "resourceType" && type.kind == TypeKind::resource) return;
  const bool is_twin = key.starts_with('_');
  std::string_view type_name;
  const ElementDefinition* definition = type.element(is_twin ? key.substr(1) : key, &type_name);
  const bool impossible = is_twin && (!primitive_of(type_name) || type_name == "xhtml");
  if (definition == nullptr || impossible) return unknown_element(key, value, type);
  Found& slot = found_[base + static_cast<std::size_t>(definition - type.elements.data())];
  if (!slot.type.empty() && slot.type != type_name) {
    const Findings::Step step(findings_, definition->name);
    return findings_.add("choice", value);
  }
  slot.type = type_name;
  slot.key = is_twin ? key.substr(1) : key;
  (is_twin ? slot.twin : slot.value) = value;
}

void StructureCheck::unknown_element(std::string_view key, JsonView value, const TypeDefinition& type) {
  if (findings_.full()) return;  // before the search for what was meant, which costs most
  findings_.add("unknown-element", value, {type.name});
  suggest(key, element_names(type), findings_);
}

void StructureCheck::element(const Element& element, const Found& found, const Spot& at) {
  const ElementDefinition& definition = element.definition;
  if (found.type.empty()) {  // the path is that of the element that lacks it
    if (definition.min > 0) findings_.add("missing", at.value, {definition.path});
    return;
  }
  if (definition.repeats()) return items(element, found, at);
  const Findings::Step step(findings_, definition.name);
  item(element, found, at);
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
    findings_.add("empty-array", any);
  else if (found.value && found.twin && found.twin.size() != count)
    findings_.add("twin", found.twin);
  else if (count > definition.max && definition.max != ElementDefinition::kUnbounded)
    findings_.add("too-many", any, {std::to_string(definition.max)});
  else
    return true;
  return false;
}

void StructureCheck::items(const Element& element, const Found& found, const Spot& at) {
  const ElementDefinition& definition = element.definition;
  if (!are_arrays(definition, found)) return;
  const std::size_t count = std::max(found.value.size(), found.twin.size());
  auto value = found.value.begin(), twin = found.twin.begin();
  for (std::size_t i = 0; i < count; ++i) {
    Found one{found.type, found.key, {}, {}};
    if (found.value) one.value = *value, ++value;
    if (found.twin) one.twin = *twin, ++twin;
    if (one.value.kind() == JsonKind::null && one.twin.is_object()) one.value = {};
    if (one.value && one.twin.kind() == JsonKind::null) one.twin = {};
    const Findings::Step step(findings_, definition.name, i);
    item(element, one, at);
  }
}

void StructureCheck::item(const Element& element, const Found& found, const Spot& at) {
  if (found.value.kind() == JsonKind::null) return findings_.add("null", found.value);
  const TypeChoice& choice = element.facts.choice(found.type);
  if (choice.primitive) return primitive(element, choice, found, at);
  const Spot spot{&at, &element.definition, choice.type, found.value, {}, found.key};
  if (choice.name != "Resource") return complex(spot, element.facts);
  return element.definition.name == "contained" ? contained_resource(found.value, spot) : resource(found.value, spot);
}

void StructureCheck::primitive(const Element& element, const TypeChoice& type, const Found& found, const Spot& at) {
  const ElementDefinition& definition = element.definition;
  static const TypeDefinition& id_and_extensions = *find_type("Element");
  const Spot spot{&at, &definition, type.type, found.value, found.twin, found.key};
  if (found.twin) object(found.twin, {&at, &definition, &id_and_extensions, found.twin, {}, found.key});
  if (found.value) {
    if (!is_kind(found.value, json_kind(*type.primitive))) return;
    if (!is_well_formed(*type.primitive, found.value.text()))
      return findings_.add("value", found.value, {found.type, example(*type.primitive)});
    check_code(definition, found.type, found.value, thorough_, context(spot));
    if (thorough_) check_primitive(*type.primitive, found.value, context(spot));
  }
  if (thorough_) thoroughly(spot, &element.facts);
}

void StructureCheck::complex(const Spot& spot, const ElementFacts& facts) {
  const std::string_view outer_url = scope_.full_url;
  if (spot.type->name == "Bundle.entry") scope_.full_url = spot.value["fullUrl"].text();
  object(spot.value, spot);
  scope_.full_url = outer_url;
  if (!spot.value.is_object()) return;
  check_code(*spot.definition, spot.type->name, spot.value, thorough_, context(spot));
  if (spot.type->name == "Reference") check_reference(*spot.definition, spot.value, scope_, findings_);
  thoroughly(spot, &facts);
}

/// What goes beyond the structure: invariants, those that every element has first, and the rules of the type. `placed`:
/// what its place adds; nullptr for a resource.
void StructureCheck::thoroughly(const Spot& spot, const ElementFacts* placed) {
  if (!thorough_ || findings_.full()) return;
  const TypeFacts& facts = facts_of(*spot.type);
  const Context here = context(spot);
  check_general(facts, here);
  if (!facts.constraints.empty() || (placed != nullptr && !placed->constraints.empty()))
    invariants(spot, facts, placed);
  if (facts.rule != nullptr && spot.value.is_object()) facts.rule(spot.value, here);
  if (spot.type->kind == TypeKind::resource) check_canonical_resource(spot.value, here);
}

void StructureCheck::invariants(const Spot& spot, const TypeFacts& facts, const ElementFacts* placed) {
  const path::Item item{.kind = path::Item::Kind::node, .node = spot.value, .twin = spot.twin, .type = spot.type->name};
  const auto check = [&](const Constraint* constraint) {
    check_invariant(*constraint, item, environment_, workspace_, findings_);
  };
  if (placed != nullptr) std::ranges::for_each(placed->constraints, check);
  std::ranges::for_each(facts.constraints, check);
}

bool StructureCheck::is_kind(JsonView value, JsonKind kind) {
  if (value.kind() == kind) return true;
  findings_.add("kind", value, {in_words(kind), in_words(value.kind())});
  return false;
}

}  // namespace

Issues check_structure(JsonView resource, const StructureLimits& limits) {
  return StructureCheck(limits).run(resource);
}

}  // namespace fhir::validate
