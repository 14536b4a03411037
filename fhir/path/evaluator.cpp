#include "fhir/path/evaluator.h"

#include <algorithm>
#include <utility>

#include "fhir/path/functions.h"
#include "fhir/path/items.h"
#include "fhir/path/lexer.h"
#include "fhir/path/navigate.h"
#include "fhir/path/operators.h"
#include "fhir/path/trail.h"

namespace fhir::path {
namespace {

constexpr std::string_view kValueSet = "vs-";
constexpr std::string_view kExtension = "ext-";

const Binding* find_binding(const Binding* from, std::string_view name) {
  while (from != nullptr && from->name != name) from = from->next;
  return from;
}

/// Variables that FHIR itself gives a text (R4 fhirpath.html#variables); nothing for any other.
std::optional<std::string> standard_text(std::string_view name) {
  if (name == "sct") return "http://snomed.info/sct";
  if (name == "loinc") return "http://loinc.org";
  if (name == "ucum") return "http://unitsofmeasure.org";
  if (name.starts_with(kValueSet)) return "http://hl7.org/fhir/ValueSet/" + std::string(name.substr(kValueSet.size()));
  if (name.starts_with(kExtension)) {
    return "http://hl7.org/fhir/StructureDefinition/" + std::string(name.substr(kExtension.size()));
  }
  return std::nullopt;
}

}  // namespace

Values Call::apply(std::size_t n, const Values& focus, std::int64_t index, const Values* total) const {
  const Block& block = evaluator.program().arguments[step.first + n];
  return evaluator.run(block, {focus, index, total == nullptr ? scope.total : total, scope.bindings});
}

bool Call::test(std::size_t n, const Value& item, std::int64_t index) const {
  const Arena::Mark mark = arena().mark();
  const Values answer = apply(n, Values::view(std::span(&item, 1)), index);
  const bool kept = evaluator.criterion(step, answer).value_or(false);
  arena().rewind(mark);  // a truth value keeps nothing alive
  return kept;
}

Values Evaluator::fail(const Step& step, std::string say, Fault fault) {
  if (failed_) return {};
  failed_ = true;
  allowed_ = 0;
  const bool budget = fault == Fault::too_large;
  error_ = Error{fault, budget ? "fhirpath.budget" : "fhirpath.execution", place_of(program_.text, step.offset),
                 std::move(say)};
  return {};
}

bool Evaluator::spent_up(const Step& step) {
  if (!failed_) fail(step, "the evaluation takes more steps or memory than allowed", Fault::too_large);
  return false;
}

Values Evaluator::run(const Values& focus) {
  root_ = focus;
  // Once and ahead: an iteration gives back the memory of each round.
  if (program_.has_variables) resource_ = resource_around(focus);
  return run(program_.main, {focus, 0, nullptr, nullptr});
}

// Most blocks are one step, and most of these a trail or a literal: they need none of what a chain does.
Values Evaluator::run(const Block& block, const Scope& scope) {
  if (block.count != 1) return steps(block, scope);
  const Step& only = program_.steps[block.first];
  if (only.op == Op::root_member) return charge(only) ? root_member(only, scope.focus) : Values();
  if (only.op == Op::literal) return charge(only) ? Values::view(program_.constants.subspan(only.data, 1)) : Values();
  return steps(block, scope);
}

// Operators see the scope as it was outside; calls and indexes in the chain see what defineVariable() added before
// them.
Values Evaluator::steps(const Block& block, const Scope& scope) {
  const Scope* inside = &scope;
  Values values;
  for (const Step& step : program_.steps.subspan(block.first, block.count)) {
    if (!charge(step)) return {};
    values = execute(step, values, inside, scope);
  }
  return failed_ ? Values() : values;
}

[[gnu::always_inline]] inline Values Evaluator::execute(const Step& step, const Values& input, const Scope*& inside,
                                                        const Scope& outside) {
  switch (step.op) {
    case Op::literal: return Values::view(program_.constants.subspan(step.data, 1));
    case Op::literals: return Values::view(program_.constants.subspan(step.data, step.count));
    case Op::empty: return {};
    case Op::self: return inside->focus;
    case Op::index: return {arena_, integer(inside->index)};
    case Op::total:
      return inside->total == nullptr ? fail(step, "$total exists inside aggregate() only") : *inside->total;
    case Op::variable: return variable(step, *inside);
    case Op::root_member: return root_member(step, inside->focus);
    case Op::members: return members(step, input, program_.names_of(step));
    case Op::call: return call(step, input, inside);
    case Op::item: return item(step, input, *inside);
    case Op::is:
    case Op::as: return type_operator(*this, step, step.op, input);
    case Op::negate:
    case Op::plus: return polarity(*this, step, input);
    case Op::both:
    case Op::either:
    case Op::differ:
    case Op::implies: return logic(step, input, outside);
    default: return binary(step, input, outside);
  }
}

Values Evaluator::members(const Step& step, const Values& from, std::span<const Name> names) {
  Values out;
  const bool question = step.asked != Asked::elements;
  Trail trail(arena_, names, question ? nullptr : &out);
  for (const Value& item : from) {
    trail.follow(item);
    if (question && trail.found()) break;
  }
  if (!charge(step, trail.work())) return {};
  return question ? make_truth(trail.found() == (step.asked == Asked::exists)) : out;
}

// The first name may be the type of what is in focus: Patient.name, Resource.id.
Values Evaluator::root_member(const Step& step, const Values& focus) {
  const std::span<const Name> names = program_.names_of(step);
  const Name& first = names.front();
  if (first.type == nullptr) return members(step, focus, names);
  const Values named = of_named_type(focus, first);
  return names.size() == 1 ? named : members(step, named, names.subspan(1));
}

Values Evaluator::of_named_type(const Values& focus, const Name& name) {
  const auto named = [&](const Value& item) {
    return item.type != nullptr && (item.type == name.owner || item.type->is(*name.type));
  };
  if (std::ranges::all_of(focus, named)) return Values::view(focus.span());
  Values out;
  for (const Value& item : focus) {
    if (named(item))
      out.push(arena_, item);
    else
      append_members(arena_, item, name, out);
  }
  return out;
}

Values Evaluator::variable(const Step& step, const Scope& scope) {
  const std::string& name = program_.variables[step.data];
  if (const Binding* bound = find_binding(scope.bindings, name)) return bound->value;
  if (environment_.variable) {
    if (const Collection* given = environment_.variable(name)) return import(arena_, *given);
  }
  if (name == "context") return root_;
  const bool root = name == "rootResource";
  if (root && environment_.root_resource) return {arena_, root_element(arena_, environment_.root_resource)};
  if (root || name == "resource") return Values::view(resource_.span());
  const std::optional<std::string> text = standard_text(name);
  return text ? Values(arena_, string(arena_.copy(*text))) : fail(step, "unknown variable %" + name);
}

Values Evaluator::resource_around(const Values& focus) {
  const Place* place = focus.empty() ? nullptr : focus.front().place;
  const JsonView around = environment_.resource ? environment_.resource
                          : place == nullptr    ? JsonView()
                                                : place->resource;
  return around ? Values(arena_, root_element(arena_, around, program_.focus)) : focus;
}

Values Evaluator::item(const Step& step, const Values& input, const Scope& scope) {
  const Values index = run(step.operand(), scope);
  if (failed_ || index.empty()) return {};
  if (index.size() != 1 || index.front().kind != Kind::integer) return fail(step, "an index is one integer");
  const std::int64_t n = index.front().number;
  return n < 0 || n >= input.size() ? Values() : input.slice(static_cast<std::uint32_t>(n), 1);
}

std::optional<bool> Evaluator::criterion(const Step& step, const Values& values) {
  if (values.empty()) return std::nullopt;
  if (values.size() > 1) {
    fail(step, "expected one truth value, found several items");
    return std::nullopt;
  }
  const Value& only = values.front();
  if (only.kind != Kind::boolean) return true;
  return only.valued ? std::optional(only.number != 0) : std::nullopt;
}

// Three-valued logic (N1 §6.5). The right side is left out when the left one decides.
Values Evaluator::logic(const Step& step, const Values& left, const Scope& scope) {
  const std::optional<bool> a = criterion(step, left);
  if (failed_) return {};
  if (step.op == Op::both && a == false) return make_truth(false);
  if (step.op == Op::either && a == true) return make_truth(true);
  if (step.op == Op::implies && a == false) return make_truth(true);
  const std::optional<bool> b = criterion(step, run(step.operand(), scope));
  if (failed_) return {};
  switch (step.op) {
    case Op::both: return make_truth(b == false ? b : a ? b : std::nullopt);
    case Op::either: return make_truth(b == true ? b : a ? b : std::nullopt);
    case Op::differ: return make_truth(a && b ? std::optional(*a != *b) : std::nullopt);
    default: return make_truth(a || b == true ? b : std::nullopt);  // implies; the left is true or unknown
  }
}

Values Evaluator::binary(const Step& step, const Values& left, const Scope& scope) {
  const Values right = run(step.operand(), scope);
  return failed_ ? Values() : apply_operator(*this, step, left, right);
}

Values Evaluator::call(const Step& step, const Values& input, const Scope*& scope) {
  Call call{*this, step, input, *scope};
  if (step.function->run == nullptr) return define_variable(call, scope);
  return prepare(step, input, *scope, call) ? step.function->run(call) : Values();
}

namespace {

bool fits(Input need, const Value& value) {
  switch (need) {
    case Input::text: return value.kind == Kind::string;
    case Input::number: return value.is_number();
    default: return true;
  }
}

bool fits(Takes need, const Value& value) {
  switch (need) {
    case Takes::text: return value.kind == Kind::string;
    case Takes::number: return value.kind == Kind::integer;
    default: return true;
  }
}

}  // namespace

/// Meets the needs of the function's row; false when there is nothing to run (an empty operand, or a failure).
bool Evaluator::prepare(const Step& step, const Values& input, const Scope& scope, Call& call) {
  const Function& function = *step.function;
  const auto refuse = [&](std::string_view why) {
    fail(step, std::string(function.name) + "() " + std::string(why));
    return false;
  };
  if (function.input != Input::any) {
    if (input.empty()) return false;
    if (input.size() > 1) return refuse("is for one item, not several");
    if (function.input != Input::one && !input.front().valued) return false;
    if (!fits(function.input, input.front())) return refuse("is not for an item of this type");
  }
  bool complete = true;
  for (std::uint32_t n = 0; n < step.count && n < call.arguments.size(); ++n) {
    const Takes takes = function.takes[n];
    if (takes == Takes::expression || takes == Takes::type || takes == Takes::nothing) continue;
    const Values argument = call.arguments[n] = run(program_.arguments[step.first + n], scope);
    if (failed_) return false;
    if (takes == Takes::collection) continue;
    if (argument.size() > 1) return refuse("takes one item as argument, not several");
    if (takes == Takes::value) continue;
    const bool missing = argument.empty() || !argument.front().valued;
    if (!missing && !fits(takes, argument.front())) return refuse("got an argument of the wrong type");
    complete = complete && !missing;
  }
  return complete;
}

Values Evaluator::define_variable(const Call& call, const Scope*& scope) {
  const Block* arguments = &program_.arguments[call.step.first];
  const Values name = run(arguments[0], *scope);
  if (failed_) return {};
  if (name.size() != 1 || name.front().kind != Kind::string) return fail(call.step, "a variable's name is one string");
  const std::string_view text = name.front().text;
  const bool standard = text == "context" || text == "resource" || text == "rootResource" || standard_text(text);
  if (standard || find_binding(scope->bindings, text) != nullptr) {
    return fail(call.step, "a variable of this name exists already");
  }
  const Values value = call.has(1) ? call.apply(1, call.input, scope->index) : call.input;
  Scope* wider = arena_.make(*scope);
  wider->bindings = arena_.make(Binding{scope->bindings, text, value});
  scope = wider;
  return call.input;
}

}  // namespace fhir::path
