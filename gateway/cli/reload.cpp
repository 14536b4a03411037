// `causeway reload|rollback|generations CONF`: taking an edited configuration, going back to an earlier one, and which
// there were.
#include <fmt/format.h>

#include <memory>

#include "gateway/cli/control_client.h"
#include "gateway/cli/output.h"

namespace gateway::cli {
namespace {

using fhir::JsonTree;
using fhir::JsonView;

struct Options {
  std::string conf, generation;
  bool dry = false, list = false;
};

using Print = std::function<void(JsonView)>;

// A faulty configuration is an answer, and a failure.
void with_answer(Context& context, const Question& question, const Print& print) {
  const auto answer = ask_site(context, question);
  if (!answer) return;
  const JsonView told = answer->root();
  if (told["faulty"].text() == "true") context.exit_code = 1;
  if (context.json) return print_json(JsonTree::from(told));
  print(told);
}

void print_faulty(JsonView told) {
  fmt::print(stderr, "{}", told["report"].text());
  fmt::print(stderr, "not taken: {} errors; generation {} stays in force\n", told["check"]["errors"].text(),
             told["generation"].text());
}

void print_outcome(JsonView told, bool dry) {
  if (told["faulty"].text() == "true") return print_faulty(told);
  if (told["report"]) fmt::print(stderr, "{}", told["report"].text());
  if (told["changed"].text() != "true")
    return fmt::print("no change: generation {} stays in force\n", told["generation"].text());
  fmt::print("{}", told["words"].text());
  for (const JsonView key : told["after_restart"]) fmt::print("only a restart applies: {}\n", key.text());
  const std::string hash(told["hash"].text().substr(0, 8));
  if (dry)
    fmt::print("no fault: a reload would take configuration {}; generation {} is in force\n", hash,
               told["generation"].text());
  else
    fmt::print("generation {} is in force: configuration {}\n", told["generation"].text(), hash);
}

void print_generations(JsonView told) {
  const std::string_view in_force = told["in_force"].text();
  for (const JsonView one : told["generations"]) {
    const bool now = one["number"].text() == in_force;
    const std::string how = one["restores"] ? fmt::format("{} to {}", one["how"].text(), one["restores"].text())
                                            : std::string(one["how"].text());
    fmt::print("{} {:>5}  {}  {}  {:<16} {}\n", now ? "*" : " ", one["number"].text(), one["at"].text(),
               one["hash"].text().substr(0, 8), how, one["who"].text());
  }
  if (told["files_differ"].text() == "true")
    fmt::print("the files on disk are not what is in force: the next reload, edit or restart takes them\n");
}

void list(Context& context, const Options& options) {
  show_answer(context, {options.conf, "GET", "/config/generations"}, print_generations);
}

void reload(Context& context, const Options& options) {
  if (options.list) return list(context, options);
  with_answer(context, {options.conf, "POST", "/config/reload", {{"dry", options.dry ? "1" : ""}}},
              [&](JsonView told) { print_outcome(told, options.dry); });
}

void rollback(Context& context, const Options& options) {
  with_answer(context, {options.conf, "POST", "/config/rollback", {{"generation", options.generation}}},
              [&](JsonView told) {
                print_outcome(told, false);
                if (told["taken"].text() == "true")
                  fmt::print(
                      "the files on disk were not touched and still hold the other configuration: put them right "
                      "before the next edit or restart takes them\n");
              });
}

}  // namespace

void add_reload(CLI::App& app, Context& context) {
  const auto add = [&](const char* name, const char* help, void (*run)(Context&, const Options&)) {
    auto* command = app.add_subcommand(name, help);
    auto options = std::make_shared<Options>();
    command->add_option("conf", options->conf, "the running site's configuration folder, or its control socket")
        ->required();
    command->callback([&context, options, run] { run(context, *options); });
    return std::pair(command, options);
  };
  auto [taking, options] =
      add("reload", "Take the edited configuration; a faulty one changes nothing and is told whole", reload);
  taking->add_flag("--dry-run", options->dry, "only say what it would do");
  taking->add_flag("--list", options->list, "list the generations instead");
  auto [back, target] = add("rollback", "Take an earlier generation of the configuration again", rollback);
  back->add_option("generation", target->generation, "its number; without it, the last one that was different")
      ->check(CLI::PositiveNumber);
  add("generations", "List the configurations that were in force: when, by whom, how", list);
}

}  // namespace gateway::cli
