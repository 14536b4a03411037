// The keys of official examples as they were worked out by hand from the specification, in tests/cases/keys, against
// ours; and all official examples have keys.
#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <set>
#include <sstream>

#include "fhir/search/keys.h"
#include "tests/fhir/official_package.h"

using namespace fhir;

namespace {

const auto kPackage = std::filesystem::path(CAUSEWAY_SOURCE_DIR) / "node_modules/hl7.fhir.r4.examples";
const auto kGoldens = std::filesystem::path(CAUSEWAY_SOURCE_DIR) / "tests/cases/keys";

using Lines = std::set<std::string>;

/// Members in the order of docs/KEYS.md, whatever order a person wrote them in.
JsonTree ordered(const JsonTree& tree) {
  static const std::vector<std::string> kOrder = {
      "param",  "type", "target", "url",       "version", "identifier", "folded",   "text",      "low",  "high",
      "system", "code", "unit",   "canonical", "value",   "uri",        "latitude", "longitude", "parts"};
  std::vector<JsonTree::Member> members = tree.children();
  const auto place = [](const JsonTree::Member& member) {
    return std::ranges::find(kOrder, member.first) - kOrder.begin();
  };
  if (tree.kind() == JsonKind::object) std::ranges::sort(members, {}, place);
  JsonTree result = tree;
  result.children().clear();
  for (auto& [name, child] : members) result.children().emplace_back(name, ordered(child));
  return result;
}

Lines lines_of(const std::string& text, const std::string& name) {
  Lines lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    if (line.empty()) continue;
    const auto json = Json::parse(line);
    if (!json)
      FAIL_CHECK(name << " holds a line that is no JSON: " << line);
    else
      lines.insert(ordered(JsonTree::from(json->root())).dump());
  }
  return lines;
}

std::string without(const Lines& all, const Lines& known, const char* mark) {
  std::string out;
  for (const std::string& line : all)
    if (!known.contains(line)) out += std::string(mark) + line + "\n";
  return out;
}

}  // namespace

TEST_CASE("the keys of official examples are those that people worked out by hand", "[keys][goldens]") {
  if (!std::filesystem::exists(kPackage)) return;
  const search::Parameters parameters;
  std::size_t compared = 0;
  for (const auto& golden : std::filesystem::directory_iterator(kGoldens)) {
    if (golden.path().extension() != ".keys") continue;
    const std::string name = golden.path().stem().string();
    const auto resource = Json::parse(test::read_file(kPackage / (name + ".json")));
    if (!resource) {
      FAIL_CHECK(name << ": no such example");
      continue;
    }
    const auto keys = parameters.keys(resource->root());
    if (!keys) {
      FAIL_CHECK(name << ": " << to_string(keys.error()));
      continue;
    }
    std::string text;
    for (const search::Key& key : keys->all) text += to_json(key) + "\n";
    const Lines ours = lines_of(text, name), theirs = lines_of(test::read_file(golden.path()), name);
    ++compared;
    if (ours != theirs)
      FAIL_CHECK(name << "\n"
                      << without(theirs, ours, "  expected, not there: ")
                      << without(ours, theirs, "  there, not expected: "));
  }
  CHECK(compared >= 100);
}

TEST_CASE("every official example has keys, each once, by parameter", "[keys][examples]") {
  const search::Parameters parameters;
  for (const auto& file : test::official_resources(150'000)) {
    INFO(file.filename().string());
    const auto resource = Json::parse(test::read_file(file));
    REQUIRE(resource);
    const auto keys = parameters.keys(resource->root());
    if (!keys) FAIL(to_string(keys.error()));
    CHECK(std::ranges::is_sorted(keys->all, {}, &search::Key::parameter));
  }
}
