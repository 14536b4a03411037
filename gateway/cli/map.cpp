// `causeway map run MAP FILE`: a record through a map, outside any gateway; what came out, and what became of every
// value.
#include <fmt/format.h>

#include <memory>

#include "adapters/map/run_file.h"
#include "gateway/cli/output.h"
#include "gateway/config/config.h"
#include "gateway/exchange/ports.h"

namespace gateway::cli {
namespace {

using adapters::map::Note;
using adapters::map::Report;
using fhir::JsonTree;

struct Options {
  std::string map, file, charset, organization = "local", base = "https://gw.example/sid/", zone = "+08:00";
  bool quiet = false;
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

void run(Context& context, const Options& options) {
  const std::string now = exchange::instant(exchange::system_clock().now());
  const auto result = adapters::map::run_file(options.map, options.file, options.charset,
                                              {options.organization, options.base, options.zone, now});
  if (!result.faults.empty()) fmt::print(stderr, "{}", config::render(result.faults));
  if (!result.outcome) return fail(context, result.outcome.error(), 1);
  print_result(context, *result.outcome);
  if (!options.quiet && !context.json) print_report(result.outcome->report);
  if (result.outcome->report.unaccounted() != 0) context.exit_code = 1;
}

}  // namespace

void add_map(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("map", "Work on maps");
  command->require_subcommand(1);
  auto* sub = command->add_subcommand("run", "Run a record through a map and show what became of every value");
  auto options = std::make_shared<Options>();
  sub->add_option("map", options->map, "the .map.yaml file")->required()->check(CLI::ExistingFile);
  sub->add_option("file", options->file, "one record as the system sends it (an MLLP frame is taken off)")
      ->required()
      ->check(CLI::ExistingFile);
  sub->add_option("--charset", options->charset, "charset of the file; default: the map's source.charset, else UTF-8");
  sub->add_option("--organization", options->organization, "id of the organisation whose record it is")
      ->capture_default_str();
  sub->add_option("--identifier-base", options->base, "beginning of identifier systems")->capture_default_str();
  sub->add_option("--zone", options->zone, "zone of local times")->capture_default_str();
  sub->add_flag("--quiet,-q", options->quiet, "without the report on standard error");
  sub->callback([&context, options] { run(context, *options); });
}

}  // namespace gateway::cli
