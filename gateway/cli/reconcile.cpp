// `causeway reconcile`: of a day, what the source sent, what was taken in, what was to go to each peer and what the
// peers say they have; and what is missing, by its ids. Exit code 1 when something is.
#include <fmt/format.h>

#include <map>
#include <memory>
#include <set>
#include <sstream>

#include "gateway/cli/control_client.h"
#include "gateway/cli/output.h"

namespace gateway::cli {
namespace {

using fhir::JsonTree;
using fhir::JsonView;

struct Options {
  std::string conf, day, peer, source;
  bool reports = false;
};

JsonTree number(std::size_t n) { return JsonTree::number(std::to_string(n)); }

// ---- the source

/// Every id of the day that a source could know a message by, with what became of it.
std::optional<std::map<std::string, std::string, std::less<>>> ids_that_came(Context& context, const Options& options) {
  std::map<std::string, std::string, std::less<>> known;
  for (std::string after = "0"; !after.empty();) {
    const auto page =
        ask_site(context, {options.conf, "GET", "/reconcile/came", {{"day", options.day}, {"after", after}}});
    if (!page) return std::nullopt;
    for (const JsonView message : page->root()["messages"]) {
      const std::string state(message["state"].text());
      known.emplace(message["id"].text(), state);
      for (const JsonView key : message["keys"]) known.emplace(key.text(), state);
    }
    after = page->root()["next"].text();
  }
  return known;
}

std::set<std::string> ids_in(const std::string& text) {
  std::set<std::string> ids;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.pop_back();
    if (!line.empty()) ids.insert(line);
  }
  return ids;
}

/// {"sent", "accepted", "held", ..., "missing_count", "missing"}
std::optional<JsonTree> compare_source(Context& context, const Options& options) {
  const auto text = read_file(options.source);
  if (!text) {
    fail(context, text.error());
    return std::nullopt;
  }
  const auto known = ids_that_came(context, options);
  if (!known) return std::nullopt;
  const auto sent = ids_in(*text);
  std::map<std::string, std::size_t> states;
  JsonTree missing = JsonTree::array();
  std::size_t count = 0;
  for (const auto& id : sent) {
    const auto found = known->find(id);
    if (found != known->end()) {
      ++states[found->second];
    } else if (++count <= 1000) {
      missing.push(id);
    }
  }
  JsonTree told = JsonTree::object({{"sent", number(sent.size())}});
  for (const auto& [state, n] : states) told.set(state, number(n));
  told.set("missing_count", number(count));
  told.set("missing", std::move(missing));
  return told;
}

// ---- for people

std::string joined(JsonView list) {
  std::string out;
  for (const JsonView one : list) out += (out.empty() ? "" : " ") + std::string(one.text());
  return out;
}

void print_missing(JsonView list, JsonView count, std::string_view where) {
  if (list.size() == 0) return;
  fmt::print("    missing {}: {}\n", where, count.text());
  for (const JsonView one : list) fmt::print("      {:<20} {}\n", one["event"].text(), joined(one["keys"]));
}

void print_counts(JsonView counts) {
  for (auto one = counts.begin(); one != counts.end(); ++one) fmt::print("  {} {}", (*one).text(), one.key());
}

void print_report(JsonView report) {
  fmt::print("{}\n", report["day"].text());
  const JsonView came = report["came"];
  for (auto door = came.begin(); door != came.end(); ++door) {
    fmt::print("  came by {:<24}", door.key());
    print_counts(*door);
    fmt::print("\n");
  }
  for (const JsonView peer : report["peers"]) {
    if (peer["unreachable"]) {
      fmt::print("  {}: not compared: {}\n", peer["peer"].text(), peer["unreachable"].text());
      continue;
    }
    fmt::print("  {}: to send {}, delivered {}, it has {}", peer["peer"].text(), peer["to_send"].text(),
               peer["delivered"].text(), peer["at_peer"].text());
    print_counts(peer["not_delivered"]);
    fmt::print("\n");
    print_missing(peer["missing_there"], peer["missing_there_count"], "there");
    print_missing(peer["missing_here"], peer["missing_here_count"], "here");
  }
}

void print_source(JsonView source) {
  if (!source) return;
  fmt::print("  the source sent {}:", source["sent"].text());
  for (auto one = source.begin(); one != source.end(); ++one)
    if (one.key() != "sent" && one.key() != "missing" && one.key() != "missing_count")
      fmt::print(" {} {}", (*one).text(), one.key());
  fmt::print("; never came: {}\n", source["missing_count"].text());
  for (const JsonView id : source["missing"]) fmt::print("      {}\n", id.text());
}

bool is_something_missing(JsonView report) {
  const JsonView source = report["source"];
  bool missing = source && source["missing_count"].text() != "0";
  for (const JsonView peer : report["peers"]) {
    missing |= bool(peer["unreachable"]) || peer["missing_there_count"].text() != "0" ||
               peer["missing_here_count"].text() != "0";
  }
  return missing;
}

void show_reports(Context& context, const Options& options) {
  show_answer(context, {options.conf, "GET", "/reconcile/reports"}, [](JsonView answer) {
    if (answer["reports"].size() == 0) fmt::print("no night has been compared yet\n");
    for (const JsonView report : answer["reports"]) print_report(report);
  });
}

void reconcile(Context& context, const Options& options) {
  if (options.reports) return show_reports(context, options);
  const auto answer =
      ask_site(context, {options.conf, "GET", "/reconcile", {{"day", options.day}, {"peer", options.peer}}});
  if (!answer) return;
  JsonTree report = JsonTree::from(answer->root());
  if (!options.source.empty()) {
    auto source = compare_source(context, options);
    if (!source) return;
    report.set("source", *std::move(source));
  }
  const auto whole = fhir::Json::parse(report.dump());
  if (!whole) return fail(context, whole.error());
  if (is_something_missing(whole->root())) context.exit_code = 1;
  if (context.json) return print_json(report);
  const auto shown = printable(*whole);
  print_report(shown.root());
  print_source(shown.root()["source"]);
}

}  // namespace

void add_reconcile(CLI::App& app, Context& context) {
  auto* command =
      app.add_subcommand("reconcile", "Compare a day: sent by the source, taken in, and what each peer has of it");
  auto options = std::make_shared<Options>();
  command->add_option("--conf", options->conf, "the site's configuration folder, or its control socket")->required();
  command->add_option("--day", options->day, "as in 2026-03-10; default: today so far");
  command->add_option("--peer", options->peer, "only this one");
  command->add_option("--source", options->source,
                      "what the source says it sent that day: a file of ids, one a line (report number, MSH-10)");
  command->add_flag("--reports", options->reports, "instead: the reports of the last nights");
  command->callback([&context, options] { reconcile(context, *options); });
}

}  // namespace gateway::cli
