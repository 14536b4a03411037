// `causeway status`: green, yellow or red, and what to do next. Exit code 0 is green.
#include <fmt/format.h>

#include <memory>

#include "gateway/cli/control_client.h"
#include "gateway/cli/output.h"

namespace gateway::cli {
namespace {

using fhir::JsonTree;
using fhir::JsonView;

void print(JsonView status) {
  fmt::print("{}: {}\n", status["site"].text(), status["light"].text());
  fmt::print("  {} waiting, {} in flight, {} dead, {} held; configuration {}, generation {}\n",
             status["waiting"].text(), status["in_flight"].text(), status["dead"].text(), status["held"].text(),
             status["config"].text().substr(0, 12), status["generation"].text());
  if (status["taking"].text() == "false") fmt::print("  nothing new is taken in\n");
  if (status["backup"]) fmt::print("  last backup {}\n", status["backup"].text());
  if (const JsonView sweep = status["sweep"]) {
    fmt::print("  last sweep {}:", sweep["began"].text());
    const JsonView swept = sweep["swept"];
    for (auto one = swept.begin(); one != swept.end(); ++one) fmt::print(" {} {}", (*one).text(), one.key());
    fmt::print("{}\n", sweep["ended"] ? swept.size() == 0 ? " nothing was old enough" : "" : " (not ended)");
  }
  for (const JsonView finding : status["findings"]) {
    fmt::print("  {:<6} {}\n         next: {}\n", finding["light"].text(), finding["say"].text(),
               finding["next"].text());
  }
}

}  // namespace

void add_status(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("status", "Green, yellow or red, and what to do next");
  auto conf = std::make_shared<std::string>();
  command->add_option("--conf", *conf, "the site's configuration folder, or its control socket")->required();
  command->callback([&context, conf] {
    const auto answer = ask_site(context, {*conf, "GET", "/status"});
    if (!answer) return;
    context.exit_code = answer->root()["light"].text() == "green" ? 0 : 1;
    if (context.json) return print_json(JsonTree::from(answer->root()));
    print(answer->root());
  });
}

}  // namespace gateway::cli
