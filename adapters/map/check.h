// Maps as a whole folder of files: which there are, what is wrong in them, and whether they pass the tests beside them.
#pragma once
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "adapters/map/files.h"
#include "adapters/map/map.h"
#include "adapters/map/map_case.h"

namespace adapters::map {

/// The files of one or more mapping folders, absolute and sorted.
struct Collection {
  std::vector<std::filesystem::path> maps, parts, sub_maps, tables;
};

/// Folders are searched through, a map's file is itself. map.file: a place that is neither; map.none: no map at all.
Result<Collection> collect(std::span<const std::string> places);

struct Checked {
  std::vector<FileFault> faults;  // of all of them, each once, in the order of files and lines
  std::size_t errors = 0, warnings = 0;
};

/// Every fault of maps, sub-maps and code tables, used or not. Paths of JSON sources must exist in a record of the
/// tests beside the map, if there are any.
Checked check(const Collection& collection, const Files& files = disk());

/// A map with what its tests came to.
struct Tested {
  std::filesystem::path map;
  std::vector<FileFault> faults;  // with an error among them no test was run
  std::vector<CaseResult> cases;
  std::vector<Rule> rules;         // over all its tests
  std::vector<std::string> files;  // that the marks of its rules refer to
  bool passes() const;
};

/// `filter`: only tests whose path holds it; empty: all.
Tested test(const std::filesystem::path& map, std::string_view filter, bool update, const Files& files = disk());

/// Runs the tests beside a loaded map; each that fails becomes a fault (E0234) of the configuration that names the map,
/// because a map with failing tests is not activated.
bool passes_its_tests(const Map& map, const std::filesystem::path& file, std::vector<FileFault>& faults,
                      const Files& files = disk());

}  // namespace adapters::map
