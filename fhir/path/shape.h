// R4's types as navigation needs them: every element name a small number (its symbol), every element a link to its
// type, so that a step along a path compares numbers and follows pointers. Laid once over the definitions, at the first
// use (about a millisecond); immutable, safe from any thread, lives as long as the program.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "fhir/definitions/definitions.h"
#include "fhir/path/fhirpath.h"

namespace fhir::path {

using Symbol = std::uint16_t;
inline constexpr Symbol kNoSymbol = 0xffff;  // a name that no element of R4 has

class Shape;

/// What is known of a member without a look at the document: a primitive may have a twin, a resource says itself what
/// it is, a choice has other names in JSON.
enum class Form : std::uint8_t { primitive, complex, resource, choice };

struct Member {
  Symbol symbol = kNoSymbol;
  Form form = Form::primitive;
  std::uint16_t key_bits = 0;   // of a choice: JsonKey::bit() of each name it may have
  std::string_view name{};      // "value"
  const Shape* type = nullptr;  // nullptr: a choice, or a System type
  std::span<const Shape* const> choices{};
  const ElementDefinition* definition = nullptr;

  /// The type of the choice that a key ends in ("Quantity" of valueQuantity); nullptr when it is none of them.
  const Shape* choice(std::string_view suffix) const;
};

class Shape {
 public:
  std::string_view name() const { return name_; }
  bool is_resource() const { return definition->kind == TypeKind::resource; }
  /// True when it is that type or derives from it.
  bool is(const Shape& ancestor) const;
  const Member* member(Symbol symbol) const {
    for (std::size_t slot = symbol;; ++slot) {
      const std::uint8_t found = index[slot & (index.size() - 1)];
      if (found == 0) return nullptr;
      if (members[found - 1u].symbol == symbol) return &members[found - 1u];
    }
  }
  /// The member that a JSON key stands for, and its type (of a choice: the one the key names).
  const Member* member_of_key(std::string_view key, const Shape** of) const;

  std::string_view name_;  // the definition's, at hand
  const TypeDefinition* definition = nullptr;
  const Shape* base = nullptr;
  Item::Kind kind = Item::Kind::node;  // the System type it stands for
  bool is_quantity = false;            // Quantity and what derives from it
  std::span<const Member> members;     // inherited ones too
  /// Places in `members`, from 1, by symbol: open addressing, a power of two; 0 ends a search.
  std::span<const std::uint8_t> index;
};

/// The type that an element most likely is of, and its name to compare with.
struct Expected {
  explicit Expected(const Shape* likely = nullptr)
      : type(likely), name(likely == nullptr ? JsonKey() : JsonKey(likely->name())) {}
  const Shape* type;
  JsonKey name;
};

/// nullptr when R4 has no such type.
const Shape* find_shape(std::string_view type);
/// A choice in a document of unknown type: the type the key ends in, if R4 has it.
const Shape* shape_by_suffix(std::string_view suffix);
Symbol symbol_of(std::string_view element);
std::span<const Shape> all_shapes();

/// An element name of an expression, looked up ahead.
struct Name {
  /// `twin` is the name with the underscore before it, and outlives this.
  Name(std::string_view twin, std::size_t offset);
  std::string_view text() const { return key.text(); }
  /// The name in JSON of a primitive's id and extensions.
  JsonKey twin() const { return JsonKey({text().data() - 1, text().size() + 1}); }

  JsonKey key;
  const Shape* type = nullptr;   // when it is the name of a type as well: Patient.name begins with one
  const Shape* owner = nullptr;  // the type most likely before it (guess.h), and what it has of this name
  const Member* expected = nullptr;
  std::uint32_t offset;  // bytes into the expression
  Symbol symbol;
  Form form = Form::primitive;  // of the expected member, at hand
};
static_assert(sizeof(Name) == 64);  // a line of memory

}  // namespace fhir::path
