// A compiled expression. The grammar's left recursion becomes straight-line code: a Block is a run of Steps, each of
// which takes what the one before it produced; operands on the right, indexes and arguments are Blocks of their own. So
// neither a path of a thousand names nor a sum of a thousand terms nests, and what nests is bounded by the parser.
// `name.where(use = 'official').given` is  member name · call where [member use · equal [literal]] · member given.
// Immutable after parse(); safe from any thread.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fhir/path/value.h"

namespace fhir::path {

struct Function;
class Pattern;

enum class Op : std::uint8_t {
  // These begin a block.
  literal,
  literals,  // of ('a' | 'b'): `arguments` constants in a row, each once
  empty,
  self,
  index,
  total,
  variable,
  root_member,
  // These go on from what is there.
  member,
  call,
  item,
  negate,
  plus,
  is,
  as,
  multiply,
  divide,
  div,
  mod,
  add,
  subtract,
  concatenate,
  unite,
  less,
  less_or_equal,
  greater,
  greater_or_equal,
  equal,
  equivalent,
  not_equal,
  not_equivalent,
  in,
  contains,
  both,
  either,
  differ,
  implies,
};

/// Of a key of sort(). `-key` is as if every key had its sign changed, whatever its type; nothing stays lowest and
/// comes first. After `key desc` nothing comes last.
enum class SortOrder : std::uint8_t { ascending, negated, descending };

struct Block {
  std::uint32_t first = 0;
  std::uint32_t count = 0;
  SortOrder order = SortOrder::ascending;
};

/// What a step along a path is asked when exists() or empty() follows it: nobody needs the elements then.
enum class Asked : std::uint8_t { elements, exists, empty };

struct Step {
  Op op = Op::empty;
  Asked asked = Asked::elements;       // of a member
  std::uint32_t offset = 0;            // bytes into the expression, for messages
  std::uint32_t data = 0;              // index of the constant, name, variable or type
  Block operand{};                     // right operand or index
  const Function* function = nullptr;  // of a call
  std::uint32_t first_argument = 0;    // into Program::arguments
  std::uint32_t arguments = 0;         // their number
};

/// `Quantity` may mean FHIR's or System's: then both are set.
struct TypeSpecifier {
  const Shape* fhir = nullptr;
  std::optional<Kind> system;
};

/// Laid in two blocks of memory, one of characters and one of everything else, so that an evaluation touches few lines
/// of it. All views lead into these two, or into the definitions.
struct Program {
  std::string_view text;
  std::span<const Step> steps;
  std::span<const Block> arguments;
  std::span<const Value> constants;
  std::span<const Name> names;
  std::span<const TypeSpecifier> types;
  Block main;
  const Shape* expected = nullptr;  // the type of the focus, most likely: as compiled for, or as Patient.name begins
  std::vector<std::string> variables;
  /// Literals as regular expressions, compiled ahead: index of the constant, and the expression.
  std::vector<std::pair<std::uint32_t, std::shared_ptr<const Pattern>>> patterns;
  std::unique_ptr<char[]> characters;
  std::unique_ptr<std::byte[]> block;
};

}  // namespace fhir::path
