#include "adapters/map/roundtrip.h"

#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <string>

#include "adapters/map/map_case.h"

using namespace adapters::map;
namespace fs = std::filesystem;

namespace {

/// A mapping folder with one map and one test of it.
struct Folder {
  fs::path path = fs::temp_directory_path() / ("causeway-roundtrip-" + std::to_string(::getpid()));
  Folder() { fs::create_directories(path / "base" / "a.tests"); }
  ~Folder() { fs::remove_all(path); }
  fs::path write(const std::string& name, const std::string& text) const {
    std::ofstream(path / "base" / name, std::ios::binary) << text;
    return path / "base" / name;
  }
  std::vector<std::string> problems(const std::string& expectation) const {
    std::vector<FileFault> faults;
    const auto map = Map::load(write("a.map.yaml",
                                     "map: base/a\nsource: {format: hl7v2, accept: [ORU^R01]}\nresources:\n"
                                     "  header:\n    resource: MessageHeader\n    identity: MSH-10\n"
                                     "    event: {Coding: {code: MSH-9.2, display: {from: MSH-9, whole: true}}}\n"
                                     "    source: {endpoint: \"= %site\", name: MSH-10}\n"
                                     "  patient: {resource: Patient, identity: MSH-10, birthDate: PID-7}\n"),
                               faults);
    REQUIRE(map);
    write("a.tests/01.hl7", "MSH|^~\\&|||||||ORU^R01|7\rPID|||||LI^SI||19590812\r");
    std::vector<std::string> said;
    for (const auto& problem : run_case(*map, write("a.tests/01.expect.yaml", expectation)).problems)
      said.push_back(problem.say);
    return said;
  }
};

}  // namespace

TEST_CASE("roundtrip: tells what does not come back, and what was said to be lost and is not", "[back]") {
  const Folder folder;
  CHECK(folder.problems("roundtrip: true\n") ==
        std::vector<std::string>{"PID-5.1 does not come back", "PID-5.2 does not come back"});
  CHECK(folder.problems("roundtrip: {lost: [PID-5]}\n").empty());
  CHECK(folder.problems("roundtrip: {lost: [PID-5, PID-7]}\n") ==
        std::vector<std::string>{"PID-7 comes back after all"});
  CHECK(folder.problems("roundtrip: no\n").size() == 1);
}
