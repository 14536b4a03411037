// `causeway held ls|show|release`: what waits for a person, why, and letting it go once the reason is gone.
#include <fmt/format.h>

#include <memory>

#include "gateway/cli/control_client.h"
#include "gateway/cli/output.h"

namespace gateway::cli {
namespace {

using fhir::JsonTree;
using fhir::JsonView;

struct Options {
  std::string conf, kind, number;
};

void print_held(JsonView held) {
  fmt::print("{:<8} {:>6}  {:<16} {:<20} {}\n", held["kind"].text(), held["number"].text(), held["event"].text(),
             held["case"].text(), held["reason"].text());
}

void ask_held(Context& context, const Options& options, const std::string& method, const std::string& target,
              const std::function<void(JsonView)>& print) {
  const auto socket = control_socket(options.conf);
  if (!socket) return fail(context, socket.error());
  const auto answer = ask(*socket, method, target);
  if (!answer) return fail(context, answer.error(), 1);
  if (context.json) return print_json(JsonTree::from(answer->root()));
  print(answer->root());
}

void list(Context& context, const Options& options) {
  ask_held(context, options, "GET", "/held", [](JsonView answer) {
    if (answer["held"].size() == 0) return fmt::print("nothing is held\n");
    for (const JsonView held : answer["held"]) print_held(held);
  });
}

void show(Context& context, const Options& options) {
  ask_held(context, options, "GET", fmt::format("/held/{}/{}", options.kind, options.number), [](JsonView held) {
    print_held(held);
    fmt::print("{}\n", JsonTree::from(held["explain"]).dump(2));
  });
}

void release(Context& context, const Options& options) {
  ask_held(context, options, "POST", fmt::format("/held/{}/{}/release", options.kind, options.number),
           [](JsonView answer) { fmt::print("released {} {}\n", answer["released"].text(), answer["number"].text()); });
}

}  // namespace

void add_held(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("held", "What waits for a person: list, show, release");
  command->require_subcommand(1);
  auto options = std::make_shared<Options>();
  const auto add = [&](const char* name, const char* help, void (*run)(Context&, const Options&), bool one) {
    auto* sub = command->add_subcommand(name, help);
    if (one)
      sub->add_option("kind", options->kind, "message or delivery")
          ->required()
          ->check(CLI::IsMember({"message", "delivery"}));
    if (one)
      sub->add_option("number", options->number, "as `held ls` shows it")->required()->check(CLI::PositiveNumber);
    sub->add_option("--conf", options->conf, "the site's configuration folder, or its control socket")->required();
    sub->callback([&context, options, run] { run(context, *options); });
  };
  add("ls", "List what is held, with the reason", list, false);
  add("show", "Show one, with the rules that led here", show, true);
  add("release", "Try it again: the same checks run, under today's configuration", release, true);
}

void add_status(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("status", "Queue, held, paused destinations of a running site");
  auto conf = std::make_shared<std::string>();
  command->add_option("--conf", *conf, "the site's configuration folder, or its control socket")->required();
  command->callback([&context, conf] {
    ask_held(context, {*conf, "", ""}, "GET", "/status", [](JsonView status) {
      fmt::print("{}: {} waiting, {} in flight, {} dead, {} held\n", status["site"].text(), status["waiting"].text(),
                 status["in_flight"].text(), status["dead"].text(), status["held"].text());
      for (const JsonView pause : status["paused"])
        fmt::print("paused {}: {}\n", pause["destination"].text(), pause["reason"].text());
    });
  });
}

}  // namespace gateway::cli
