// `causeway check CONF`: every fault of a site's configuration at once; and the explanation of a fault's code.
#include <fmt/format.h>

#include <memory>

#include "gateway/cli/output.h"
#include "gateway/config/reference.h"
#include "gateway/config/report.h"

namespace gateway::cli {
namespace {

struct Options {
  std::string conf, code, level = "semantic";
  bool deny_warnings = false, reference = false;
};

void explain(Context& context, const std::string& code) {
  const std::string text = config::explain_code(code);
  if (text.empty())
    return fail(context, {fhir::Fault::not_found, "check.code", code, "there is no fault with this code"});
  fmt::print("{}\n", text);
}

void check(Context& context, const Options& options) {
  if (options.reference) return fmt::print("{}", config::reference());
  if (!options.code.empty()) return explain(context, options.code);
  if (options.conf.empty())
    return fail(context, {fhir::Fault::invalid, "check.conf", "", "name the site's configuration folder"});
  config::Options how;
  how.level = options.level == "files" ? config::Level::files : config::Level::semantic;
  const auto result = config::check(options.conf, how);
  if (context.json)
    print_json(config::to_json(options.conf, result));
  else
    fmt::print("{}", config::render(options.conf, result));
  context.exit_code = result.clean(options.deny_warnings) ? 0 : 1;
}

}  // namespace

void add_check(CLI::App& app, Context& context) {
  auto* command =
      app.add_subcommand("check", "Find every fault of a site's configuration and maps, with place and hint");
  auto options = std::make_shared<Options>();
  command->add_option("conf", options->conf, "the site's configuration folder")->check(CLI::ExistingDirectory);
  command
      ->add_option("--level", options->level,
                   "files: also demand certificates, keys and pins, there and safe, as `run` does")
      ->check(CLI::IsMember({"semantic", "files"}))
      ->capture_default_str();
  command->add_flag("--deny-warnings", options->deny_warnings, "exit 1 on warnings as well");
  command->add_option("--explain", options->code, "explain a fault's code, as in E0312");
  command->add_flag("--print-reference", options->reference, "print docs/CONFIG.md, made from the table of keys");
  command->callback([&context, options] { check(context, *options); });
}

}  // namespace gateway::cli
