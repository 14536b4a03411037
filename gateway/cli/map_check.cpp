// `causeway map check`: every fault of maps, sub-maps and code tables at once, with its place and what to do.
#include <fmt/format.h>

#include <filesystem>
#include <memory>

#include "adapters/map/check.h"
#include "gateway/cli/map_commands.h"
#include "gateway/cli/output.h"
#include "gateway/config/report.h"

namespace gateway::cli {
namespace {

using fhir::JsonTree;

struct Options {
  MapPlaces places;
  bool deny_warnings = false;
};

JsonTree number(std::size_t n) { return JsonTree::number(std::to_string(n)); }

std::string counted(std::size_t n, std::string_view noun) { return fmt::format("{} {}{}", n, noun, n == 1 ? "" : "s"); }

void check(Context& context, const Options& options) {
  const auto places = options.places.all();
  const auto found = adapters::map::collect(places);
  if (!found) return fail(context, found.error());
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
  sub->callback([&context, options] { check(context, *options); });
}

}  // namespace gateway::cli
