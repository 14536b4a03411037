// `causeway diff CONF`: what a candidate configuration would change, before it is taken: in words, and replayed over
// the messages that came last. Nothing is stored or sent. Exit code 0: no change; 1: changes; 2: it has faults, or
// could not be asked.
#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <thread>

#include "gateway/cli/control_client.h"
#include "gateway/cli/output.h"
#include "gateway/config/report.h"
#include "gateway/operate/differences.h"

namespace gateway::cli {
namespace {

using namespace std::chrono_literals;
using fhir::Error;
using fhir::Fault;
using fhir::Json;
using fhir::JsonTree;
using fhir::JsonView;
using fhir::Result;

constexpr auto kLook = 100ms;        // how often the progress is asked for
constexpr std::size_t kShown = 200;  // messages in the table; --json has them all

struct Options {
  std::string candidate, running, against;
  std::size_t last = 1000;
};

// ---- the running gateway

void show_progress(JsonView state) {
  if (::isatty(STDERR_FILENO) == 0 || !state["of"]) return;
  fmt::print(stderr, "\rreplaying {} of {} messages ", state["at"].text(), state["of"].text());
}

void end_progress() {
  if (::isatty(STDERR_FILENO) != 0) fmt::print(stderr, "\r\x1b[K");
}

Result<Json> forecast(const std::string& socket, const Options& options) {
  const std::string folder = std::filesystem::absolute(options.candidate).lexically_normal().string();
  auto begun =
      ask(socket, "POST", fmt::format("/config/diff?folder={}&last={}", percent_encoded(folder), options.last));
  if (!begun) return begun;
  const std::string place = fmt::format("/config/diff/{}", begun->root()["forecast"].text());
  for (;;) {
    auto state = ask(socket, "GET", place);
    if (!state || state->root()["done"].text() == "true") {
      end_progress();
      return state;
    }
    show_progress(state->root());
    std::this_thread::sleep_for(kLook);
  }
}

// ---- for people

std::string joined(JsonView list) {
  std::string out;
  for (const JsonView one : list) out += (out.empty() ? "" : ", ") + std::string(one.text());
  return out;
}

void print_moved(JsonView moved) {
  fmt::print("{:>8}  {}  {:<22} {}\n          {} -> {}\n          {}\n", moved["message"].text(),
             moved["at"].text().substr(0, 19), moved["event"].text(), moved["case"].text(),
             joined(moved["before"]["to"]), joined(moved["after"]["to"]), moved["because"].text());
}

void print_replay(JsonView replay) {
  fmt::print("\nreplayed over the last {} messages ({} left out: not routed, or not readable): {} would go elsewhere\n",
             replay["looked_at"].text(), replay["left_out"].text(), replay["elsewhere"].text());
  std::size_t shown = 0;
  for (const JsonView moved : replay["messages"]) {
    if (++shown > kShown) break;
    print_moved(moved);
  }
  if (replay["messages"].size() > kShown)
    fmt::print("... and {} more; --json has them all\n", replay["messages"].size() - kShown);
}

void print(JsonView told) {
  const bool changed = told["changes"].size() != 0;
  fmt::print("{}", changed ? told["words"].text() : std::string_view("no difference in what is written\n"));
  if (told["after_restart"].size() != 0) fmt::print("\nonly a restart applies: {}\n", joined(told["after_restart"]));
  if (told["replay"]) print_replay(told["replay"]);
  if (told["replay_failed"]) fmt::print("\nnot replayed: {}\n", told["replay_failed"].text());
}

bool is_change(JsonView told) { return told["changes"].size() != 0 || told["replay"]["messages"].size() != 0; }

// Faults of the candidate: all of them, as `check` shows them.
void print_faults(Context& context, JsonView told) {
  context.exit_code = 2;
  if (context.json) return print_json(JsonTree::from(told));
  fmt::print(stderr, "{}", told["words"].text());
}

void conclude(Context& context, JsonView told) {
  if (!told["candidate"]) return print_faults(context, told);
  context.exit_code = told["replay_failed"] ? 2 : is_change(told) ? 1 : 0;
  if (context.json) return print_json(JsonTree::from(told));
  print(told);
}

// ---- without a gateway

std::shared_ptr<const config::Config> load(Context& context, const std::string& folder) {
  config::CheckResult checked = config::check(folder, {});
  if (checked.config != nullptr) return checked.config;
  fmt::print(stderr, "{}", config::render(folder, checked));
  context.exit_code = 2;
  return nullptr;
}

void compare_folders(Context& context, const Options& options) {
  const auto before = load(context, options.against), after = load(context, options.candidate);
  if (before == nullptr || after == nullptr) return;
  const auto changes = operate::differences(*before, *after);
  JsonTree told = JsonTree::object({{"running", before->hash}, {"candidate", after->hash}});
  told.set("changes", operate::to_json(changes));
  told.set("words", operate::in_words(changes));
  const auto json = Json::parse(told.dump());
  if (json) conclude(context, json->root());
}

void diff(Context& context, const Options& options) {
  if (!options.against.empty()) return compare_folders(context, options);
  const auto socket = control_socket(options.running.empty() ? options.candidate : options.running);
  if (!socket) return fail(context, socket.error());
  const auto told = forecast(*socket, options);
  if (!told) return fail(context, told.error());
  conclude(context, told->root());
}

}  // namespace

void add_diff(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand(
      "diff", "What would this configuration change, and which of the last messages would go elsewhere");
  auto options = std::make_shared<Options>();
  command->add_option("candidate", options->candidate, "the folder of the new configuration")
      ->required()
      ->check(CLI::ExistingDirectory);
  command->add_option("--conf", options->running,
                      "the running site's folder or control socket, when the new one does not lead to it");
  command->add_option("--last", options->last, "replay this many of the newest stored messages")
      ->check(CLI::Range(0, 1'000'000))
      ->capture_default_str();
  command->add_option("--against", options->against, "compare with this folder instead, without a running gateway")
      ->check(CLI::ExistingDirectory);
  command->footer("Exit codes: 0 no change; 1 changes; 2 the configuration has faults, or could not be compared.");
  command->callback([&context, options] { diff(context, *options); });
}

}  // namespace gateway::cli
