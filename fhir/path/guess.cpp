#include "fhir/path/guess.h"

#include <algorithm>

#include "fhir/path/functions.h"

namespace fhir::path {
namespace {

class Guess {
 public:
  explicit Guess(Parts& parts) : parts_(parts) {}

  /// The type that the block gives, or nullptr. It nests as deep as the parser
  /// allows.
  const Shape* block(const Block& block,
                     const Shape* focus) {  // NOLINT(misc-no-recursion)
    const Shape* at = nullptr;
    for (std::uint32_t n = block.first; n < block.first + block.count; ++n) at = step(parts_.steps[n], at, focus);
    return at;
  }

 private:
  const Shape* step(const Step& step, const Shape* at,
                    const Shape* focus) {  // NOLINT(misc-no-recursion)
    switch (step.op) {
      case Op::self: return focus;
      case Op::root_member: return root_member(step, focus);
      case Op::members: return members(names_of(step), at);
      case Op::call: return call(step, at, focus);
      case Op::item: return block(step.operand(), focus), at;
      case Op::as: return parts_.types[step.data].fhir;
      case Op::unite: return block(step.operand(), focus), at;
      case Op::literals: return nullptr;
      default: return block(step.operand(), focus), nullptr;
    }
  }

  std::span<Name> names_of(const Step& step) { return std::span(parts_.names).subspan(step.data, step.count); }

  const Shape* root_member(const Step& step, const Shape* focus) {
    const std::span<Name> names = names_of(step);
    Name& first = names.front();
    if (first.type == nullptr) return members(names, focus);
    first.owner = focus != nullptr && focus->is(*first.type) ? focus : first.type;
    return members(names.subspan(1), first.owner);
  }

  const Shape* members(std::span<Name> names, const Shape* at) {
    for (Name& name : names) {
      if (at == nullptr) break;
      name.owner = at;
      name.expected = at->member(name.symbol);
      at = name.expected == nullptr ? nullptr : name.expected->type;
      name.form = name.expected == nullptr ? Form::primitive : name.expected->form;
    }
    return at;
  }

  const Shape* call(const Step& step, const Shape* at,
                    const Shape* focus) {  // NOLINT(misc-no-recursion)
    const Function& function = *step.function;
    const Shape* first = nullptr;
    for (std::uint32_t n = 0; n < step.count; ++n) {
      const Takes takes = function.takes[std::min<std::size_t>(n, function.takes.size() - 1)];
      if (takes == Takes::type) continue;
      const Shape* given = block(parts_.arguments[step.first + n], takes == Takes::expression ? at : focus);
      if (n == 0) first = given;
    }
    switch (function.gives) {
      case Gives::input:
      case Gives::one: return at;
      case Gives::projected: return first;
      case Gives::narrowed: return parts_.types[step.data].fhir;
      default: return nullptr;
    }
  }

  Parts& parts_;
};

}  // namespace

void guess_types(Parts& parts, const Block& main, const Shape* focus) { Guess(parts).block(main, focus); }

}  // namespace fhir::path
