// `causeway trace ID`: where is it? This site's timeline of the case, and the view of every peer that took part.
#include <fmt/format.h>

#include <memory>

#include "gateway/cli/control_client.h"
#include "gateway/cli/output.h"

namespace gateway::cli {
namespace {

using fhir::JsonTree;
using fhir::JsonView;

void print_message(JsonView message, const std::string& indent) {
  fmt::print("{}{}  {:<18} {} from {}, {}\n", indent, message["at"].text(), message["event"].text(),
             message["door"].text(), message["from"].text(), message["state"].text());
  if (message["reason"]) fmt::print("{}    because {}\n", indent, message["reason"].text());
  for (const JsonView delivery : message["deliveries"]) {
    fmt::print("{}    -> {:<16} {} after {} attempt(s) {}\n", indent, delivery["to"].text(), delivery["state"].text(),
               delivery["attempts"].text(), delivery["reason"].text());
  }
}

void print_site(JsonView view, const std::string& indent) {
  if (view["unreachable"])
    return fmt::print("{}{}: no view ({})\n", indent, view["site"].text(), view["unreachable"].text());
  for (const JsonView one : view["cases"]) {
    fmt::print("{}{}: case {} {}{}\n", indent, view["site"].text(), one["case"].text(),
               one["closed"].text() == "true" ? "closed" : "open",
               one["task"] ? fmt::format(" (task {})", one["task"].text()) : "");
    for (const JsonView message : one["messages"]) print_message(message, indent + "  ");
  }
}

void trace(Context& context, const std::string& conf, const std::string& id) {
  const auto socket = control_socket(conf);
  if (!socket) return fail(context, socket.error());
  const auto found = ask(*socket, "GET", "/trace?id=" + percent_encoded(id));
  if (!found) return fail(context, found.error(), found.error().fault == fhir::Fault::not_found ? 1 : 2);
  if (context.json) return print_json(JsonTree::from(found->root()));
  const auto shown = printable(*found);
  print_site(shown.root(), "");
  for (const JsonView peer : shown.root()["peers"]) print_site(peer, "  ");
}

}  // namespace

void add_trace(CLI::App& app, Context& context) {
  auto* command =
      app.add_subcommand("trace", "Show the timeline of a case at this site and at the peers that took part");
  auto conf = std::make_shared<std::string>();
  auto id = std::make_shared<std::string>();
  command->add_option("id", *id, "report, referral or message number, MSH-10 or Bundle.id")->required();
  command->add_option("--conf", *conf, "the site's configuration folder, or its control socket")->required();
  command->callback([&context, conf, id] { trace(context, *conf, *id); });
}

}  // namespace gateway::cli
