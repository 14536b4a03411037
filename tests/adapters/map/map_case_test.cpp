#include "adapters/map/map_case.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>

using namespace adapters::map;
namespace fs = std::filesystem;

namespace {

std::vector<fs::path> shipped_maps() {
  std::vector<fs::path> maps;
  for (const auto& entry : fs::recursive_directory_iterator(CAUSEWAY_SOURCE_DIR "/mappings"))
    if (entry.path().filename().string().ends_with(".map.yaml")) maps.push_back(entry.path());
  std::ranges::sort(maps);
  return maps;
}

}  // namespace

TEST_CASE("every shipped map loads without a fault and passes the tests beside it", "[map]") {
  const auto maps = shipped_maps();
  REQUIRE(maps.size() >= 6);
  for (const auto& file : maps) {
    DYNAMIC_SECTION(file.stem().stem().string()) {
      std::vector<FileFault> faults;
      const auto map = Map::load(file, faults);
      for (const auto& fault : faults)
        UNSCOPED_INFO(fault.file << ":" << fault.line << ":" << fault.column << " " << fault.say);
      REQUIRE(map);
      CHECK(faults.empty());
      const auto cases = cases_of(file);
      CHECK_FALSE(cases.empty());
      for (const auto& one : cases) {
        const auto problems = run_case(*map, one);
        for (const auto& problem : problems) UNSCOPED_INFO(problem);
        CHECK(problems.empty());
      }
    }
  }
}
