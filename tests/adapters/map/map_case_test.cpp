#include "adapters/map/map_case.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <map>

#include "adapters/map/coverage.h"

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
        const auto problems = run_case(*map, one).problems;
        for (const auto& problem : problems) UNSCOPED_INFO(problem.text());
        CHECK(problems.empty());
      }
    }
  }
}

TEST_CASE("no rule of a site's map is untested", "[map][coverage]") {
  std::map<std::string, std::vector<fs::path>> sites;
  for (const auto& map : shipped_maps())
    if (const auto site = map.parent_path().filename().string(); site != "base") sites[site].push_back(map);
  REQUIRE(sites.size() >= 6);
  for (const auto& [site, maps] : sites) {
    const auto coverage = cover(Collection{maps, {}, {}, {}});
    for (const auto& file : coverage.files)
      for (const auto& rule : file.rules) {
        INFO(file.file << ":" << rule.line << ":" << rule.column << " no test makes " << rule.id);
        CHECK(rule.made);
      }
  }
}

namespace {

/// A mapping folder with one map of CSV and one test.
struct Folder {
  Folder() : root(fs::temp_directory_path() / "causeway-map-case-test") {
    fs::remove_all(root);
    fs::create_directories(root / "base");
    fs::create_directories(root / "north" / "case.tests");
    write("north/case.map.yaml", R"(map: north/case
source: {format: csv, accept: [no], columns: [no, name, sex]}
resources:
  header:
    resource: MessageHeader
    identity: [no]
    event: {Coding: {code: {const: report}}}
    source: {endpoint: "= %site"}
    focus: [{ref: patient}]
  patient:
    resource: Patient
    identity: [no]
    identifier: [{value: no}]
    name: [{text: name}]
    gender: {switch: sex, M: {const: male}, else: {const: unknown}}
)");
    write("north/case.tests/01.csv", "no,name,sex\n7,Ann,M\n");
  }
  ~Folder() { fs::remove_all(root); }
  Folder(const Folder&) = delete;

  void write(const std::string& file, const std::string& text) const { std::ofstream(root / file) << text; }
  fs::path map() const { return root / "north/case.map.yaml"; }
  std::vector<Problem> problems(const std::string& expectation, bool update = false) const {
    write("north/case.tests/01.expect.yaml", expectation);
    return test(map(), {}, update).cases.at(0).problems;
  }

  fs::path root;
};

}  // namespace

TEST_CASE("an expectation that does not hold is told with its line", "[map][tests]") {
  const Folder folder;
  CHECK(folder.problems("counts: {Patient: 1}\n").empty());
  const auto wrong = folder.problems("asserts:\n  - \"entry.count() = 2\"\n  - \"entry.count() = 3\"\n");
  REQUIRE(wrong.size() == 1);
  CHECK(wrong[0].text() == "01.expect.yaml:3:5: does not hold");
  CHECK(folder.problems("assert: []\n").at(0).say.find("did you mean 'asserts'?") != std::string::npos);
}

TEST_CASE("warnings are expected completely", "[map][tests]") {
  const Folder folder;
  CHECK(folder.problems("warnings: []\n").empty());
  folder.write("north/case.tests/01.csv", "no,name,sex\n7,Ann,X\n");
  CHECK(folder.problems("warnings: [{source: sex, code: not-mapped}]\n").empty());
  const auto unexpected = folder.problems("warnings: []\n");
  REQUIRE(unexpected.size() == 1);
  CHECK(unexpected[0].say.find("not expected: sex not-mapped") != std::string::npos);
  CHECK(folder.problems("warnings: [{source: sex}, {source: name}]\n").size() == 1);
}

TEST_CASE("a golden is written when asked for, compared place by place, and may have places that do not count",
          "[map][tests]") {
  const Folder folder;
  const std::string expectation = "golden: 01.golden.json\nignore: [timestamp]\n";
  CHECK(folder.problems(expectation).at(0).say.find("--update") != std::string::npos);
  CHECK(folder.problems(expectation, true).empty());
  CHECK(folder.problems(expectation).empty());
  folder.write("north/case.tests/01.csv", "no,name,sex\n7,Bob,X\n");
  const auto differs = folder.problems(expectation);
  REQUIRE(differs.size() == 3);
  CHECK(differs[1].file.ends_with("01.golden.json"));
  CHECK(differs[1].line > 1);
  CHECK(differs[1].say == "entry[1].resource.name[0].text: expected \"Ann\", is \"Bob\"");
  CHECK(differs[2].say == "entry[1].resource.gender: expected \"male\", is \"unknown\"");
  CHECK(folder.problems("golden: 01.golden.json\nignore: [Patient.name, entry.resource.gender]\n").empty());
  CHECK(folder.problems("golden: 01.golden.json\nignore: [Patient.*, 'entry[0]']\n").empty());
  CHECK(folder.problems("golden: 01.golden.json\nignore: ['entry[0]', Patient.gender]\n").size() == 2);
}

TEST_CASE("coverage counts each branch where it is written", "[map][coverage]") {
  const Folder folder;
  folder.problems("counts: {Patient: 1}\n");
  const std::vector<fs::path> maps{folder.map()};
  const auto coverage = cover(Collection{maps, {}, {}, {}});
  REQUIRE(coverage.files.size() == 1);
  const auto& rules = coverage.files[0].rules;
  const auto missing = std::ranges::count(rules, false, &Coverage::Rule::made);
  CHECK(missing == 1);
  const auto other = std::ranges::find(rules, false, &Coverage::Rule::made);
  CHECK(other->line == 15);
  CHECK(other->id == "patient.gender");
}

TEST_CASE("coverage counts the rules of parts and sub-maps that the maps use", "[map][coverage]") {
  const Folder folder;
  folder.write(
      "base/csv.datatypes.yaml",
      "source: csv\ndatatypes:\n  Named:\n    makes: HumanName\n    text: name\n    given: [{from: [given]}]\n");
  folder.write("base/more.part.yaml", "resources:\n  patient:\n    active: {const: true}\n");
  folder.write("north/case.map.yaml", R"(map: north/case
extends: base/more
source: {format: csv, accept: [no], columns: [no, name, sex, given]}
resources:
  header:
    resource: MessageHeader
    identity: [no]
    event: {Coding: {code: {const: report}}}
    source: {endpoint: "= %site"}
    focus: [{ref: patient}]
  patient:
    resource: Patient
    identity: [no]
    name: [{use: Named}]
)");
  folder.problems("counts: {Patient: 1}\n");
  const std::vector<std::string> places{folder.root.string()};
  const auto found = collect(places);
  REQUIRE(found);
  std::map<std::string, std::pair<std::size_t, std::size_t>> rules;
  for (const auto& file : cover(*found).files)
    rules[fs::path(file.file).filename().string()] = {file.exercised(), file.rules.size()};
  CHECK(rules["more.part.yaml"] == std::pair<std::size_t, std::size_t>(1, 1));
  CHECK(rules["csv.datatypes.yaml"] == std::pair<std::size_t, std::size_t>(1, 2));
}

TEST_CASE("a test reads and writes only within its folder", "[map][tests]") {
  const Folder folder;
  folder.write("north/secret.csv", "no,name,sex\n7,Ann,M\n");
  for (const auto* leaves : {"../secret.csv", "/etc/passwd", "sub/../../secret.csv"}) {
    const auto input = folder.problems("counts: {Patient: 1}\ninput: " + std::string(leaves) + "\n");
    REQUIRE(input.size() == 1);
    CHECK(input[0].text().starts_with("01.expect.yaml:2:8: `input:` names a file in the folder of the tests"));
    const auto golden = folder.problems("golden: " + std::string(leaves) + "\n", true);
    REQUIRE(golden.size() == 1);
    CHECK(golden[0].say.starts_with("`golden:` names"));
  }
  fs::create_directories(folder.root / "north/other.tests");
  folder.write("north/other.tests/07.csv", "no,name,sex\n7,Ann,M\n");
  CHECK(folder.problems("counts: {Patient: 1}\ninput: ../other.tests/07.csv\n").empty());
  CHECK(folder.problems("golden: ../other.tests/07.csv\n", true).size() == 1);
  std::ifstream kept(folder.root / "north/secret.csv");
  CHECK(std::string(std::istreambuf_iterator(kept), {}) == "no,name,sex\n7,Ann,M\n");
}

TEST_CASE("a map whose tests fail is not activated, and the fault names test and line", "[map][tests]") {
  const Folder folder;
  folder.problems("asserts:\n  - \"entry.count() = 3\"\n");
  std::vector<FileFault> faults;
  const auto map = Map::load(folder.map(), faults);
  REQUIRE(map);
  CHECK_FALSE(passes_its_tests(*map, folder.map(), faults));
  REQUIRE(faults.size() == 1);
  CHECK(faults[0].code == "E0234");
  CHECK(faults[0].file.ends_with("01.expect.yaml"));
  CHECK(faults[0].line == 2);
}
