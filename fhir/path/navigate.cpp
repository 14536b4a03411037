#include "fhir/path/navigate.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "fhir/json_tape.h"

namespace fhir::path {
namespace {

constexpr std::string_view kUcum = "http://unitsofmeasure.org";
const JsonKey kResourceType("resourceType");

/// "Quantity" for the key valueQuantity of the element value; empty when the key is no such thing.
std::string_view choice_suffix(std::string_view key, std::string_view name) {
  const bool longer = key.size() > name.size() && key.starts_with(name);
  const std::string_view rest = longer ? key.substr(name.size()) : std::string_view();
  return !rest.empty() && rest[0] >= 'A' && rest[0] <= 'Z' ? rest : std::string_view();
}

/// A member and its twin.
struct Pair {
  JsonView node{};
  JsonView twin{};
};

bool may_be_resource(const Shape* type) { return type == nullptr || type->is_resource(); }

class Walker {
 public:
  Walker(Arena& arena, const Value& from, Values& out) : arena_(arena), from_(from), out_(out) {}

  void named(const Name& name) {
    if (from_.kind != Kind::node) return inside_primitive(name);
    if (from_.type == nullptr) return undefined(name);
    const Member* member = from_.type->member(name.symbol);
    if (member == nullptr) return;
    if (!member->choices.empty()) return choice(*member);
    if (member->form != Form::primitive) return void(pair(member->name, {from_.node[name.key], {}}, member->type));
    const auto [node, twin] = from_.node.with_twin(name.key, name.twin());
    pair(member->name, {node, twin}, member->type);
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
    if (from_.kind == Kind::quantity) return inside_quantity(name.text());
    if (from_.kind == Kind::type_info) return inside_type_info(name.text());
    if (name.text() == "value" && from_.type != nullptr && from_.valued) {
      Value bare = from_;
      bare.type = nullptr;
      bare.place = nullptr;
      bare.twin = {};
      out_.push(arena_, bare);
    } else if (from_.twin.is_object() && (name.text() == "id" || name.text() == "extension")) {
      pair(name.text(), {from_.twin[name.key], {}}, find_shape(name.text() == "id" ? "string" : "Extension"));
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

  void choice(const Member& wanted) {
    for (auto member = from_.node.begin(); member != from_.node.end(); ++member) {
      const std::string_view key = member.key();
      const bool twin = key.starts_with('_');
      const std::string_view suffix = choice_suffix(twin ? key.substr(1) : key, wanted.name);
      const Shape* type = suffix.empty() ? nullptr : wanted.choice(suffix);
      if (type == nullptr) continue;
      if (!twin) pair(wanted.name, {*member, twin_of(from_.node, key)}, type);
      if (twin && !from_.node[key.substr(1)]) pair(wanted.name, {{}, *member}, type);
    }
  }

  void undefined(const Name& name) {
    const auto [node, twin] = from_.node.with_twin(name.key, name.twin());
    if (pair(name.text(), {node, twin}, nullptr)) return;
    for (auto member = from_.node.begin(); member != from_.node.end(); ++member) {
      const Shape* type = shape_by_suffix(choice_suffix(member.key(), name.text()));
      if (type != nullptr) pair(name.text(), {*member, twin_of(from_.node, member.key())}, type);
    }
  }

  void child(JsonView object, std::string_view key, JsonView node) {
    const bool twin = key.starts_with('_');
    const std::string_view plain = twin ? key.substr(1) : key;
    if (twin && object[plain]) return;  // comes with its value
    const Shape* owner = from_.kind == Kind::node ? from_.type : find_shape("Element");
    const Shape* type = nullptr;
    const Member* defined = owner == nullptr ? nullptr : owner->member_of_key(plain, &type);
    const std::string_view name = defined == nullptr ? plain : defined->name;
    pair(name, twin ? Pair{{}, node} : Pair{node, twin_of(object, key)}, type);
  }

  JsonView twin_of(JsonView object, std::string_view key) {
    if (!object.may_have_twins()) return {};
    std::array<char, 64> twin;  // longer than any name of R4
    if (key.size() >= twin.size()) return object["_" + std::string(key)];
    twin[0] = '_';
    std::ranges::copy(key, twin.begin() + 1);
    return object[std::string_view(twin.data(), key.size() + 1)];
  }

  /// One item or an array of them, with their twins; false when neither is there.
  bool pair(std::string_view name, const Pair& found, const Shape* type) {
    if (!found.node && !found.twin) return false;
    if (found.node.is_array() || found.twin.is_array()) {
      array(name, found, type);
    } else {
      add(name, Place::kNoIndex, found, type);
    }
    return true;
  }

  void array(std::string_view name, const Pair& found, const Shape* type) {
    const std::size_t nodes = found.node.is_array() ? found.node.size() : 0;
    const std::size_t twins = found.twin.is_array() ? found.twin.size() : 0;
    auto node = found.node.begin();
    auto twin = found.twin.begin();
    for (std::size_t n = 0; n < std::max(nodes, twins); ++n) {
      Pair item;
      if (n < nodes) item.node = *node, ++node;
      if (n < twins) item.twin = *twin, ++twin;
      add(name, static_cast<std::uint32_t>(n), item, type);
    }
  }

  void add(std::string_view name, std::uint32_t index, const Pair& item, const Shape* type) {
    if (item.node.kind() == JsonKind::null && !item.twin.is_object()) return;
    Place place{from_.place, name, index, from_.place == nullptr ? JsonView() : from_.place->resource};
    if (may_be_resource(type) && item.node.is_object() && item.node[kResourceType].is_string())
      place.resource = item.node;
    const Place* at = arena_.make(place);
    out_.push_made(arena_, [&] { return element(item.node, item.twin, type, at); });
  }

  Arena& arena_;
  const Value& from_;
  Values& out_;
};

Kind kind_by_json(JsonView node) {
  switch (node.kind()) {
    case JsonKind::boolean: return Kind::boolean;
    case JsonKind::number:
      return node.text().find_first_of(".eE") == std::string_view::npos ? Kind::integer : Kind::decimal;
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

Value element(JsonView node, JsonView twin, const Shape* type, const Place* place) {
  Value value{.type = type, .node = node, .twin = twin, .place = place};
  if (node.is_object()) {
    const std::string_view resource = may_be_resource(type) ? node[kResourceType].text() : std::string_view();
    if (!resource.empty()) value.type = find_shape(resource);
    value.kind = Kind::node;
    return value;
  }
  value.valued = node && node.kind() != JsonKind::null;
  value.kind = type == nullptr ? kind_by_json(node) : type->kind;
  if (value.kind == Kind::node) value.kind = Kind::string;  // a scalar where R4 wants an object
  if (value.valued) read_primitive(value);
  return value;
}

Value root_element(Arena& arena, JsonView node, const Expected& expected) {
  if (expected.type != nullptr && JsonTape::begins_as(node, expected.name)) {
    const Place* place = arena.make(Place{nullptr, expected.type->name(), Place::kNoIndex, node});
    return {.kind = Kind::node, .type = expected.type, .node = node, .place = place};
  }
  if (!node.is_object()) return element(node, {}, nullptr, arena.make(Place{}));
  const JsonView named = node[kResourceType];
  const std::string_view type = named.text();
  const Place place{nullptr, type, Place::kNoIndex, type.empty() ? JsonView() : node};
  const bool likely = expected.type != nullptr && named.has_text(expected.name);
  const Shape* shape = likely ? expected.type : find_shape(type);
  return {.kind = Kind::node, .type = shape, .node = node, .place = arena.make(place)};
}

void append_members(Arena& arena, const Value& from, const Name& name, Values& out) {
  Walker(arena, from, out).named(name);
}

void append_children(Arena& arena, const Value& from, Values& out) { Walker(arena, from, out).all(); }

bool is_of(const Value& value, const TypeSpecifier& type) {
  if (value.type == nullptr) return type.system == value.kind && value.kind != Kind::node;
  return type.fhir != nullptr && value.type->is(*type.fhir);
}

Value system_value(const Value& value) {
  if (value.kind != Kind::node || value.type == nullptr || !value.type->is_quantity) return value;
  const JsonView number = value.node["value"];
  if (number.kind() != JsonKind::number || value.node["comparator"]) return value;
  const JsonView code = value.node["code"];
  const bool ucum = code && value.node["system"].text() == kUcum;
  const JsonView unit = value.node["unit"];
  return quantity(number.text(), ucum ? code.text() : unit ? unit.text() : code ? code.text() : "1");
}

}  // namespace fhir::path
