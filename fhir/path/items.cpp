#include "fhir/path/items.h"

#include <array>
#include <charconv>

#include "fhir/decimal.h"
#include "fhir/path/navigate.h"

namespace fhir::path {
namespace {

// The path is kept as one name, so that what is found below goes on from it.
const Place* place_of(Arena& arena, const Item& item) {
  const bool resource = item.node.is_object() && item.node["resourceType"].is_string();
  const std::string_view name = item.path.empty() ? item.type : std::string_view(item.path);
  return arena.make(Place{nullptr, name, Place::kNoIndex, resource ? item.node : JsonView()});
}

Value to_value(Arena& arena, const Item& item) {
  const Shape* type = find_shape(item.type);
  if (item.node || item.twin) return element(item.node, item.twin, type, place_of(arena, item));
  Value value{.kind = item.kind, .type = system_kind(item.type) ? nullptr : type, .text = item.text, .unit = item.unit};
  if (item.kind == Item::Kind::boolean) value.number = item.text == "true" ? 1 : 0;
  if (item.kind == Item::Kind::integer) {
    const char* end = item.text.data() + item.text.size();
    if (std::from_chars(item.text.data(), end, value.number).ptr != end) value.kind = Item::Kind::string;
  }
  if (item.kind == Item::Kind::decimal && !Decimal::parse(item.text)) value.kind = Item::Kind::string;
  return value;
}

}  // namespace

Values import(Arena& arena, std::span<const Item> items) {
  Values values;
  for (const Item& item : items) values.push(arena, to_value(arena, item));
  return values;
}

std::string text_of(const Value& value) {
  switch (value.kind) {
    case Kind::boolean: return !value.valued ? "" : value.number != 0 ? "true" : "false";
    case Kind::integer: return value.valued ? std::to_string(value.number) : "";
    case Kind::type_info: return std::string(value.text) + "." + std::string(value.unit);
    default: return std::string(value.text);
  }
}

namespace {

std::string_view type_of(const Value& value) {
  if (value.type != nullptr) return value.type->name();
  return value.kind == Kind::node ? std::string_view() : system_name(value.kind);
}

std::string_view view_of_text(Arena& arena, const Value& value) {
  if (value.kind >= Kind::decimal && value.kind <= Kind::quantity) return value.text;
  switch (value.kind) {
    case Kind::node: return {};
    case Kind::boolean: return !value.valued ? "" : value.number != 0 ? "true" : "false";
    case Kind::integer:
    case Kind::type_info:
      return value.text.empty() || value.kind == Kind::type_info ? arena.copy(text_of(value)) : value.text;
    default: return value.text;
  }
}

}  // namespace

std::span<const ItemView> to_views(Arena& arena, const Values& values) {
  static constexpr std::array<ItemView, 2> kTruthViews = {
      ItemView{.kind = Kind::boolean, .type = "Boolean", .text = "false"},
      ItemView{.kind = Kind::boolean, .type = "Boolean", .text = "true"}};
  if (values.begin() == &kTruths[0] || values.begin() == &kTruths[1]) {
    return std::span(kTruthViews).subspan(values.front().number != 0 ? 1 : 0, values.size());
  }
  ItemView* views = arena.array<ItemView>(values.size());
  ItemView* next = views;
  for (const Value& value : values) {
    new (next++) ItemView{.kind = value.kind,
                          .node = value.node,
                          .twin = value.twin,
                          .type = type_of(value),
                          .text = view_of_text(arena, value),
                          .unit = value.kind == Kind::quantity ? value.unit : std::string_view(),
                          .place = value.place};
  }
  return {views, values.size()};
}

Item to_item(const Value& value) {
  return {.kind = value.kind,
          .node = value.node,
          .twin = value.twin,
          .type = type_of(value),
          .text = text_of(value),
          .unit = value.kind == Kind::quantity ? std::string(value.unit) : std::string(),
          .path = path_of(value.place)};
}

Collection to_items(const Values& values) {
  Collection items;
  items.reserve(values.size());
  for (const Value& value : values) items.push_back(to_item(value));
  return items;
}

}  // namespace fhir::path
