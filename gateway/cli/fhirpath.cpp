// `causeway fhirpath EXPR FILE`: an expression over one resource, or with --batch over many, a line of JSON for each.
#include "fhir/path/fhirpath.h"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>

#include "fhir/message/message.h"
#include "gateway/cli/resources.h"
#include "gateway/exchange/ports.h"

namespace gateway::cli {
namespace {

using fhir::Json;
using fhir::JsonTree;
using fhir::JsonView;
using fhir::Result;
using fhir::path::Collection;
using fhir::path::Expression;
using fhir::path::Item;

struct Options {
  std::string expression, file, batch;
  bool strict = false;
};

/// As the official tests write them: System types with a small letter, times with their @, quantities with their unit.
std::string type_of(const Item& item) {
  std::string type(item.type);
  const bool system = !item.node && !type.empty() && type != "Quantity";
  if (system) type[0] = static_cast<char>(type[0] | 0x20);
  return type;
}

JsonTree value_of(const Item& item) {
  switch (item.kind) {
    case Item::Kind::date:
    case Item::Kind::datetime: return "@" + item.text;
    case Item::Kind::time: return "@T" + item.text;
    case Item::Kind::quantity: return item.text + " '" + item.unit + "'";
    case Item::Kind::node: return JsonTree::from(item.node);
    default: return item.text;
  }
}

JsonTree told(const Collection& items) {
  JsonTree list = JsonTree::array();
  for (const Item& item : items) list.push(JsonTree::object({{"type", type_of(item)}, {"value", value_of(item)}}));
  return list;
}

std::string_view kind_of(const fhir::Error& error) {
  const std::string_view code = error.code;
  if (code == "fhirpath.syntax") return "syntax";
  return code == "fhirpath.semantic" ? "semantic" : "execution";
}

Result<Json> read_document(const std::string& file) {
  auto read = read_resource(file);
  if (!read) return fhir::pass(read);
  report(file, read->issues);
  return std::move(read->resource);
}

fhir::path::Environment environment_for(JsonView document) {
  fhir::path::Environment environment;
  environment.now = exchange::instant(exchange::system_clock().now());
  environment.resolve = [document](std::string_view reference) { return fhir::message::resolve(document, reference); };
  return environment;
}

Result<Collection> evaluate(std::string_view text, JsonView document, bool strict) {
  const auto expression = Expression::compile(text, {strict, document["resourceType"].text()});
  if (!expression) return std::unexpected(expression.error());
  const auto environment = environment_for(document);
  return document ? expression->evaluate(document, environment) : expression->evaluate(Collection{}, environment);
}

void one(Context& context, const Options& options) {
  const auto document = read_document(options.file);
  if (!document) return fail(context, document.error());
  const auto result = evaluate(options.expression, document->root(), options.strict);
  if (!result) return fail(context, result.error(), kind_of(result.error()) == "execution" ? 1 : 2);
  fmt::print("{}\n", told(*result).dump());
}

/// The lines of a batch, each file read once.
class Batch {
 public:
  explicit Batch(const std::string& file) : folder_(std::filesystem::path(file).parent_path()) {}

  JsonTree answer(std::string line) {
    const auto question = Json::parse(std::move(line));
    if (!question) return failed({}, question.error());
    const JsonView id = question->root()["id"];
    const auto result = run(question->root());
    if (!result) return failed(id, result.error());
    return JsonTree::object({{"id", JsonTree::from(id)}, {"result", *result}});
  }

 private:
  static JsonTree failed(JsonView id, const fhir::Error& error) {
    return JsonTree::object(
        {{"id", id ? JsonTree::from(id) : JsonTree::null()},
         {"error", JsonTree::object({{"kind", kind_of(error)}, {"message", fhir::to_string(error)}})}});
  }

  Result<JsonTree> run(JsonView question) {
    const auto document = document_of(question["file"].text());
    if (!document) return std::unexpected(document.error());
    const bool strict = question["mode"].text() == "strict" || question["strict"].text() == "true";
    const auto result = evaluate(question["expression"].text(), *document, strict);
    if (!result) return std::unexpected(result.error());
    if (question["predicate"].text() != "true") return told(*result);
    const auto truth = fhir::path::truth(*result);
    if (!truth) return std::unexpected(truth.error());
    JsonTree list = JsonTree::array();
    list.push(JsonTree::object({{"type", "boolean"}, {"value", *truth ? "true" : "false"}}));
    return list;
  }

  Result<JsonView> document_of(std::string_view name) {
    if (name.empty()) return JsonView();
    const std::string file = (folder_ / name).string();
    auto found = documents_.find(file);
    if (found == documents_.end()) found = documents_.emplace(file, read_document(file)).first;
    if (!found->second) return std::unexpected(found->second.error());
    return found->second->root();
  }

  std::filesystem::path folder_;
  std::map<std::string, Result<Json>> documents_;
};

void batch(Context& context, const Options& options) {
  std::ifstream lines(options.batch, std::ios::binary);
  if (!lines) return fail(context, {fhir::Fault::not_found, "file.unreadable", options.batch, "cannot be read"});
  Batch run(options.batch);
  for (std::string line; std::getline(lines, line);) {
    if (!line.empty()) fmt::print("{}\n", run.answer(std::move(line)).dump());
  }
}

void run(Context& context, const Options& options) {
  if (!options.batch.empty()) return batch(context, options);
  if (!options.file.empty()) return one(context, options);
  fail(context, {fhir::Fault::invalid, "fhirpath.arguments", "", "name an expression and a file, or --batch FILE"});
}

}  // namespace

void add_fhirpath(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("fhirpath", "Evaluate a FHIRPath expression over a resource, JSON or XML");
  auto options = std::make_shared<Options>();
  command->add_option("expression", options->expression, "the expression, as in \"Patient.name.given\"");
  command->add_option("file", options->file, "the resource");
  command->add_flag("--strict", options->strict, "refuse what the definitions show to be wrong before it runs");
  command->add_option(
      "--batch", options->batch,
      "NDJSON of {\"id\",\"expression\",\"file\"[,\"mode\",\"strict\",\"predicate\"]}, files beside it");
  command->callback([&context, options] { run(context, *options); });
}

}  // namespace gateway::cli
