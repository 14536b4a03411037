// `causeway run CONF`: one site, until SIGINT or SIGTERM.
#include <fmt/format.h>

#include <memory>

#include "gateway/cli/output.h"
#include "gateway/cli/signals.h"
#include "gateway/config/config.h"
#include "gateway/observe/log.h"
#include "gateway/site.h"

namespace gateway::cli {
namespace {

void run(Context& context, const std::string& conf) {
  std::vector<config::FileFault> faults;
  config::Options options;
  options.level = config::Level::files;
  auto config = config::load(conf, faults, options);
  if (!faults.empty()) fmt::print(stderr, "{}", config::render(faults));
  if (!config)
    return fail(context,
                {fhir::Fault::invalid, "config.faults", conf, "not started: the configuration has faults (above)"});
  catch_signals();
  observe::set_log_site(config->site);
  auto site = Site::start(config);
  if (!site) return fail(context, site.error());
  while (!wait_for_stop(500)) {
    if (take_hangup()) (*site)->reload("signal SIGHUP");
    if (!(*site)->broken()) continue;
    context.exit_code = 1;
    observe::log(observe::Level::alarm, "site.stopping",
                 {{"reason", "the store has failed; nothing more is acknowledged"}});
    break;
  }
  observe::log(observe::Level::info, "site.stopping");
}

}  // namespace

void add_run(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("run", "Run one site's gateway");
  auto conf = std::make_shared<std::string>();
  command->add_option("conf", *conf, "the site's configuration folder")->required()->check(CLI::ExistingDirectory);
  command->callback([&context, conf] { run(context, *conf); });
}

}  // namespace gateway::cli
