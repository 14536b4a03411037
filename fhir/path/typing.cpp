#include "fhir/path/typing.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "fhir/path/functions.h"
#include "fhir/path/lexer.h"
#include "fhir/suggest.h"

namespace fhir::path {
namespace {

/// One type that an item may be of.
struct Option {
  const Shape* fhir = nullptr;  // nullptr: the System type `system`
  Kind system = Kind::node;

  Kind kind() const { return fhir != nullptr ? fhir->kind : system; }
  bool is_quantity() const { return fhir != nullptr ? fhir->is_quantity : system == Kind::quantity; }
  bool is_number() const { return kind() == Kind::integer || kind() == Kind::decimal; }
  bool is_moment() const { return kind() == Kind::date || kind() == Kind::datetime; }
  bool operator==(const Option&) const = default;
};

/// What a part of the expression gives. Known and without options: nothing.
struct Known {
  bool known = false;
  bool many = true;
  bool ordered = true;
  std::vector<Option> options{};

  void add(const Option& option) {
    if (std::ranges::find(options, option) == options.end()) options.push_back(option);
  }
  void merge(const Known& more) {
    known = known && more.known;
    many = many || more.many;
    ordered = ordered && more.ordered;
    for (const Option& option : more.options) add(option);
  }
  template <class Test>
  bool never(Test test) const {  // certain that no item passes
    return known && !options.empty() && std::ranges::none_of(options, test);
  }
};

Known system(Kind kind, bool many = false) { return {.known = true, .many = many, .options = {{nullptr, kind}}}; }
Known of(const Shape* type, bool many) { return {.known = type != nullptr, .many = many, .options = {{type}}}; }
Known nothing() { return {.known = true, .many = false}; }
Known anything(bool many = true) { return {.many = many}; }

bool is_boolean(const Option& option) { return option.kind() == Kind::boolean; }
bool is_string(const Option& option) { return option.kind() == Kind::string; }
bool is_integer(const Option& option) { return option.kind() == Kind::integer; }
bool is_number(const Option& option) { return option.is_number(); }
bool is_simple(const Option& option) { return option.kind() != Kind::node; }

/// True when an item of static type `option` may turn out to be of `type`.
bool may_be(const Option& option, const TypeSpecifier& type) {
  if (option.fhir == nullptr) return type.system == option.system;
  return type.fhir != nullptr && (option.fhir->is(*type.fhir) || type.fhir->is(*option.fhir));
}

/// Two types that < and > compare.
bool have_order(const Option& a, const Option& b) {
  const auto measure = [](const Option& o) { return o.is_number() || o.is_quantity(); };
  if (measure(a) && measure(b)) return true;
  if (a.is_moment() && b.is_moment()) return true;
  return a.kind() == b.kind() && (a.kind() == Kind::string || a.kind() == Kind::time);
}

/// Two types that the arithmetic operator takes (N1 §6.6).
bool can_calculate(Op op, const Option& a, const Option& b) {
  const auto measure = [](const Option& o) { return o.is_number() || o.is_quantity(); };
  if (op == Op::div || op == Op::mod) return a.is_number() && b.is_number();
  if (measure(a) && measure(b)) return true;
  if (op != Op::add && op != Op::subtract) return false;
  if ((a.is_moment() || a.kind() == Kind::time) && b.is_quantity()) return true;
  return op == Op::add && is_string(a) && is_string(b);
}

template <class Test>
bool some_pair(const Known& a, const Known& b, Test test) {
  if (!a.known || !b.known || a.options.empty() || b.options.empty()) return true;
  return std::ranges::any_of(a.options, [&](const Option& x) {
    return std::ranges::any_of(b.options, [&](const Option& y) { return test(x, y); });
  });
}

struct Outside {
  Known focus;
  const Known* total = nullptr;
};

class Checker {
 public:
  Checker(const Program& program, const Typing& typing) : program_(program), strict_(typing.strict) {
    context_ = typing.context == nullptr ? anything(false) : of(typing.context, false);
  }

  Result<void> check() {
    run(program_.main, {context_});
    if (error_) return std::unexpected(*std::move(error_));
    return {};
  }

 private:
  // NOLINTNEXTLINE(misc-no-recursion): blocks nest as deep as the parser allows
  Known run(const Block& block, const Outside& outside) {
    Known known = nothing();
    for (std::uint32_t n = block.first; n < block.first + block.count && !error_; ++n) {
      known = step(program_.steps[n], std::move(known), outside);
      if (program_.steps[n].asked != Asked::elements) known = system(Kind::boolean);
    }
    return known;
  }

  Known step(const Step& step, Known input, const Outside& outside) {
    switch (step.op) {
      case Op::literal: return system(program_.constants[step.data].kind);
      case Op::literals: return literals(step);
      case Op::empty: return nothing();
      case Op::self: return outside.focus;
      case Op::index: return system(Kind::integer);
      case Op::total: return outside.total == nullptr ? anything() : *outside.total;
      case Op::variable: return variable(program_.variables[step.data]);
      case Op::root_member: return root_member(step, outside.focus);
      case Op::members: return members(program_.names_of(step), std::move(input));
      case Op::call: return call(step, std::move(input), outside);
      case Op::item: return item(step, std::move(input), outside);
      case Op::is: return narrowed(step, input, true), system(Kind::boolean);
      case Op::as: return narrowed(step, input, true);
      case Op::negate:
      case Op::plus: return input;
      default: return binary(step, std::move(input), outside);
    }
  }

  Known literals(const Step& step) const {
    Known known{.known = true};
    for (const Value& value : program_.constants.subspan(step.data, step.count)) known.add({nullptr, value.kind});
    return known;
  }

  // --- paths --------------------------------------------------------------------------------------------------------
  Known variable(std::string_view name) const {
    if (name == "context" || name == "resource") return context_;
    if (name == "sct" || name == "loinc" || name == "ucum" || name.starts_with("vs-") || name.starts_with("ext-"))
      return system(Kind::string);
    return anything();
  }

  Known root_member(const Step& step, const Known& focus) {
    const Name& name = program_.names[step.data];
    if (name.type == nullptr) return members(program_.names_of(step), focus);
    const TypeSpecifier type{name.type, std::nullopt};
    Known named{.known = true, .many = focus.many, .ordered = focus.ordered};
    for (const Option& option : focus.options) {
      if (may_be(option, type)) named.add(option.fhir->is(*name.type) ? option : Option{name.type});
    }
    if (!focus.known) named.add({name.type});
    if (named.options.empty()) refuse(step, strict_, "the focus is not of type " + std::string(name.text()));
    return members(program_.names_of(step).subspan(1), std::move(named));
  }

  Known members(std::span<const Name> names, Known from) {
    for (const Name& name : names) {
      if (!error_) from = member(from, name);
    }
    return from;
  }

  Known member(const Known& from, const Name& name) {
    if (!from.known) return anything();
    Known found{.known = true, .many = from.many, .ordered = from.ordered};
    bool any = from.options.empty();
    for (const Option& option : from.options) any = append_member(option, name, found) || any;
    if (!any) refuse(name.offset, strict_, "there is no element of this name here" + hint(from, name.text()));
    return found;
  }

  /// False when neither the type nor one derived from it has such a member.
  static bool append_member(const Option& option, const Name& name, Known& found) {
    if (option.fhir == nullptr) return append_system_member(option.system, name.text(), found);
    if (append_defined(*option.fhir, name, found)) return true;
    if (option.kind() != Kind::node && name.text() == "value") return found.add({nullptr, option.kind()}), true;
    bool any = false;
    if (!option.fhir->definition->abstract) return false;
    for (const Shape& derived : all_shapes()) {
      if (&derived != option.fhir && derived.is(*option.fhir)) any = append_defined(derived, name, found) || any;
    }
    return any;
  }

  static bool append_defined(const Shape& shape, const Name& name, Known& found) {
    const Member* member = shape.member(name.symbol);
    if (member == nullptr) return false;
    found.many = found.many || member->definition->repeats();
    for (const Shape* choice : member->choices) found.add({choice});
    if (!member->choices.empty()) return true;
    if (member->type == nullptr) {
      found.add({nullptr, shape.kind == Kind::node ? Kind::string : shape.kind});  // "System.String" and its kin
    } else {
      found.add({member->type});
    }
    return true;
  }

  static bool append_system_member(Kind kind, std::string_view name, Known& found) {
    if (kind == Kind::quantity && name == "value") return found.add({nullptr, Kind::decimal}), true;
    const bool text = kind == Kind::quantity    ? name == "unit" || name == "code"
                      : kind == Kind::type_info ? name == "namespace" || name == "name"
                                                : false;
    if (text) found.add({nullptr, Kind::string});
    return text;
  }

  static std::string hint(const Known& from, std::string_view name) {
    std::vector<std::string_view> names;
    for (const Option& option : from.options) {
      if (option.fhir == nullptr) continue;
      const Shape* type = nullptr;
      const Member* choice = option.fhir->member_of_key(name, &type);
      if (choice != nullptr && !choice->choices.empty() && type != nullptr) {
        return "; a choice is written " + std::string(choice->name) + ".ofType(" + std::string(type->name()) + ")";
      }
      for (const Member& member : option.fhir->members) names.push_back(member.name);
    }
    const std::string_view best = nearest(name, names);
    return best.empty() ? std::string() : "; did you mean " + std::string(best) + "?";
  }

  Known item(const Step& step, Known input, const Outside& outside) {
    const Known index = run(step.operand(), outside);
    if (index.never(is_integer)) refuse(step, strict_, "an index is one integer");
    demand_order(step, input);
    input.many = false;
    return input;
  }

  /// Of the items those of the type; `single` when several are an error.
  Known narrowed(const Step& step, const Known& input, bool single) {
    const TypeSpecifier& type = program_.types[step.data];
    Known kept{.known = true, .many = input.many && !single, .ordered = input.ordered};
    for (const Option& option : input.options) {
      if (!may_be(option, type)) continue;
      const bool closer = option.fhir != nullptr && type.fhir != nullptr && type.fhir->is(*option.fhir);
      kept.add(closer ? Option{type.fhir} : option);
    }
    if (!input.known && type.fhir != nullptr) kept.add({type.fhir});
    if (!input.known && type.system) kept.add({nullptr, *type.system});
    if (kept.options.empty() && !input.options.empty()) refuse(step, strict_, "this can never be of that type");
    return kept;
  }

  // --- operators ----------------------------------------------------------------------------------------------------
  Known binary(const Step& step, Known left, const Outside& outside) {
    Known right = run(step.operand(), outside);
    switch (step.op) {
      case Op::unite: {
        left.merge(right);
        left.many = true;
        return left;
      }
      case Op::concatenate:
        if (left.never(is_string) || right.never(is_string)) refuse(step, strict_, "& is for strings");
        return system(Kind::string);
      case Op::both:
      case Op::either:
      case Op::differ:
      case Op::implies:
        criterion(step, left, strict_);
        criterion(step, right, strict_);
        return system(Kind::boolean);
      case Op::less:
      case Op::less_or_equal:
      case Op::greater:
      case Op::greater_or_equal:
        if (!some_pair(left, right, have_order)) refuse(step, strict_, "these two types have no order");
        return system(Kind::boolean);
      case Op::multiply:
      case Op::divide:
      case Op::div:
      case Op::mod:
      case Op::add:
      case Op::subtract: return arithmetic(step, left, right);
      default: return system(Kind::boolean);
    }
  }

  Known arithmetic(const Step& step, const Known& left, const Known& right) {
    const auto fit = [&](const Option& a, const Option& b) { return can_calculate(step.op, a, b); };
    if (!some_pair(left, right, fit)) refuse(step, strict_, "this arithmetic is not defined for these types");
    const auto all = [](const Known& of_it, auto test) {
      return of_it.known && !of_it.options.empty() && std::ranges::all_of(of_it.options, test);
    };
    if (all(left, is_string)) return system(Kind::string);
    if (all(left, is_number) && all(right, is_number)) {
      const bool whole =
          step.op == Op::div || (step.op != Op::divide && all(left, is_integer) && all(right, is_integer));
      return system(whole ? Kind::integer : Kind::decimal);
    }
    if (all(left, [](const Option& o) { return o.is_moment() || o.kind() == Kind::time; })) return left;
    return anything(false);
  }

  // --- functions ----------------------------------------------------------------------------------------------------
  Known call(const Step& step, Known input, const Outside& outside) {
    const std::string_view name = step.function->name;
    check_input(step, input);
    std::vector<Known> arguments;
    Known total = anything();
    const bool aggregates = name == "aggregate";
    for (std::uint32_t n = 0; n < step.count && !error_; ++n) {
      const Takes takes = step.function->takes[std::min<std::size_t>(n, step.function->takes.size() - 1)];
      if (takes == Takes::type) continue;
      Outside inside = outside;
      if (takes == Takes::expression) inside.focus = input;
      if (takes == Takes::expression && !takes_whole(name)) inside.focus.many = false;
      if (aggregates) inside.total = &total;
      arguments.push_back(run(program_.arguments[step.first + n], inside));
      check_argument(step, takes, n, arguments.back());
    }
    return error_ ? nothing() : result(step, std::move(input), arguments);
  }

  /// Functions whose expression looks at the whole input, not at one item after the other.
  static bool takes_whole(std::string_view name) {
    return name == "iif" || name == "coalesce" || name == "defineVariable";
  }

  void check_input(const Step& step, const Known& input) {
    const Function& function = *step.function;
    const auto for_no_such = [&] { return std::string(function.name) + "() is not for an item of this type"; };
    if (function.input == Input::text) {
      if (input.never(is_simple)) refuse(step, true, for_no_such());
      if (input.never(is_string)) refuse(step, strict_, for_no_such());
    }
    if (function.input == Input::number && input.never(is_number)) refuse(step, strict_, for_no_such());
    if (needs_order(function.name)) demand_order(step, input);
    if (function.name == "not") criterion(step, input, strict_);
  }

  static bool needs_order(std::string_view name) {
    return name == "first" || name == "last" || name == "tail" || name == "skip" || name == "take";
  }

  void demand_order(const Step& step, const Known& input) {
    if (!input.ordered) refuse(step, strict_, "these items have no order");
  }

  void check_argument(const Step& step, Takes takes, std::uint32_t n, const Known& argument) {
    const std::string_view name = step.function->name;
    const bool wrong =
        (takes == Takes::text && argument.never(is_string)) || (takes == Takes::number && argument.never(is_integer));
    if (wrong) refuse(step, strict_, std::string(name) + "() got an argument of the wrong type");
    if (n != 0) return;
    // A literal is certain to be wrong; of elements FHIRPath asks only whether they are there.
    const auto element_or_truth = [](const Option& option) { return option.fhir != nullptr || is_boolean(option); };
    if (name == "iif") criterion(step, argument, strict_ || argument.never(element_or_truth));
    if (name == "where" || name == "exists" || name == "all") criterion(step, argument, strict_);
  }

  void criterion(const Step& step, const Known& known, bool applies) {
    if (known.never(is_boolean)) refuse(step, applies, "a criterion is true or false, and this is neither");
    if (known.known && known.many) refuse(step, strict_, "a criterion is one truth value, and this may be several");
  }

  Known result(const Step& step, Known input, const std::vector<Known>& arguments) {
    switch (step.function->gives) {
      case Gives::anything: return anything();
      case Gives::boolean: return system(Kind::boolean);
      case Gives::integer: return system(Kind::integer);
      case Gives::decimal: return system(Kind::decimal);
      case Gives::string: return system(Kind::string);
      case Gives::strings: return system(Kind::string, true);
      case Gives::date: return system(Kind::date);
      case Gives::datetime: return system(Kind::datetime);
      case Gives::time: return system(Kind::time);
      case Gives::quantity: return system(Kind::quantity);
      case Gives::type_info: return system(Kind::type_info, input.many);
      case Gives::extensions: return of(find_shape("Extension"), true);
      case Gives::input: return ordered_by(step, std::move(input));
      case Gives::one: return input.many = false, input;
      case Gives::projected: return projected(step, input, arguments.front());
      case Gives::branches: return branches(step, arguments);
      case Gives::united: return input.merge(arguments.front()), input.many = true, input;
      case Gives::narrowed: return narrowed(step, input, step.function->name == "as");
      case Gives::parts: return {.ordered = false};
    }
    return anything();
  }

  static Known ordered_by(const Step& step, Known input) {
    if (step.function->name == "sort") input.ordered = true;
    return input;
  }

  static Known projected(const Step& step, const Known& input, const Known& argument) {
    Known projected = argument;
    projected.many = input.many || argument.many;
    projected.ordered = input.ordered && argument.ordered && step.function->name == "select";
    if (step.function->name != "select") projected.many = true;
    return projected;
  }

  static Known branches(const Step& step, const std::vector<Known>& arguments) {
    Known either = nothing();
    for (std::size_t n = step.function->name == "iif" ? 1 : 0; n < arguments.size(); ++n) either.merge(arguments[n]);
    return either;
  }

  void refuse(const Step& step, bool applies, std::string say) { refuse(step.offset, applies, std::move(say)); }
  void refuse(std::uint32_t offset, bool applies, std::string say) {
    if (!applies || error_) return;
    error_ = {Fault::invalid, "fhirpath.semantic", place_of(program_.text, offset), std::move(say)};
  }

  const Program& program_;
  const bool strict_;
  Known context_;
  std::optional<Error> error_;
};

}  // namespace

namespace {

/// True when a part of the expression can be wrong in any mode: most expressions need no second look.
bool may_be_wrong(const Program& program) {
  return std::ranges::any_of(program.steps, [](const Step& step) {
    return step.function != nullptr && (step.function->input == Input::text || step.function->name == "iif");
  });
}

}  // namespace

Result<void> check_types(const Program& program, const Typing& typing) {
  if (!typing.strict && !may_be_wrong(program)) return {};
  return Checker(program, typing).check();
}

}  // namespace fhir::path
