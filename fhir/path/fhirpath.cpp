#include "fhir/path/fhirpath.h"

#include "fhir/path/evaluator.h"
#include "fhir/path/items.h"
#include "fhir/path/navigate.h"
#include "fhir/path/parser.h"
#include "fhir/path/shortcut.h"
#include "fhir/path/typing.h"

namespace fhir::path {

Expression::Expression(std::shared_ptr<const Program> program) : program_(std::move(program)) {}
Expression::Expression(const Expression&) = default;
Expression::Expression(Expression&&) noexcept = default;
Expression::~Expression() = default;

Expression& Expression::operator=(Expression other) noexcept {
  program_.swap(other.program_);
  return *this;
}

Result<Expression> Expression::compile(std::string_view text, const CompileOptions& options) {
  const Shape* context = options.context.empty() ? nullptr : find_shape(options.context);
  Result<std::shared_ptr<const Program>> program = parse(text, context);
  if (!program) return pass(program);
  if (auto fine = check_types(**program, {options.strict, options.strict ? context : nullptr}); !fine)
    return pass(fine);
  return Expression(*std::move(program));
}

namespace {

Values run(Evaluator& evaluator, JsonView focus) {
  const Program& program = evaluator.program();
  Arena& arena = evaluator.arena();
  Values root;
  root.push_made(arena, [&] { return root_element(arena, focus, program.focus); });
  return evaluator.run(root);
}

std::span<const ItemView> views(Arena& arena, const Values& values) {
  return values.empty() ? std::span<const ItemView>() : to_views(arena, values);
}

/// Apart, so that an evaluation that succeeds does not carry the texts of errors along.
[[gnu::noinline, gnu::cold]] std::unexpected<Error> failure(const Evaluator& evaluator) {
  return std::unexpected(evaluator.error());
}

Result<bool> held(Evaluator& evaluator, const Values& values) {
  const std::optional<bool> value = evaluator.criterion({}, values);
  if (evaluator.failed()) return std::unexpected(evaluator.error());
  return value.value_or(evaluator.environment().empty_holds);
}

Result<Collection> items(const Evaluator& evaluator, const Values& values) {
  if (evaluator.failed()) return std::unexpected(evaluator.error());
  return to_items(values);
}

}  // namespace

Result<Collection> Expression::evaluate(JsonView focus, const Environment& environment) const {
  Arena arena;
  if (const auto found = take_shortcut(*program_, focus, environment, arena)) return to_items(*found);
  Evaluator evaluator(*program_, environment, arena);
  return items(evaluator, run(evaluator, focus));
}

Result<Collection> Expression::evaluate(const Collection& focus, const Environment& environment) const {
  Arena arena;
  Evaluator evaluator(*program_, environment, arena);
  return items(evaluator, evaluator.run(import(arena, focus)));
}

Result<std::span<const ItemView>> Expression::evaluate(JsonView focus, const Environment& environment,
                                                       Workspace& workspace) const {
  program_->prefetch();
  Arena& arena = *workspace.arena_;
  arena.reset();
  if (const auto found = take_shortcut(*program_, focus, environment, arena)) return views(arena, *found);
  Evaluator evaluator(*program_, environment, arena);
  const Values values = run(evaluator, focus);
  if (evaluator.failed()) [[unlikely]]
    return failure(evaluator);
  return views(arena, values);
}

Result<bool> Expression::holds(JsonView focus, const Environment& environment) const {
  Arena arena;
  Evaluator evaluator(*program_, environment, arena);
  const auto found = take_shortcut(*program_, focus, environment, arena);
  return held(evaluator, found ? *found : run(evaluator, focus));
}

Result<bool> Expression::holds(const Item& focus, const Environment& environment) const {
  Arena arena;
  Evaluator evaluator(*program_, environment, arena);
  return held(evaluator, evaluator.run(import(arena, std::span(&focus, 1))));
}

Result<bool> Expression::holds(const Item& focus, const Environment& environment, Workspace& workspace) const {
  Arena& arena = *workspace.arena_;
  arena.reset();
  Evaluator evaluator(*program_, environment, arena);
  return held(evaluator, evaluator.run(import(arena, std::span(&focus, 1))));
}

Workspace::Workspace() : arena_(std::make_unique<Arena>()) {}
Workspace::~Workspace() = default;

std::string ItemView::path() const { return path_of(place); }

const std::vector<std::string>& Expression::variables() const { return program_->variables; }
std::string_view Expression::text() const { return program_->text; }

Result<bool> truth(const Collection& collection) {
  if (collection.empty()) return false;
  if (collection.size() > 1) {
    return fail(Fault::invalid, "fhirpath.execution", "", "expected one truth value, found several items");
  }
  return collection.front().kind != Item::Kind::boolean || collection.front().text == "true";
}

std::string text_of(const Collection& collection) {
  return collection.empty() ? std::string() : collection.front().text;
}

}  // namespace fhir::path
