// What `causeway map run MAP FILE` does: a file of one record through a map, outside any gateway.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "adapters/map/map.h"

namespace adapters::map {

struct FileRun {
  std::vector<FileFault> faults;  // of the map; with an error among them nothing was run
  Result<Outcome> outcome;
};

/// Loads the map, decodes the file by `charset` (empty: the map's own `source.charset`, else UTF-8), takes MLLP framing
/// off where there is any, and runs. Never sniffs a charset.
FileRun run_file(const std::filesystem::path& map, const std::filesystem::path& file, std::string_view charset,
                 const Site& site);

}  // namespace adapters::map
