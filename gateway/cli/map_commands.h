// The commands below `causeway map`, one file each, and what they share in printing.
#pragma once
#include <CLI/CLI.hpp>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/map/map.h"
#include "gateway/cli/commands.h"

namespace gateway::cli {

void add_map_check(CLI::App& map, Context& context);
void add_map_test(CLI::App& map, Context& context);
void add_map_coverage(CLI::App& map, Context& context);
void add_map_unmapped(CLI::App& map, Context& context);
void add_map_new(CLI::App& map, Context& context);

/// The argument that says which maps; without one, the folder `mappings` where one stands.
struct MapPlaces {
  std::vector<std::string> given;
  std::vector<std::string> all() const { return given.empty() ? std::vector<std::string>{"mappings"} : given; }
};
void add_places(CLI::App& command, MapPlaces& places);

/// From the folder we are in, when the file is below it: so it can be clicked and pasted.
std::string shown(std::string_view file);
/// "1 map", "2 maps"
std::string counted(std::size_t n, std::string_view noun);
void shorten(std::vector<adapters::map::FileFault>& faults);

}  // namespace gateway::cli
