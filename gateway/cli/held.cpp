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

void list(Context& context, const Options& options) {
  show_answer(context, {options.conf, "GET", "/held"}, [](JsonView answer) {
    if (answer["held"].size() == 0) return fmt::print("nothing is held\n");
    for (const JsonView held : answer["held"]) print_held(held);
  });
}

void show(Context& context, const Options& options) {
  const auto path = fmt::format("/held/{}/{}", options.kind, options.number);
  show_answer(context, {options.conf, "GET", path}, [](JsonView held) {
    print_held(held);
    fmt::print("{}\n", JsonTree::from(held["explain"]).dump(2));
  });
}

void release(Context& context, const Options& options) {
  const auto path = fmt::format("/held/{}/{}/release", options.kind, options.number);
  show_answer(context, {options.conf, "POST", path}, [](JsonView answer) {
    fmt::print("released {} {}\n", answer["released"].text(), answer["number"].text());
  });
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

}  // namespace gateway::cli
