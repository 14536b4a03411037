// `causeway urgent ls|read`: urgent messages that nobody has confirmed to have read, and the confirmation.
#include <fmt/format.h>

#include <memory>

#include "gateway/cli/control_client.h"
#include "gateway/cli/output.h"

namespace gateway::cli {
namespace {

using fhir::JsonView;

struct Options {
  std::string conf, message;
};

void list(Context& context, const Options& options) {
  show_answer(context, {options.conf, "GET", "/urgent"}, [](JsonView answer) {
    if (answer["unread"].size() == 0) return fmt::print("nothing urgent waits to be read\n");
    for (const JsonView one : answer["unread"]) {
      fmt::print("{}  {:<16} {:<20} by {}{}\n", one["message"].text(), one["to"].text(), one["case"].text(),
                 one["due"].text(), one["late"].text() == "true" ? "  LATE" : "");
    }
  });
}

void read(Context& context, const Options& options) {
  show_answer(context, {options.conf, "POST", fmt::format("/urgent/{}/read", options.message)},
              [](JsonView answer) { fmt::print("{} has been read; who sent it is told\n", answer["read"].text()); });
}

}  // namespace

void add_urgent(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("urgent", "Urgent messages that must be read: list, confirm");
  command->require_subcommand(1);
  auto options = std::make_shared<Options>();
  const auto add = [&](const char* name, const char* help, void (*run)(Context&, const Options&), bool one) {
    auto* sub = command->add_subcommand(name, help);
    if (one) sub->add_option("message", options->message, "as `urgent ls` shows it")->required();
    sub->add_option("--conf", options->conf, "the site's configuration folder, or its control socket")->required();
    sub->callback([&context, options, run] { run(context, *options); });
  };
  add("ls", "List urgent messages that nobody has confirmed to have read, here or at a peer", list, false);
  add("read", "Confirm that somebody here has read one: the wait ends, and the sender is told", read, true);
}

}  // namespace gateway::cli
