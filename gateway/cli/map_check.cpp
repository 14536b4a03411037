// `causeway map check`: every fault of maps, sub-maps and code tables at once, with its place and what to do.
#include <fmt/format.h>

#include <filesystem>
#include <map>
#include <memory>
#include <tuple>

#include "adapters/map/check.h"
#include "adapters/map/reversible.h"
#include "gateway/cli/map_commands.h"
#include "gateway/cli/output.h"
#include "gateway/config/report.h"

namespace gateway::cli {
namespace {

using fhir::JsonTree;

struct Options {
  MapPlaces places;
  bool deny_warnings = false, reversible = false;
};

JsonTree number(std::size_t n) { return JsonTree::number(std::to_string(n)); }

// --- which rules run backwards

using adapters::map::Reversibility;

std::string_view way(Reversibility::Way way) {
  switch (way) {
    case Reversibility::Way::both: return "both ways";
    case Reversibility::Way::to_fhir: return "to FHIR only";
    case Reversibility::Way::to_local: return "to local only";
  }
  return "";
}

using Place = std::tuple<std::string, std::uint32_t, std::uint32_t, std::string>;

/// Of all maps that load, each rule once: a base map's stands in its own file.
std::map<Place, Reversibility> reversibility(const adapters::map::Collection& collection) {
  std::map<Place, Reversibility> all;
  for (const auto& file : collection.maps) {
    std::vector<adapters::map::FileFault> faults;
    const auto map = adapters::map::Map::load(file, faults);
    if (map == nullptr || !map->to_fhir()) continue;
    for (auto& rule : adapters::map::reversibility_of(*map->plan())) {
      const auto& files = map->plan()->files;
      const std::string name = rule.mark.file < files.size() ? files[rule.mark.file] : file.string();
      all.emplace(Place{shown(name), rule.mark.line, rule.mark.column, rule.id}, rule);
    }
  }
  return all;
}

void print_reversible(Context& context, const adapters::map::Collection& collection) {
  const auto all = reversibility(collection);
  std::map<Reversibility::Way, std::size_t> counts;
  auto rules = JsonTree::array();
  for (const auto& [place, rule] : all) {
    const auto& [file, line, column, id] = place;
    ++counts[rule.way];
    if (context.json)
      rules.push(JsonTree::object({{"file", file},
                                   {"line", number(line)},
                                   {"column", number(column)},
                                   {"rule", id},
                                   {"way", way(rule.way)},
                                   {"why", rule.why}}));
    else
      fmt::print("{}:{}:{}: {}: {}{}{}\n", file, line, column, way(rule.way), id, rule.why.empty() ? "" : ": ",
                 rule.why);
  }
  if (!context.json)
    return fmt::print("{} rules: {} both ways, {} to FHIR only, {} to local only\n", all.size(),
                      counts[Reversibility::Way::both], counts[Reversibility::Way::to_fhir],
                      counts[Reversibility::Way::to_local]);
  JsonTree tree = JsonTree::object({{"rules", std::move(rules)}});
  print_json(tree);
}

void check(Context& context, const Options& options) {
  const auto places = options.places.all();
  const auto found = adapters::map::collect(places);
  if (!found) return fail(context, found.error());
  if (options.reversible) return print_reversible(context, *found);
  auto checked = adapters::map::check(*found);
  shorten(checked.faults);
  context.exit_code = checked.errors > 0 || (options.deny_warnings && checked.warnings > 0) ? 1 : 0;
  if (!context.json) {
    const auto told = config::render(checked.faults);
    return fmt::print("{}{}{}: {}, {}\n", told, told.empty() ? "" : "\n",
                      fmt::format("{}, {}, {}", counted(found->maps.size(), "map"),
                                  counted(found->sub_maps.size(), "file") + " of sub-maps",
                                  counted(found->tables.size(), "code table")),
                      counted(checked.errors, "error"), counted(checked.warnings, "warning"));
  }
  JsonTree tree = JsonTree::object({{"maps", number(found->maps.size())},
                                    {"subMapFiles", number(found->sub_maps.size())},
                                    {"tables", number(found->tables.size())},
                                    {"errors", number(checked.errors)},
                                    {"warnings", number(checked.warnings)}});
  tree.set("faults", JsonTree::array());
  for (const auto& fault : checked.faults) tree["faults"].push(config::to_json(fault));
  print_json(tree);
}

}  // namespace

void add_places(CLI::App& command, MapPlaces& places) {
  command.add_option("maps", places.given, "maps, or folders that are searched for them; default: mappings");
}

std::string shown(std::string_view file) {
  std::error_code error;
  const auto here = std::filesystem::current_path(error).string() + "/";
  return std::string(!error && file.starts_with(here) ? file.substr(here.size()) : file);
}

std::string counted(std::size_t n, std::string_view noun) { return fmt::format("{} {}{}", n, noun, n == 1 ? "" : "s"); }

void shorten(std::vector<adapters::map::FileFault>& faults) {
  for (auto& fault : faults) {
    fault.file = shown(fault.file);
    fault.related.file = shown(fault.related.file);
  }
}

void add_map_check(CLI::App& map, Context& context) {
  auto* sub = map.add_subcommand("check", "Find every fault of maps, sub-maps and code tables, with place and hint");
  auto options = std::make_shared<Options>();
  add_places(*sub, options->places);
  sub->add_flag("--deny-warnings", options->deny_warnings, "exit 1 on warnings as well");
  sub->add_flag(
      "--reversible", options->reversible,
      "instead: which rules of the maps to FHIR also run backwards, and which codes their tables do not tell apart");
  sub->callback([&context, options] { check(context, *options); });
}

}  // namespace gateway::cli
