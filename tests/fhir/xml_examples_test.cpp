// XML and back, over the resources of the official R4 package: not a byte is lost outside the narrative, and the
// narrative is the same in its one form.
#include <algorithm>
#include <catch2/catch.hpp>
#include <set>
#include <string>

#include "fhir/xhtml.h"
#include "fhir/xml.h"
#include "tests/fhir/official_package.h"

using namespace fhir;

namespace {

constexpr std::uintmax_t kLargest = 60'000;  // all of them: ./dev suites

/// With every narrative in its one form.
JsonTree tidied(JsonTree tree) {
  for (auto& [name, child] : tree.children()) {
    if (name == "div" && child.kind() == JsonKind::string) {
      if (auto tidy = tidy_xhtml(child.text())) child = JsonTree::string(*std::move(tidy));
    } else {
      child = tidied(std::move(child));
    }
  }
  return tree;
}

/// With the members of every object by name: XML puts them in the order of the standard.
JsonTree ordered(JsonTree tree) {
  for (auto& [name, child] : tree.children()) child = ordered(std::move(child));
  if (tree.kind() == JsonKind::object) std::ranges::sort(tree.children(), {}, &JsonTree::Member::first);
  return tree;
}

struct Journey {
  std::string fault;  // why it ended early
  JsonTree before, after;
};

Journey there_and_back(JsonView resource) {
  const auto xml = to_xml(resource);
  if (!xml) return {to_string(xml.error()), {}, {}};
  const auto back = from_xml(*xml);
  if (!back) return {to_string(back.error()), {}, {}};
  if (!back->issues.empty()) return {back->issues.front().details, {}, {}};
  return {"", tidied(JsonTree::from(resource)), JsonTree::from(back->resource.root())};
}

}  // namespace

TEST_CASE("official resources survive JSON to XML to JSON", "[xml][examples]") {
  const auto files = test::official_resources(kLargest);
  if (files.empty()) WARN("no R4 package in node_modules: nothing was looked at");
  std::set<std::string> changed;
  int reordered = 0;
  for (const auto& file : files) {
    const auto json = Json::parse(test::read_file(file));
    REQUIRE(json);
    Journey journey = there_and_back(json->root());
    if (journey.fault.empty() && journey.before.dump() == journey.after.dump()) continue;
    const bool same = journey.fault.empty() && ordered(journey.before) == ordered(journey.after);
    if (!same) changed.insert(file.filename().string() + ": " + journey.fault);
    ++reordered;
  }
  CHECK(changed == std::set<std::string>{});
  CHECK(reordered * 50 < static_cast<int>(files.size()) + 50);  // some have members in no order of the standard's
}
