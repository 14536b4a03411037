// `causeway validate FILE...`: resources against the base definitions of R4, an OperationOutcome for each.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "fhir/outcome.h"
#include "fhir/resource.h"
#include "fhir/validate/structure.h"
#include "gateway/cli/output.h"

namespace gateway::cli {
namespace {

struct Options {
  std::vector<std::string> files;
  bool ndjson = false;
};

struct Verdict {
  fhir::Issues issues;
  bool usable = true;  // false: the file cannot be read at all

  std::size_t count(bool errors) const {
    return static_cast<std::size_t>(std::ranges::count_if(issues, [&](const fhir::Issue& issue) {
      const bool error = issue.severity == fhir::Severity::fatal || issue.severity == fhir::Severity::error;
      return errors ? error : issue.severity == fhir::Severity::warning;
    }));
  }
};

Verdict judge(const std::string& file) {
  auto text = read_file(file);
  if (!text) return {{fhir::to_issue(text.error())}, false};
  auto read = fhir::read_resource(*std::move(text));
  if (!read) return {{fhir::to_issue(read.error())}, true};
  fhir::Issues issues = std::move(read->issues);
  std::ranges::move(fhir::validate::check_structure(read->resource.root(), {.most = 1000, .invariants = true}),
                    std::back_inserter(issues));
  return {std::move(issues), true};
}

fhir::JsonTree line(const std::string& file, const Verdict& verdict) {
  const auto number = [](std::size_t n) { return fhir::JsonTree::number(std::to_string(n)); };
  return fhir::JsonTree::object({{"file", file},
                                 {"valid", fhir::JsonTree::boolean(verdict.count(true) == 0)},
                                 {"errors", number(verdict.count(true))},
                                 {"warnings", number(verdict.count(false))},
                                 {"outcome", fhir::to_outcome(verdict.issues)}});
}

void validate(Context& context, const Options& options) {
  for (const std::string& file : options.files) {
    const Verdict verdict = judge(file);
    if (options.ndjson) {
      fmt::print("{}\n", line(file, verdict).dump());
    } else {
      print_json(fhir::to_outcome(verdict.issues));
    }
    if (!verdict.usable) context.exit_code = 2;
    if (verdict.count(true) != 0) context.exit_code = std::max(context.exit_code, 1);
  }
}

}  // namespace

void add_validate(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("validate", "Check resources, JSON or XML, against the base definitions of R4");
  auto options = std::make_shared<Options>();
  command->add_option("files", options->files, "the resources")->required();
  command->add_flag("--ndjson", options->ndjson, "a line for each file: file, valid, errors, warnings, outcome");
  command->callback([&context, options] { validate(context, *options); });
}

}  // namespace gateway::cli
