// `causeway map run MAP|DIR FILE...`: records through a map, outside any gateway; what came out, and what became of
// every value.
#include <fmt/format.h>

#include <memory>

#include "adapters/map/run_file.h"
#include "gateway/cli/map_commands.h"
#include "gateway/cli/output.h"
#include "gateway/config/config.h"
#include "gateway/exchange/ports.h"

namespace gateway::cli {
namespace {

using adapters::map::Note;
using adapters::map::Report;
using fhir::JsonTree;

struct Options {
  std::vector<std::string> files;
  std::string map, charset, organization = "local", base = "https://gw.example/sid/", zone = "+08:00";
  bool quiet = false, back = false;
};

std::string_view fate(Note::Fate fate) {
  switch (fate) {
    case Note::Fate::carried: return "carried";
    case Note::Fate::kept: return "kept";
    case Note::Fate::reported: return "not carried";
  }
  return "not carried";
}

JsonTree told(const Report& report) {
  const auto number = [](std::size_t n) { return JsonTree::number(std::to_string(n)); };
  JsonTree tree = JsonTree::object({{"valued", number(report.valued)},
                                    {"carried", number(report.carried)},
                                    {"kept", number(report.kept)},
                                    {"reported", number(report.reported)},
                                    {"unaccounted", number(report.unaccounted())}});
  tree.set("notes", JsonTree::array());
  for (const auto& note : report.notes) {
    tree["notes"].push(JsonTree::object({{"fate", fate(note.fate)},
                                         {"source", note.source},
                                         {"rule", note.rule},
                                         {"code", note.code},
                                         {"say", note.say}}));
  }
  return tree;
}

void print_report(const Report& report) {
  for (const auto& note : report.notes) {
    fmt::print(stderr, "{:<12} {:<18} {} {} {}\n", fate(note.fate), note.source, note.code, note.rule, note.say);
  }
  fmt::print(stderr, "{} valued = {} carried + {} kept + {} reported; {} unaccounted for\n", report.valued,
             report.carried, report.kept, report.reported, report.unaccounted());
}

void print_result(const Context& context, const adapters::map::Outcome& outcome) {
  if (!outcome.bundle) {
    if (context.json) return print_json(JsonTree::object({{"local", outcome.local}, {"report", told(outcome.report)}}));
    std::string shown = outcome.local;
    for (char& c : shown) c = c == '\r' ? '\n' : c;
    return fmt::print("{}\n", shown);
  }
  if (!context.json) return print_json(outcome.bundle);
  JsonTree whole = JsonTree::object({{"report", told(outcome.report)}});
  whole.set("bundle", outcome.bundle);
  print_json(whole);
}

/// A line for each file: its bundle (or local record) and report, or its error.
void print_line(const std::string& file, const fhir::Result<adapters::map::Outcome>& outcome) {
  JsonTree line = JsonTree::object({{"file", file}});
  if (!outcome) {
    const fhir::Error& error = outcome.error();
    line.set("error", JsonTree::object({{"code", error.code}, {"where", error.where}, {"say", error.say}}));
  } else {
    line.set("report", told(outcome->report));
    line.set(outcome->bundle ? "bundle" : "local", outcome->bundle ? outcome->bundle : JsonTree(outcome->local));
  }
  fmt::print("{}\n", line.dump());
}

void run_one(Context& context, const Options& options, const adapters::map::MapsToRun& maps, const std::string& file) {
  const std::string now = exchange::instant(exchange::system_clock().now());
  const adapters::map::Site site{options.organization, options.base, options.zone, now};
  const auto outcome = options.back ? maps.run_back(file, site) : maps.run(file, options.charset, site);
  const bool lines = context.json && options.files.size() > 1;
  if (lines) print_line(file, outcome);
  if (!outcome && !lines) return fail(context, outcome.error(), 1);
  if (!outcome || outcome->report.unaccounted() != 0) context.exit_code = 1;
  if (lines) return;
  print_result(context, *outcome);
  if (!options.quiet && !context.json) print_report(outcome->report);
}

void run(Context& context, const Options& options) {
  std::vector<adapters::map::FileFault> faults;
  const adapters::map::MapsToRun maps(options.map, faults);
  if (!faults.empty()) fmt::print(stderr, "{}", config::render(faults));
  if (maps.empty()) {
    return fail(context, {fhir::Fault::invalid, "map.faulty", options.map, "no map here can be run"}, 1);
  }
  for (const std::string& file : options.files) run_one(context, options, maps, file);
}

}  // namespace

void add_map(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("map", "Work on maps");
  command->require_subcommand(1);
  auto* sub = command->add_subcommand("run", "Run records through a map and show what became of every value");
  auto options = std::make_shared<Options>();
  sub->add_option("map", options->map, "the .map.yaml file, or a folder: the message's type picks the map")
      ->required()
      ->check(CLI::ExistingPath);
  sub->add_option("files", options->files, "a record each, as the system sends it (an MLLP frame is taken off)")
      ->required()
      ->check(CLI::ExistingFile);
  sub->add_option("--charset", options->charset, "charset of the file; default: the map's source.charset, else UTF-8");
  sub->add_option("--organization", options->organization, "id of the organisation whose record it is")
      ->capture_default_str();
  sub->add_option("--identifier-base", options->base, "beginning of identifier systems")->capture_default_str();
  sub->add_option("--zone", options->zone, "zone of local times")->capture_default_str();
  sub->add_flag("--back", options->back,
                "the other way: files are Bundles that the map made, and the records come out");
  sub->add_flag("--quiet,-q", options->quiet, "without the report on standard error");
  sub->callback([&context, options] { run(context, *options); });
  add_map_check(*command, context);
  add_map_test(*command, context);
  add_map_coverage(*command, context);
  add_map_unmapped(*command, context);
  add_map_new(*command, context);
}

}  // namespace gateway::cli
