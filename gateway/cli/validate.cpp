// `causeway validate FILE...`: resources against the base definitions of R4, an OperationOutcome for each.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "fhir/outcome.h"
#include "fhir/validate/messages.h"
#include "fhir/validate/structure.h"
#include "gateway/cli/resources.h"

namespace gateway::cli {
namespace {

struct Options {
  std::vector<std::string> files, with;
  std::string language = "en";
  bool ndjson = false;
};

/// What --with names, with the documents that it lies in.
struct Help {
  std::vector<fhir::Json> documents;
  fhir::validate::Library library;
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

Verdict judge(const std::string& file, const Help& help, fhir::Language language) {
  auto text = read_file(file);
  if (!text) return {{fhir::to_issue(text.error())}, false};
  auto read = fhir::read_resource(*std::move(text));
  if (!read) return {{fhir::validate::to_issue(read.error(), language)}, true};
  fhir::Issues issues = std::move(read->issues);
  for (fhir::Issue& issue : issues) fhir::validate::translate(issue, language);
  const fhir::validate::StructureLimits limits{
      .most = 1000, .thorough = true, .language = language, .with = &help.library};
  std::ranges::move(fhir::validate::check_structure(read->resource.root(), limits), std::back_inserter(issues));
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

fhir::Result<void> gather(const std::vector<std::string>& files, Help& help) {
  help.documents.reserve(files.size());
  for (const std::string& file : files) {
    auto read = read_resource(file);
    if (!read) return fhir::pass(read);
    help.documents.push_back(std::move(read->resource));
    help.library.add(help.documents.back().root());
  }
  return {};
}

void validate(Context& context, const Options& options) {
  Help help;
  if (auto gathered = gather(options.with, help); !gathered) return fail(context, gathered.error());
  const auto language = fhir::validate::language_of(options.language).value_or(fhir::Language::en);
  for (const std::string& file : options.files) {
    const Verdict verdict = judge(file, help, language);
    if (options.ndjson) {
      fmt::print("{}\n", line(file, verdict).dump());
    } else {
      print_json(fhir::to_outcome(verdict.issues));
    }
    if (!verdict.usable) context.exit_code = 2;
    if (verdict.count(true) != 0) context.exit_code = std::max(context.exit_code, 1);
  }
}

std::string check_language(const std::string& tag) {
  return fhir::validate::language_of(tag) ? std::string() : "the languages are en and zh";
}

}  // namespace

void add_validate(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("validate", "Check resources, JSON or XML, against the base definitions of R4");
  auto options = std::make_shared<Options>();
  command->add_option("files", options->files, "the resources")->required();
  command->add_option("--with", options->with, "a resource that helps: a Questionnaire, code system, value set, ...")
      ->take_all()
      ->allow_extra_args(false);
  command->add_flag("--ndjson", options->ndjson, "a line for each file: file, valid, errors, warnings, outcome");
  command->add_option("--lang", options->language, "of the texts: en or zh")->check(check_language);
  command->callback([&context, options] { validate(context, *options); });
}

}  // namespace gateway::cli
