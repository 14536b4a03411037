// `causeway schema map`: a JSON Schema for editors, so that a map completes and shows its mistakes while it is typed.
#include "adapters/map/schema.h"

#include <fmt/format.h>

#include "gateway/cli/output.h"

namespace gateway::cli {

void add_schema(CLI::App& app, Context&) {
  auto* command = app.add_subcommand("schema", "JSON Schemas for editors");
  command->require_subcommand(1);
  auto* map =
      command->add_subcommand("map", "Of map files: # yaml-language-server: $schema=FILE in a map's first line");
  map->callback([] { fmt::print("{}\n", adapters::map::map_schema().dump()); });
}

}  // namespace gateway::cli
