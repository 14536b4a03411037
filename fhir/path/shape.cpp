#include "fhir/path/shape.h"

#include <algorithm>
#include <array>
#include <unordered_map>
#include <utility>
#include <vector>

namespace fhir::path {
namespace {

using Kind = Item::Kind;

// Every other primitive is a string.
constexpr std::array<std::pair<std::string_view, Kind>, 9> kPrimitives = {{{"boolean", Kind::boolean},
                                                                           {"integer", Kind::integer},
                                                                           {"positiveInt", Kind::integer},
                                                                           {"unsignedInt", Kind::integer},
                                                                           {"decimal", Kind::decimal},
                                                                           {"date", Kind::date},
                                                                           {"dateTime", Kind::datetime},
                                                                           {"instant", Kind::datetime},
                                                                           {"time", Kind::time}}};

Kind kind_of(const TypeDefinition& type) {
  if (type.kind != TypeKind::primitive) return Kind::node;
  const auto* found = std::ranges::find(kPrimitives, type.name, &std::pair<std::string_view, Kind>::first);
  return found == kPrimitives.end() ? Kind::string : found->second;
}

/// "Quantity" names Quantity and "String" names string.
bool names_type(std::string_view suffix, std::string_view type) {
  const char first = type[0] >= 'a' && type[0] <= 'z' ? static_cast<char>(type[0] - 'a' + 'A') : type[0];
  return suffix.size() == type.size() && suffix[0] == first && suffix.substr(1) == type.substr(1);
}

class Shapes {
 public:
  Shapes() : types_(all_types()), shapes_(types_.size()) {
    std::size_t elements = 0;
    std::size_t choices = 0;
    for (const TypeDefinition* type : types_) {
      elements += type->elements.size();
      for (const ElementDefinition& element : type->elements) choices += element.types.size();
    }
    members_.reserve(elements);  // spans into both are handed out while they fill
    choices_.reserve(choices);
    for (std::size_t n = 0; n < types_.size(); ++n) by_name_.emplace(types_[n]->name, &shapes_[n]);
    for (std::size_t n = 0; n < types_.size(); ++n) lay(*types_[n], shapes_[n]);
  }

  const Shape* find(std::string_view name) const {
    const auto found = by_name_.find(name);
    return found == by_name_.end() ? nullptr : found->second;
  }

  Symbol symbol(std::string_view name) const {
    const auto found = symbols_.find(name);
    return found == symbols_.end() ? kNoSymbol : found->second;
  }

  std::span<const Shape> all() const { return shapes_; }

  const Shape* by_suffix(std::string_view suffix) const {
    const auto found =
        std::ranges::find_if(shapes_, [&](const Shape& shape) { return names_type(suffix, shape.name()); });
    return found == shapes_.end() ? nullptr : &*found;
  }

 private:
  void lay(const TypeDefinition& type, Shape& shape) {
    shape.definition = &type;
    shape.base = type.base.empty() ? nullptr : find(type.base);
    shape.kind = kind_of(type);
    shape.is_quantity = is_a(type.name, "Quantity");
    const std::size_t first = members_.size();
    for (const ElementDefinition& element : type.elements) members_.push_back(member(element));
    shape.members = std::span(members_).subspan(first);
  }

  Member member(const ElementDefinition& element) {
    const auto symbol = static_cast<Symbol>(symbols_.size());
    Member result{.symbol = symbols_.try_emplace(element.name, symbol).first->second,
                  .name = element.name,
                  .definition = &element};
    if (!element.choice) {
      result.type = element.types.empty() ? nullptr : find(element.types.front());
      return result;
    }
    const std::size_t first = choices_.size();
    for (const std::string_view name : element.types) {
      if (const Shape* shape = find(name)) choices_.push_back(shape);
    }
    result.choices = std::span(choices_).subspan(first);
    return result;
  }

  std::span<const TypeDefinition* const> types_;
  std::vector<Shape> shapes_;  // in the same order
  std::unordered_map<std::string_view, const Shape*> by_name_;
  std::vector<Member> members_;
  std::vector<const Shape*> choices_;
  std::unordered_map<std::string_view, Symbol> symbols_;
};

const Shapes& shapes() {
  static const Shapes all;
  return all;
}

}  // namespace

const Shape* Member::choice(std::string_view suffix) const {
  for (const Shape* shape : choices) {
    if (names_type(suffix, shape->name())) return shape;
  }
  return nullptr;
}

bool Shape::is(const Shape& ancestor) const {
  const Shape* type = this;
  while (type != nullptr && type != &ancestor) type = type->base;
  return type != nullptr;
}

const Member* Shape::member(Symbol symbol) const {
  for (const Member& member : members) {
    if (member.symbol == symbol) return &member;
  }
  return nullptr;
}

const Member* Shape::member_of_key(std::string_view key, const Shape** of) const {
  for (const Member& member : members) {
    if (!key.starts_with(member.name)) continue;
    const bool whole = key.size() == member.name.size();
    if (member.choices.empty() != whole) continue;
    *of = whole ? member.type : member.choice(key.substr(member.name.size()));
    if (whole || *of != nullptr) return &member;
  }
  return nullptr;
}

const Shape* find_shape(std::string_view type) { return shapes().find(type); }
const Shape* shape_by_suffix(std::string_view suffix) { return suffix.empty() ? nullptr : shapes().by_suffix(suffix); }
Symbol symbol_of(std::string_view element) { return shapes().symbol(element); }
std::span<const Shape> all_shapes() { return shapes().all(); }

// Only types with a capital are meant: the element `code` is not the type of that name.
Name::Name(std::string element)
    : name(std::move(element)),
      twin("_" + name),
      symbol(symbol_of(name)),
      type(!name.empty() && name[0] >= 'A' && name[0] <= 'Z' ? find_shape(name) : nullptr) {}

}  // namespace fhir::path
