// `causeway dead ls|why|replay|discard`: deliveries that were given up. A replay goes through them in order of their
// numbers, one decision each, and how far it has come is stored with each decision, so it can be stopped at any time
// and gone on with (--resume). What was sent again before is left out unless --again asks for it.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <thread>

#include "gateway/cli/control_client.h"
#include "gateway/cli/output.h"
#include "gateway/cli/progress.h"
#include "gateway/cli/signals.h"

namespace gateway::cli {
namespace {

using fhir::JsonTree;
using fhir::JsonView;
using Clock = std::chrono::steady_clock;

struct Options {
  std::string conf, where, since, reason;
  std::vector<std::string> numbers;
  int limit = 50, most = 0;
  double rate = 50;
  bool dry_run = false, again = false, reroute = false, resume = false;
};

void print_line(JsonView dead) {
  fmt::print("{:>9}  message {:<9} -> {:<18} {}  tries: {}{}  {}\n", dead["number"].text(), dead["message"].text(),
             dead["to"].text(), dead["since"].text(), dead["attempts"].text(),
             dead["replays"].text() == "0" ? "" : fmt::format(", sent again: {}", dead["replays"].text()),
             dead["reason"].text());
}

// A page of the dead after the one with that number; `since` as the site wants it.
Question page(const Options& options, const std::string& since, const std::string& after, int limit, bool fresh) {
  return {options.conf,
          "GET",
          "/dead",
          {{"destination", options.where},
           {"since", since},
           {"after", after},
           {"limit", std::to_string(limit)},
           {"fresh", fresh ? "true" : ""}}};
}

fhir::Result<std::string> moment_of(const Options& options) {
  if (options.since.empty()) return std::string{};
  const auto moment = since(options.since);
  if (!moment) return std::unexpected(moment.error());
  return std::to_string(*moment);
}

void list(Context& context, const Options& options) {
  const auto from = moment_of(options);
  if (!from) return fail(context, from.error());
  show_answer(context, page(options, *from, "", options.limit, false), [](JsonView answer) {
    if (answer["dead"].size() == 0) return fmt::print("nothing is dead\n");
    for (const JsonView dead : answer["dead"]) print_line(dead);
    if (answer["next"]) fmt::print("there are more: raise --limit, or `causeway dead why` for the causes\n");
  });
}

void why(Context& context, const Options& options) {
  show_answer(context, {options.conf, "GET", "/dead/causes"}, [](JsonView answer) {
    if (answer["causes"].size() == 0) return fmt::print("nothing is dead\n");
    for (const JsonView cause : answer["causes"]) {
      fmt::print("{:>7} x {}: {}\n          first {}, last {}, for example delivery {}\n          to do: {}\n",
                 cause["count"].text(), cause["to"].text(), cause["reason"].text(), cause["first"].text(),
                 cause["last"].text(), cause["example"].text(), cause["fix"].text());
    }
  });
}

// What is to be sent again: the numbers given, or all that pass the filters. Nothing when the site could not be asked.
std::optional<std::vector<std::string>> chosen(Context& context, const Options& options, const std::string& from_here) {
  if (!options.numbers.empty()) return options.numbers;
  const auto from = moment_of(options);
  if (!from) {
    fail(context, from.error());
    return std::nullopt;
  }
  std::vector<std::string> numbers;
  for (std::string after = from_here; !after.empty();) {
    const int left = options.most == 0 ? 1000 : std::min(1000, options.most - static_cast<int>(numbers.size()));
    if (left <= 0) break;
    const auto answer = ask_site(context, page(options, *from, after, left, !options.again));
    if (!answer) return std::nullopt;
    for (const JsonView dead : answer->root()["dead"]) numbers.emplace_back(dead["number"].text());
    after = answer->root()["next"].text();
  }
  return numbers;
}

// What a replay was asked for, as it is stored with its progress.
std::string run_of(const Options& options) {
  return JsonTree::object({{"where", options.where},
                           {"since", options.since},
                           {"again", JsonTree::boolean(options.again)},
                           {"reroute", JsonTree::boolean(options.reroute)}})
      .dump();
}

/// The interrupted replay's options, and the number it had come to. Nothing after telling why not.
std::optional<std::string> taken_up(Context& context, Options& options) {
  const auto answer = ask_site(context, {options.conf, "GET", "/dead/run"});
  if (!answer) return std::nullopt;
  const auto run = fhir::Json::parse(std::string(answer->root()["run"].text()));
  if (!run) {
    fail(context, run.error());
    return std::nullopt;
  }
  options.where = run->root()["where"].text();
  options.since = run->root()["since"].text();
  options.again = run->root()["again"].text() == "true";
  options.reroute = run->root()["reroute"].text() == "true";
  return std::string(answer->root()["after"].text());
}

struct Replayed {
  std::size_t sent = 0, moved_on = 0;  // moved on: somebody else was quicker
  bool stopped = false;                // Ctrl-C, or the site went away
};

Replayed replay_all(Context& context, const Options& options, const std::string& socket,
                    const std::vector<std::string>& numbers) {
  Replayed result;
  Progress progress;
  const std::string run = options.numbers.empty() ? "&run=" + percent_encoded(run_of(options)) : "";
  const auto began = Clock::now();
  const auto pace = std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(1 / options.rate));
  for (std::size_t i = 0; i < numbers.size() && !result.stopped; ++i) {
    const auto until =
        std::chrono::ceil<std::chrono::milliseconds>(began + pace * static_cast<std::int64_t>(i) - Clock::now())
            .count();
    if (wait_for_stop(static_cast<int>(std::clamp<std::int64_t>(until, 0, 1'000'000)))) {
      result.stopped = true;
      break;
    }
    const auto done = ask(
        socket, "POST",
        fmt::format("/dead/{}/replay?reroute={}{}", percent_encoded(numbers[i]), options.reroute ? "true" : "", run));
    if (done) {
      ++result.sent;
    } else if (done.error().fault == fhir::Fault::unavailable) {
      fail(context, done.error());
      result.stopped = true;
    } else {
      ++result.moved_on;
    }
    progress.show("sending again", i + 1, numbers.size());
  }
  if (!result.stopped && !run.empty()) {
    const auto ended = ask(socket, "POST", "/dead/run/ended");
    if (!ended) fail(context, ended.error());
  }
  return result;
}

void replay(Context& context, const Options& given) {
  Options options = given;
  const auto socket = control_socket(options.conf);
  if (!socket) return fail(context, socket.error());
  const auto after = options.resume ? taken_up(context, options) : std::optional<std::string>("0");
  const auto numbers = after ? chosen(context, options, *after) : std::nullopt;
  if (!numbers) return;
  if (options.dry_run) {
    if (context.json)
      return print_json(JsonTree::object({{"would_replay", JsonTree::number(std::to_string(numbers->size()))}}));
    return fmt::print("{} would be sent again, at {:g} a second; nothing was done\n", numbers->size(), options.rate);
  }
  catch_signals();
  const Replayed result = replay_all(context, options, *socket, *numbers);
  const auto number = [](std::size_t n) { return JsonTree::number(std::to_string(n)); };
  if (result.stopped || result.moved_on != 0) context.exit_code = std::max(context.exit_code, 1);
  if (context.json) {
    return print_json(JsonTree::object({{"replayed", number(result.sent)},
                                        {"moved_on", number(result.moved_on)},
                                        {"left", number(numbers->size() - result.sent - result.moved_on)}}));
  }
  fmt::print("{} sent again, {} were dead no longer{}\n", result.sent, result.moved_on,
             result.stopped ? "; stopped: causeway dead replay --resume goes on with the rest" : "");
}

void discard(Context& context, const Options& options) {
  for (const auto& number : options.numbers) {
    const auto done = ask_site(
        context,
        {options.conf, "POST", fmt::format("/dead/{}/discard", percent_encoded(number)), {{"reason", options.reason}}});
    if (!done) return;
    if (!context.json) fmt::print("discarded {}\n", number);
  }
  if (context.json)
    print_json(JsonTree::object({{"discarded", JsonTree::number(std::to_string(options.numbers.size()))}}));
}

void add_filters(CLI::App& sub, Options& options) {
  sub.add_option("--where", options.where, "only those to this destination, as in peer:hongkong or local:his");
  sub.add_option("--since", options.since, "only those given up since: 30m, 2h, 3d, a date, an instant");
}

}  // namespace

void add_dead(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("dead", "Deliveries that were given up: causes, sending again, discarding");
  command->require_subcommand(1);
  auto options = std::make_shared<Options>();
  const auto add = [&](const char* name, const char* help, void (*run)(Context&, const Options&)) {
    auto* sub = command->add_subcommand(name, help);
    sub->add_option("--conf", options->conf, "the site's configuration folder, or its control socket")->required();
    sub->callback([&context, options, run] { run(context, *options); });
    return sub;
  };
  auto* listing = add("ls", "List them, oldest first", list);
  add_filters(*listing, *options);
  listing->add_option("--limit", options->limit, "lines at most")->check(CLI::Range(1, 1000))->capture_default_str();
  add("why", "Group them by cause: how many, first, last, and what to do about it", why);
  auto* replaying = add("replay", "Send them again: the same bytes under the same ids", replay);
  replaying->add_option("numbers", options->numbers, "only these, as `dead ls` shows them; default: all that pass")
      ->check(CLI::PositiveNumber);
  add_filters(*replaying, *options);
  replaying->add_option("--limit", options->most, "this many at most; default: all")->check(CLI::PositiveNumber);
  replaying->add_option("--rate", options->rate, "so many a second at most")
      ->check(CLI::Range(0.1, 10000.0))
      ->capture_default_str();
  replaying->add_flag("--again", options->again, "also those that were sent again before and died again");
  replaying->add_flag("--reroute", options->reroute,
                      "ask today's routes: to destinations they lead to now and it has not been to");
  replaying->add_flag("--resume", options->resume,
                      "go on with the last replay that was interrupted, as it was asked for");
  replaying->add_flag("--dry-run", options->dry_run, "only say how many it would be");
  auto* discarding = add("discard", "Give them up for good; the message itself stays in the store", discard);
  discarding->add_option("numbers", options->numbers, "as `dead ls` shows them")
      ->required()
      ->check(CLI::PositiveNumber);
  discarding->add_option("--reason", options->reason, "why they may be given up; for the audit")->required();
}

}  // namespace gateway::cli
