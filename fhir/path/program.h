// A compiled expression. The grammar's left recursion becomes straight-line code: a Block is a run of Steps, each of
// which takes what the one before it produced; operands on the right, indexes and arguments are Blocks of their own. So
// neither a path of a thousand names nor a sum of a thousand terms nests, and what nests is bounded by the parser.
// `name.where(use = 'official').given` is  members name · call where [members use · equal [literal]] · members given.
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
  literals,  // of ('a' | 'b'): `count` constants in a row, each once
  empty,
  self,
  index,
  total,
  variable,
  root_member,  // the first name, which may be a type's, and the names that follow it
  // These go on from what is there.
  members,  // a.b.c is one step
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

/// Small, because an evaluation reads few steps once each: how much memory they lie in is most of what they cost.
struct Step {
  Op op = Op::empty;
  Asked asked = Asked::elements;       // of members
  std::uint32_t offset = 0;            // bytes into the expression, for messages
  std::uint32_t data = 0;              // index of the constant, first name, variable or type
  std::uint32_t first = 0;             // of a right operand's or index's steps; of a call's arguments
  std::uint32_t count = 0;             // of them;  of members: of names that follow one another;  of literals
  const Function* function = nullptr;  // of a call

  Block operand() const { return {first, count}; }
};
static_assert(sizeof(Step) == 32);

/// `Quantity` may mean FHIR's or System's: then both are set.
struct TypeSpecifier {
  const Shape* fhir = nullptr;
  std::optional<Kind> system;
};

/// The head of one block of memory that holds the arrays as well, what is used most in front, so that an evaluation
/// touches few lines of it. All views lead into this block, into the characters, or into the definitions.
struct alignas(64) Program {
  static constexpr std::size_t kLine = 64;  // of memory: a Name fills one, two Steps do

  // One line, all that a shortcut reads besides its names:
  const Name* trail = nullptr;  // when the whole expression is one, from a focus as expected (shortcut.h): its names
  Block main;
  std::uint8_t trail_names = 0;
  Asked asked = Asked::elements;  // at the end of that trail
  bool has_variables = false;
  Expected focus;  // as compiled for, or as Patient.name begins
  std::span<const Name> names;
  std::span<const Step> steps;
  std::span<const Block> arguments;
  std::span<const Value> constants;
  std::span<const TypeSpecifier> types;
  std::string_view text;
  std::vector<std::string> variables;
  /// Literals as regular expressions, compiled ahead: index of the constant, and the expression.
  std::vector<std::pair<std::uint32_t, std::shared_ptr<const Pattern>>> patterns;
  std::unique_ptr<char[]> characters;

  /// Begins to fetch the lines that every evaluation reads and that are cold where there are many rules.
  void prefetch() const {
    const char* begin = reinterpret_cast<const char*>(this);
    for (const std::size_t at : {std::size_t{0}, kLine, sizeof(*this), sizeof(*this) + kLine}) {
      __builtin_prefetch(begin + at);
    }
  }
  std::span<const Name> names_of(const Step& members) const { return names.subspan(members.data, members.count); }
};

}  // namespace fhir::path
