// `causeway top`: what goes in and out a second, by the other side, with queue, oldest age, errors and pauses. Redraws
// plainly with two control sequences; --once prints one picture, --json one object a picture.
#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <map>
#include <memory>

#include "gateway/cli/control_client.h"
#include "gateway/cli/output.h"
#include "gateway/cli/signals.h"

namespace gateway::cli {
namespace {

using fhir::JsonTree;
using fhir::JsonView;

struct Options {
  std::string conf;
  double interval = 2;
  bool once = false;
};

std::int64_t integer(JsonView value) {
  std::int64_t n = 0;
  const std::string_view text = value.text();
  std::from_chars(text.data(), text.data() + text.size(), n);
  return n;
}

struct Row {
  std::string name, paused;
  double in = 0, out = 0, failed = 0;  // a second
  std::int64_t waiting = 0, in_flight = 0, dead = 0, held = 0, oldest_seconds = 0;
};

struct Picture {
  std::string site;
  std::vector<Row> rows;
};

std::map<std::string, JsonView, std::less<>> by_name(JsonView sample) {
  std::map<std::string, JsonView, std::less<>> found;
  for (const JsonView side : sample["sides"]) found.emplace(side["name"].text(), side);
  return found;
}

Row row_of(JsonView before, JsonView now, double seconds) {
  const auto rate = [&](const char* what) {
    const auto grown = integer(now[what]) - integer(before[what]);
    return static_cast<double>(std::max<std::int64_t>(grown, 0)) / seconds;  // less after a restart of the site
  };
  Row row{std::string(now["name"].text()), std::string(now["paused"].text())};
  row.in = rate("in");
  row.out = rate("out");
  row.failed = rate("failed") + rate("turned");
  row.waiting = integer(now["waiting"]);
  row.in_flight = integer(now["in_flight"]);
  row.dead = integer(now["dead"]);
  row.held = integer(now["held"]);
  row.oldest_seconds = integer(now["oldest_seconds"]);
  return row;
}

Picture picture(JsonView before, JsonView now) {
  const double seconds = std::max(static_cast<double>(integer(now["at"]) - integer(before["at"])) / 1000, 0.001);
  const auto earlier = by_name(before);
  Picture drawn{std::string(now["site"].text()), {}};
  for (const JsonView side : now["sides"]) {
    const auto found = earlier.find(side["name"].text());
    drawn.rows.push_back(row_of(found == earlier.end() ? side : found->second, side, seconds));
  }
  return drawn;
}

std::string age(std::int64_t seconds) {
  if (seconds == 0) return "-";
  if (seconds < 120) return fmt::format("{} s", seconds);
  if (seconds < 7200) return fmt::format("{} min", seconds / 60);
  return seconds < 172'800 ? fmt::format("{} h", seconds / 3600) : fmt::format("{} d", seconds / 86'400);
}

void print_text(const Picture& drawn) {
  fmt::print("{:<24} {:>8} {:>8} {:>8} {:>8} {:>7} {:>8} {:>6} {:>6}  {}\n", drawn.site, "in/s", "out/s", "fail/s",
             "waiting", "flying", "oldest", "dead", "held", "");
  for (const Row& row : drawn.rows) {
    fmt::print("{:<24} {:>8.1f} {:>8.1f} {:>8.1f} {:>8} {:>7} {:>8} {:>6} {:>6}  {}\n", row.name, row.in, row.out,
               row.failed, row.waiting, row.in_flight, age(row.oldest_seconds), row.dead, row.held,
               row.paused.empty() ? "" : "PAUSED " + row.paused);
  }
}

void print_as_json(const Picture& drawn, bool once) {
  const auto integer = [](std::int64_t n) { return JsonTree::number(std::to_string(n)); };
  const auto rate = [](double n) { return JsonTree::number(fmt::format("{:.2f}", n)); };
  JsonTree rows = JsonTree::array();
  for (const Row& row : drawn.rows) {
    JsonTree line = JsonTree::object({{"name", row.name},
                                      {"in_per_second", rate(row.in)},
                                      {"out_per_second", rate(row.out)},
                                      {"failed_per_second", rate(row.failed)},
                                      {"waiting", integer(row.waiting)},
                                      {"in_flight", integer(row.in_flight)},
                                      {"oldest_seconds", integer(row.oldest_seconds)},
                                      {"dead", integer(row.dead)},
                                      {"held", integer(row.held)}});
    if (!row.paused.empty()) line.set("paused", row.paused);
    rows.push(std::move(line));
  }
  const JsonTree tree = JsonTree::object({{"site", drawn.site}, {"sides", std::move(rows)}});
  if (once) return print_json(tree);
  fmt::print("{}\n", tree.dump());
  std::fflush(stdout);
}

void top(Context& context, const Options& options) {
  const Question question{options.conf, "GET", "/traffic"};
  auto before = ask_site(context, question);
  if (!before) return;
  catch_signals();
  const bool redraws = !options.once && !context.json && ::isatty(STDOUT_FILENO) != 0;
  while (!wait_for_stop(static_cast<int>(options.interval * 1000))) {
    auto now = ask_site(context, question);
    if (!now) return;
    const Picture drawn = picture(before->root(), now->root());
    if (redraws) fmt::print("\033[H\033[2J");
    context.json ? print_as_json(drawn, options.once) : print_text(drawn);
    std::fflush(stdout);
    if (options.once) return;
    before = std::move(now);
  }
}

}  // namespace

void add_top(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("top", "Watch what goes in and out, by door, peer and local system");
  auto options = std::make_shared<Options>();
  command->add_option("--conf", options->conf, "the site's configuration folder, or its control socket")->required();
  command->add_option("--interval", options->interval, "seconds between two pictures")
      ->check(CLI::Range(0.1, 3600.0))
      ->capture_default_str();
  command->add_flag("--once", options->once, "one picture, then end");
  command->callback([&context, options] { top(context, *options); });
}

}  // namespace gateway::cli
