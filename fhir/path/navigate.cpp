#include "fhir/path/navigate.h"

#include <algorithm>
#include <charconv>

namespace fhir::path {
namespace {

constexpr std::string_view kUcum = "http://unitsofmeasure.org";

char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

/// "Quantity" for the key valueQuantity of the element value; empty when the key is no such thing.
std::string_view choice_suffix(std::string_view key, std::string_view name) {
  const bool longer = key.size() > name.size() && key.starts_with(name);
  const std::string_view rest = longer ? key.substr(name.size()) : std::string_view();
  return !rest.empty() && rest[0] >= 'A' && rest[0] <= 'Z' ? rest : std::string_view();
}

bool names_type(std::string_view suffix, std::string_view type) {
  return suffix.size() == type.size() && suffix[0] == upper(type[0]) && suffix.substr(1) == type.substr(1);
}

const ElementDefinition* find_element(const TypeDefinition& type, std::string_view name) {
  const auto found = std::ranges::find(type.elements, name, &ElementDefinition::name);
  return found == type.elements.end() ? nullptr : &*found;
}

const TypeDefinition* type_of(const ElementDefinition& element) {
  return element.types.empty() ? nullptr : find_type(element.types.front());
}

const TypeDefinition* choice_type(const ElementDefinition& element, std::string_view suffix) {
  const auto named = [&](std::string_view type) { return names_type(suffix, type); };
  const auto found = std::ranges::find_if(element.types, named);
  return found == element.types.end() ? nullptr : find_type(*found);
}

/// Of an undefined element: the type its key ends in, if R4 has it.
const TypeDefinition* type_by_suffix(std::string_view suffix) {
  const auto named = [&](const TypeDefinition* type) { return names_type(suffix, type->name); };
  const auto all = all_types();
  const auto found = std::ranges::find_if(all, named);
  return found == all.end() ? nullptr : *found;
}

class Walker {
 public:
  Walker(Arena& arena, const Value& from, Values& out) : arena_(arena), from_(from), out_(out) {}

  void named(const Name& name) {
    if (from_.kind != Kind::node) return inside_primitive(name);
    const ElementDefinition* defined = from_.type == nullptr ? nullptr : find_element(*from_.type, name.name);
    if (from_.type != nullptr && defined == nullptr) return;
    if (defined != nullptr && defined->choice) return choice(name, *defined);
    const bool found = pair(name.name, from_.node[name.name], from_.node[name.twin], defined ? type_of(*defined) : nullptr);
    if (!found && defined == nullptr) undefined_choice(name.name);
  }

  void all() {
    const JsonView object = from_.node.is_object() ? from_.node : from_.twin;
    for (auto member = object.begin(); member != object.end(); ++member) {
      if (member.key() != "resourceType") child(object, member.key(), *member);
    }
  }

 private:
  // id and extension of a primitive live in its twin; its bare value is a System value.
  void inside_primitive(const Name& name) {
    if (from_.kind == Kind::quantity) return inside_quantity(name.name);
    if (from_.kind == Kind::type_info) return inside_type_info(name.name);
    if (name.name == "value" && from_.type != nullptr && from_.valued) {
      Value bare = from_;
      bare.type = nullptr;
      bare.place = nullptr;
      bare.twin = {};
      out_.push(arena_, bare);
    } else if (from_.twin.is_object() && (name.name == "id" || name.name == "extension")) {
      pair(name.name, from_.twin[name.name], {}, find_type(name.name == "id" ? "string" : "Extension"));
    }
  }

  void inside_quantity(std::string_view name) {
    if (name == "value") out_.push(arena_, scalar(Kind::decimal, from_.text));
    if (name == "unit" || name == "code") out_.push(arena_, string(from_.unit));
  }

  void inside_type_info(std::string_view name) {
    if (name == "namespace") out_.push(arena_, string(from_.text));
    if (name == "name") out_.push(arena_, string(from_.unit));
  }

  void choice(const Name& name, const ElementDefinition& defined) {
    for (auto member = from_.node.begin(); member != from_.node.end(); ++member) {
      const std::string_view key = member.key();
      const bool twin = key.starts_with('_');
      const std::string_view suffix = choice_suffix(twin ? key.substr(1) : key, name.name);
      const TypeDefinition* type = suffix.empty() ? nullptr : choice_type(defined, suffix);
      if (type == nullptr) continue;
      if (!twin) pair(name.name, *member, twin_of(from_.node, key), type);
      if (twin && !from_.node[key.substr(1)]) pair(name.name, {}, *member, type);
    }
  }

  void undefined_choice(std::string_view name) {
    for (auto member = from_.node.begin(); member != from_.node.end(); ++member) {
      const std::string_view suffix = choice_suffix(member.key(), name);
      const TypeDefinition* type = suffix.empty() ? nullptr : type_by_suffix(suffix);
      if (type != nullptr) pair(name, *member, twin_of(from_.node, member.key()), type);
    }
  }

  void child(JsonView object, std::string_view key, JsonView node) {
    const bool twin = key.starts_with('_');
    const std::string_view plain = twin ? key.substr(1) : key;
    if (twin && object[plain]) return;  // comes with its value
    std::string_view type_name;
    const TypeDefinition* owner = from_.kind == Kind::node ? from_.type : find_type("Element");
    const ElementDefinition* defined = owner == nullptr ? nullptr : owner->element(plain, &type_name);
    const TypeDefinition* type = defined == nullptr ? nullptr : type_name.empty() ? type_of(*defined) : find_type(type_name);
    const std::string_view name = defined == nullptr ? plain : defined->name;
    if (twin) pair(name, {}, node, type);
    else pair(name, node, twin_of(object, key), type);
  }

  JsonView twin_of(JsonView object, std::string_view key) {
    for (auto member = object.begin(); member != object.end(); ++member) {
      const std::string_view candidate = member.key();
      if (candidate.size() == key.size() + 1 && candidate[0] == '_' && candidate.substr(1) == key) return *member;
    }
    return {};
  }

  /// A member and its twin, one item or an array of them; false when neither is there.
  bool pair(std::string_view name, JsonView node, JsonView twin, const TypeDefinition* type) {
    if (!node && !twin) return false;
    if (!node.is_array() && !twin.is_array()) {
      add(name, Place::kNoIndex, node, twin, type);
      return true;
    }
    auto value = node.begin();
    auto extra = twin.begin();
    const std::size_t count = std::max(node.size(), twin.size());
    for (std::size_t n = 0; n < count; ++n) {
      const JsonView item = n < node.size() && node.is_array() ? *value : JsonView();
      const JsonView item_twin = n < twin.size() && twin.is_array() ? *extra : JsonView();
      add(name, static_cast<std::uint32_t>(n), item, item_twin, type);
      if (n + 1 < node.size()) ++value;
      if (n + 1 < twin.size()) ++extra;
    }
    return true;
  }

  void add(std::string_view name, std::uint32_t index, JsonView node, JsonView twin, const TypeDefinition* type) {
    const bool nothing = node.kind() == JsonKind::null && !twin.is_object();
    if (nothing) return;
    Place place{from_.place, name, index, from_.place == nullptr ? JsonView() : from_.place->resource};
    if (node.is_object() && node["resourceType"].is_string()) place.resource = node;
    out_.push(arena_, element(node, twin, type, arena_.make(place)));
  }

  Arena& arena_;
  const Value& from_;
  Values& out_;
};

Kind kind_by_json(JsonView node) {
  switch (node.kind()) {
    case JsonKind::boolean: return Kind::boolean;
    case JsonKind::number: return node.text().find_first_of(".eE") == std::string_view::npos ? Kind::integer : Kind::decimal;
    case JsonKind::object: return Kind::node;
    default: return Kind::string;
  }
}

/// What a primitive holds, when its JSON is not what its type says (a number in quotes): what its JSON says.
void read_primitive(Value& value) {
  value.text = value.node.text();
  const JsonKind json = value.node.kind();
  const bool number = value.kind == Kind::integer || value.kind == Kind::decimal;
  if (number != (json == JsonKind::number) || (value.kind == Kind::boolean) != (json == JsonKind::boolean)) {
    value.kind = kind_by_json(value.node);
  }
  if (value.kind == Kind::boolean) value.number = value.text == "true" ? 1 : 0;
  if (value.kind != Kind::integer) return;
  const char* end = value.text.data() + value.text.size();
  if (std::from_chars(value.text.data(), end, value.number).ptr != end) value.kind = Kind::decimal;
}

}  // namespace

Value element(JsonView node, JsonView twin, const TypeDefinition* type, const Place* place) {
  Value value{.type = type, .node = node, .twin = twin, .place = place};
  if (node.is_object()) {
    const std::string_view resource = node["resourceType"].text();
    if (!resource.empty() && (type == nullptr || type->kind == TypeKind::resource)) value.type = find_type(resource);
    value.kind = Kind::node;
    return value;
  }
  value.valued = node && node.kind() != JsonKind::null;
  value.kind = type == nullptr ? kind_by_json(node) : kind_of(*type);
  if (value.kind == Kind::node) value.kind = Kind::string;  // a scalar where R4 wants an object
  if (value.valued) read_primitive(value);
  return value;
}

Value root_element(Arena& arena, JsonView node) {
  const std::string_view type = node.is_object() ? node["resourceType"].text() : std::string_view();
  const bool resource = !type.empty();
  return element(node, {}, nullptr, arena.make(Place{nullptr, type, Place::kNoIndex, resource ? node : JsonView()}));
}

void append_members(Arena& arena, const Value& from, const Name& name, Values& out) { Walker(arena, from, out).named(name); }

void append_children(Arena& arena, const Value& from, Values& out) { Walker(arena, from, out).all(); }

bool is_of(const Value& value, const TypeSpecifier& type) {
  if (value.type == nullptr) return type.system == value.kind && value.kind != Kind::node;
  return type.fhir != nullptr && (value.type == type.fhir || is_a(value.type->name, type.fhir->name));
}

Value system_value(const Value& value) {
  if (value.kind != Kind::node || value.type == nullptr || !is_a(value.type->name, "Quantity")) return value;
  const JsonView number = value.node["value"];
  if (number.kind() != JsonKind::number || value.node["comparator"]) return value;
  const JsonView code = value.node["code"];
  const bool ucum = code && value.node["system"].text() == kUcum;
  const JsonView unit = value.node["unit"];
  return quantity(number.text(), ucum ? code.text() : unit ? unit.text() : code ? code.text() : "1");
}

}  // namespace fhir::path
