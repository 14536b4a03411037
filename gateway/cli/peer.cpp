// `causeway peer ls|test|pause|resume`: the other gateways and local systems, as an administrator deals with them.
#include <fmt/format.h>

#include <memory>

#include "gateway/cli/control_client.h"
#include "gateway/cli/output.h"

namespace gateway::cli {
namespace {

using fhir::JsonTree;
using fhir::JsonView;

struct Options {
  std::string conf, name, reason;
};

bool passed(JsonView told) {
  return told["there"]["passed"].text() == "true" && told["back"]["passed"].text() == "true";
}

void print_destination(JsonView one) {
  fmt::print("{:<24} {:<28} {}", one["destination"].text(), one["address"].text(), one["state"].text());
  if (one["since"]) fmt::print(" since {}", one["since"].text());
  if (one["who"]) fmt::print(" by {}", one["who"].text());
  if (!one["reason"].text().empty()) fmt::print(": {}", one["reason"].text());
  fmt::print("\n");
}

void print_list(JsonView told) {
  for (const JsonView one : told["destinations"]) print_destination(one);
}

void print_probe(std::string_view title, JsonView probe) {
  fmt::print("{}\n", title);
  if (probe["say"]) fmt::print("  {}\n", probe["say"].text());
  for (const JsonView stage : probe["stages"]) {
    fmt::print("  {:<9} {:<8} {}\n", stage["stage"].text(), stage["verdict"].text(), stage["say"].text());
    if (stage["advice"]) fmt::print("  {:<9} {:<8} -> {}\n", "", "", stage["advice"].text());
  }
}

void print_test(JsonView told) {
  print_probe(fmt::format("from here to {}:", told["peer"].text()), told["there"]);
  print_probe(fmt::format("from {} to here:", told["peer"].text()), told["back"]);
}

std::string path_of(const Options& options, const char* act) {
  return fmt::format("/peers/{}/{}", percent_encoded(options.name), act);
}

void list(Context& context, const Options& options) {
  show_answer(context, {options.conf, "GET", "/peers"}, print_list);
}

void test(Context& context, const Options& options) {
  const auto answer = ask_site(context, {options.conf, "POST", path_of(options, "test")});
  if (!answer) return;
  context.exit_code = passed(answer->root()) ? 0 : 1;
  if (context.json) return print_json(JsonTree::from(answer->root()));
  print_test(answer->root());
}

void pause(Context& context, const Options& options) {
  show_answer(
      context, {options.conf, "POST", path_of(options, "pause"), {{"reason", options.reason}}}, [](JsonView told) {
        fmt::print("paused {}: what is for it waits, in order, also over restarts; `causeway peer resume` lets it go\n",
                   told["paused"].text());
      });
}

void resume(Context& context, const Options& options) {
  show_answer(context, {options.conf, "POST", path_of(options, "resume")},
              [](JsonView told) { fmt::print("resumed {}\n", told["resumed"].text()); });
}

}  // namespace

void add_peer(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("peer", "The other gateways: list, test, pause, resume");
  command->require_subcommand(1);
  const auto add = [&](const char* name, const char* help, void (*run)(Context&, const Options&), bool named) {
    auto* sub = command->add_subcommand(name, help);
    auto options = std::make_shared<Options>();
    if (named)
      sub->add_option("name", options->name, "the peer's name; local:NAME is a local system (pause, resume)")
          ->required();
    sub->add_option("--conf", options->conf, "the site's configuration folder, or its control socket")->required();
    sub->callback([&context, options, run] { run(context, *options); });
    return std::pair(sub, options);
  };
  add("ls", "Peers and local systems, and how the last tries went", list, false);
  add("test", "Can we reach it, and it us? Name, port, TLS, certificates, FHIR, from both ends", test, true);
  auto [sub, options] = add("pause", "Send it nothing more until it is resumed; nothing is lost", pause, true);
  sub->add_option("--reason", options->reason, "why, for those who look at the status");
  add("resume", "Send again", resume, true);
}

}  // namespace gateway::cli
