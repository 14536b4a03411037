#include "fhir/path/shape.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
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

/// Names to numbers, filled once: open addressing, at most half full.
class NameTable {
 public:
  static constexpr std::uint16_t kNone = 0xffff;

  explicit NameTable(std::size_t most) : slots_(std::bit_ceil(most * 2 + 2)) {}

  std::uint16_t find(std::string_view name) const {
    for (std::size_t at = hash(name);; ++at) {
      const Slot& slot = slots_[at & (slots_.size() - 1)];
      if (slot.number == kNone || slot.name == name) return slot.number;
    }
  }

  /// The number of the name, which is `number` when it is new.
  std::uint16_t add(std::string_view name, std::uint16_t number) {
    for (std::size_t at = hash(name);; ++at) {
      Slot& slot = slots_[at & (slots_.size() - 1)];
      if (slot.number != kNone && slot.name != name) continue;
      if (slot.number == kNone) slot = {name, number};
      return slot.number;
    }
  }

 private:
  struct Slot {
    std::string_view name;
    std::uint16_t number = kNone;
  };

  // The first and the last eight bytes tell R4's names apart well enough; what else is asked costs a few steps more.
  static std::size_t hash(std::string_view name) {
    std::uint64_t head = 0;
    std::uint64_t tail = 0;
    const std::size_t part = std::min<std::size_t>(name.size(), 8);
    if (part != 0) {
      std::memcpy(&head, name.data(), part);
      std::memcpy(&tail, name.data() + name.size() - part, part);
    }
    const std::uint64_t mixed = (head ^ std::rotl(tail, 23) ^ name.size()) * 0x9e3779b97f4a7c15;
    return static_cast<std::size_t>(mixed >> 40);
  }

  std::vector<Slot> slots_;
};

class Shapes {
 public:
  Shapes() : types_(all_types()), shapes_(types_.size()), by_name_(types_.size()), symbols_(count_elements()) {
    std::size_t choices = 0;
    for (const TypeDefinition* type : types_) {
      for (const ElementDefinition& element : type->elements) {
        choices += element.types.size();
      }
    }
    members_.reserve(count_elements());  // views into these are handed out while they fill
    choices_.reserve(choices);
    for (std::size_t n = 0; n < types_.size(); ++n) by_name_.add(types_[n]->name, static_cast<std::uint16_t>(n));
    for (std::size_t n = 0; n < types_.size(); ++n) lay(*types_[n], shapes_[n]);
    for (Member& member : members_) {
      member.form = form_of(member);
      for (const Shape* choice : member.choices) member.key_bits |= JsonKey(choice_key(member, *choice)).bit();
    }
    lay_indexes();
  }

  const Shape* find(std::string_view name) const {
    const std::uint16_t found = by_name_.find(name);
    return found == NameTable::kNone ? nullptr : &shapes_[found];
  }

  Symbol symbol(std::string_view name) const { return symbols_.find(name); }

  std::span<const Shape> all() const { return shapes_; }

  const Shape* by_suffix(std::string_view suffix) const {
    const auto found =
        std::ranges::find_if(shapes_, [&](const Shape& shape) { return names_type(suffix, shape.name()); });
    return found == shapes_.end() ? nullptr : &*found;
  }

 private:
  /// "valueQuantity"
  static std::string choice_key(const Member& member, const Shape& choice) {
    std::string key(member.name);
    key += choice.name();
    char& first = key[member.name.size()];
    if (first >= 'a' && first <= 'z') first = static_cast<char>(first - 'a' + 'A');
    return key;
  }

  static Form form_of(const Member& member) {
    if (!member.choices.empty()) return Form::choice;
    if (member.type == nullptr || member.type->kind != Kind::node) return Form::primitive;
    return member.type->is_resource() ? Form::resource : Form::complex;
  }

  static std::size_t count_elements() {
    std::size_t elements = 0;
    for (const TypeDefinition* type : all_types()) elements += type->elements.size();
    return elements;
  }

  void lay(const TypeDefinition& type, Shape& shape) {
    shape.definition = &type;
    shape.name_ = type.name;
    shape.base = type.base.empty() ? nullptr : find(type.base);
    shape.kind = kind_of(type);
    shape.is_quantity = is_a(type.name, "Quantity");
    const std::size_t first = members_.size();
    for (const ElementDefinition& element : type.elements) members_.push_back(member(element));
    shape.members = std::span(members_).subspan(first);
  }

  Member member(const ElementDefinition& element) {
    const Symbol symbol = symbols_.add(element.name, next_symbol_);
    if (symbol == next_symbol_) ++next_symbol_;
    Member result{.symbol = symbol, .name = element.name, .definition = &element};
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

  // A table over the symbols for each type: a member is found at the first or second look.
  void lay_indexes() {
    std::size_t total = 0;
    for (const Shape& shape : shapes_) total += room_for(shape);
    indexes_.assign(total, 0);
    std::size_t at = 0;
    for (Shape& shape : shapes_) {
      const std::span<std::uint8_t> index = std::span(indexes_).subspan(at, room_for(shape));
      at += index.size();
      for (std::size_t n = 0; n < shape.members.size(); ++n) {
        std::size_t slot = shape.members[n].symbol;
        while (index[slot & (index.size() - 1)] != 0) ++slot;
        index[slot & (index.size() - 1)] = static_cast<std::uint8_t>(n + 1);
      }
      shape.index = index;
    }
  }

  static std::size_t room_for(const Shape& shape) { return std::bit_ceil(shape.members.size() * 2 + 1); }

  std::span<const TypeDefinition* const> types_;
  std::vector<Shape> shapes_;  // in the same order
  NameTable by_name_;
  std::vector<Member> members_;
  std::vector<const Shape*> choices_;
  NameTable symbols_;
  Symbol next_symbol_ = 0;
  std::vector<std::uint8_t> indexes_;
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

const Member* Shape::member_of_key(std::string_view key, const Shape** of) const {
  const Member* named = member(symbol_of(key));
  if (named != nullptr && named->choices.empty()) return *of = named->type, named;
  for (const Member& choice : members) {
    if (choice.choices.empty() || key.size() == choice.name.size() || !key.starts_with(choice.name)) continue;
    *of = choice.choice(key.substr(choice.name.size()));
    if (*of != nullptr) return &choice;
  }
  return nullptr;
}

const Shape* find_shape(std::string_view type) { return shapes().find(type); }
const Shape* shape_by_suffix(std::string_view suffix) { return suffix.empty() ? nullptr : shapes().by_suffix(suffix); }
Symbol symbol_of(std::string_view element) { return shapes().symbol(element); }
std::span<const Shape> all_shapes() { return shapes().all(); }

// Only types with a capital are meant: the element `code` is not the type of that name.
Name::Name(std::string_view underscored, std::size_t at)
    : key(underscored.substr(1)), offset(static_cast<std::uint32_t>(at)), symbol(symbol_of(text())) {
  const bool capital = !text().empty() && text()[0] >= 'A' && text()[0] <= 'Z';
  if (capital) type = find_shape(text());
}

}  // namespace fhir::path
