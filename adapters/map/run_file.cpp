#include "adapters/map/run_file.h"

#include "adapters/map/record_file.h"

namespace adapters::map {

FileRun run_file(const std::filesystem::path& map_file, const std::filesystem::path& file, std::string_view charset,
                 const Site& site) {
  FileRun run{.faults = {},
              .outcome = fhir::fail(fhir::Fault::invalid, "map.faulty", map_file.string(), "the map has faults")};
  const auto map = Map::load(map_file, run.faults);
  if (map == nullptr) return run;
  const auto record = read_record(file, charset.empty() ? std::string_view(map->charset()) : charset);
  run.outcome = record ? map->run(*record, site) : std::unexpected(record.error());
  return run;
}

}  // namespace adapters::map
