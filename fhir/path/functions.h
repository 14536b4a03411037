// The functions of FHIRPath, one row each: name, arity, what they need of the collection they are called on and of
// their arguments, and what they do. Adding a function is adding a row (functions.cpp) and its implementation in the
// file of its chapter; needs are met before the implementation runs, so it starts with valid input.
#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "fhir/path/evaluator.h"

namespace fhir::path {

/// What stands before the dot. An empty input gives an empty result for all but `any`.
enum class Input : std::uint8_t {
  any,     // any number of items, also none
  one,     // one item; more are an error
  text,    // one string
  number,  // one integer or decimal
};

/// What an argument is. The evaluated ones are evaluated in the caller's focus.
enum class Takes : std::uint8_t {
  nothing,
  collection,  // evaluated, any number of items
  value,       // evaluated, at most one item; empty is passed on
  text,
  number,      // evaluated, one string / integer; empty makes the result empty
  expression,  // evaluated by the function, as often as it likes
  type,        // a type specifier, known at compile time
};

/// What a function gives, as far as it is known before it runs (typing.h).
enum class Gives : std::uint8_t {
  anything,
  boolean,
  integer,
  decimal,
  string,
  strings,  // any number of them
  date,
  datetime,
  time,
  quantity,
  type_info,
  extensions,  // any number of them
  input,       // of the input's items
  one,         // of the input's items at most one
  projected,   // what the first argument gives, for every item
  branches,    // what one of the arguments from the second gives (of coalesce: from the first)
  united,      // the input's items and the argument's
  narrowed,    // of the input's items those of the type
  parts,       // elements below the input's, in no order
};

struct Call {
  Evaluator& evaluator;
  const Step& step;
  Values input;
  const Scope& scope;
  std::array<Values, 3> arguments = {};

  Arena& arena() const { return evaluator.arena(); }
  const Value& item() const { return input.front(); }
  bool has(std::size_t n) const { return step.count > n; }
  const Value& argument(std::size_t n) const { return arguments[n].front(); }
  std::string_view text(std::size_t n) const { return arguments[n].front().text; }
  std::int64_t number(std::size_t n) const { return arguments[n].front().number; }

  Values one(const Value& value) const { return {arena(), value}; }
  Values truth(bool value) const { return Evaluator::make_truth(value); }
  /// A string made of `text`, copied into the arena.
  Values made(std::string_view text) const { return one(string(arena().copy(text))); }
  Values fail(std::string say) const { return evaluator.fail(step, std::move(say)); }
  /// Evaluates the n-th argument for one item as $this.
  Values apply(std::size_t n, const Values& focus, std::int64_t index, const Values* total = nullptr) const;
  /// The same as a criterion: true when the item is to be kept. False after a failure as well.
  bool test(std::size_t n, const Value& item, std::int64_t index) const;
};

struct Function {
  using Run = Values (*)(const Call&);
  static constexpr std::uint8_t kMany = 255;

  std::string_view name;
  std::uint8_t least;
  std::uint8_t most;
  Input input;
  std::array<Takes, 3> takes;  // past the third (sort, coalesce): as the third
  Gives gives;
  Run run;  // nullptr: the evaluator's own, defineVariable()
};

std::span<const Function> functions();
/// nullptr when there is none of that name.
const Function* find_function(std::string_view name);

}  // namespace fhir::path
