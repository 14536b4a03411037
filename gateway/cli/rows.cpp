// `causeway rows`: the rows of staging databases, how many in which state, and which do not leave and why.
#include <fmt/format.h>

#include <memory>

#include "gateway/cli/control_client.h"
#include "gateway/cli/output.h"

namespace gateway::cli {
namespace {

using fhir::JsonTree;
using fhir::JsonView;

void list(Context& context, const std::string& conf) {
  const auto socket = control_socket(conf);
  if (!socket) return fail(context, socket.error());
  const auto answer = ask(*socket, "GET", "/rows");
  if (!answer) return fail(context, answer.error(), 1);
  if (context.json) return print_json(JsonTree::from(answer->root()));
  for (const JsonView one : answer->root()["counts"]) {
    fmt::print("{:<20} {:<10} {:>8}  oldest {}\n", one["door"].text(), one["state"].text(), one["count"].text(),
               one["oldest"].text());
  }
  for (const JsonView row : answer->root()["rows"]) {
    fmt::print("{:<20} {:<10} {:<24} {:<22} since {}\n", row["door"].text(), row["state"].text(), row["key"].text(),
               row["reason"].text(), row["since"].text());
  }
}

}  // namespace

void add_rows(CLI::App& app, Context& context) {
  auto* sub = app.add_subcommand("rows", "Rows of staging databases: how many, and which do not leave and why");
  auto conf = std::make_shared<std::string>();
  sub->add_option("--conf", *conf, "the site's configuration folder, or its control socket")->required();
  sub->callback([&context, conf] { list(context, *conf); });
}

}  // namespace gateway::cli
