#include "fhir/path/fhirpath.h"

#include "fhir/path/evaluator.h"
#include "fhir/path/items.h"
#include "fhir/path/navigate.h"
#include "fhir/path/parser.h"
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
  Result<std::shared_ptr<const Program>> program = parse(text);
  if (!program) return pass(program);
  const Shape* context = options.context.empty() ? nullptr : find_shape(options.context);
  if (auto fine = check_types(**program, {options.strict, context}); !fine) return pass(fine);
  return Expression(*std::move(program));
}

Result<Collection> Expression::evaluate(JsonView focus, const Environment& environment) const {
  Evaluator evaluator(*program_, environment);
  const Values values = evaluator.run({evaluator.arena(), root_element(evaluator.arena(), focus)});
  if (evaluator.failed()) return std::unexpected(evaluator.error());
  return to_items(values);
}

Result<Collection> Expression::evaluate(const Collection& focus, const Environment& environment) const {
  Evaluator evaluator(*program_, environment);
  const Values values = evaluator.run(import(evaluator.arena(), focus));
  if (evaluator.failed()) return std::unexpected(evaluator.error());
  return to_items(values);
}

Result<bool> Expression::holds(JsonView focus, const Environment& environment) const {
  Evaluator evaluator(*program_, environment);
  const Values values = evaluator.run({evaluator.arena(), root_element(evaluator.arena(), focus)});
  const std::optional<bool> value = evaluator.criterion({}, values);
  if (evaluator.failed()) return std::unexpected(evaluator.error());
  return value.value_or(false);
}

Result<bool> Expression::holds(const Item& focus, const Environment& environment) const {
  Evaluator evaluator(*program_, environment);
  const Values values = evaluator.run(import(evaluator.arena(), {focus}));
  const std::optional<bool> value = evaluator.criterion({}, values);
  if (evaluator.failed()) return std::unexpected(evaluator.error());
  return value.value_or(false);
}

const std::vector<std::string>& Expression::variables() const { return program_->variables; }
const std::string& Expression::text() const { return program_->text; }

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
