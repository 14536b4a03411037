// The official validator tests that need R4's own definitions only, where CAUSEWAY_SUITES names the folder that holds
// them: validator/tests.json. A run is right when we find errors exactly where the reference validator does. The floors
// only ever rise. CAUSEWAY_VERBOSE=1 lists the runs that differ, and those whose errors stand at other paths;
// docs/VALIDATION.md gives the reasons.
#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "fhir/resource.h"
#include "fhir/validate/messages.h"
#include "fhir/validate/structure.h"

using namespace fhir;

namespace {

// Of the runs without a profile.
constexpr int kWrongFound = 75;
constexpr int kRightFound = 85;

std::string read(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

bool is_error(const Issue& issue) { return issue.severity == Severity::error || issue.severity == Severity::fatal; }

/// "Bundle.entry[0].resource/*Patient/p1*/.gender: sentence" -> "Bundle.entry.resource.gender": the reference counts
/// from 0 here and from 1 there, and names the same element in several ways.
std::string path_of(std::string_view text) {
  std::string path;
  const std::string_view before = text.substr(0, text.find(": "));
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (before.substr(i, 2) == "/*") i = before.find("*/", i) + 2;
    if (before[i] == '[') i = before.find(']', i) + 1;
    if (i < before.size() && before[i] != '[') path += before[i];
    if (i < before.size() && before[i] == '[') --i;
  }
  if (const auto type = path.find(".ofType("); type != path.npos) path.erase(type, path.find(')', type) + 1 - type);
  return path;
}

class Suite {
 public:
  explicit Suite(std::filesystem::path folder) : folder_(std::move(folder)) {}

  Issues validate_run(JsonView run) {
    std::vector<Json> documents;
    validate::Library library;
    documents.reserve(run["supporting"].size());
    for (const JsonView file : run["supporting"]) {
      auto help = read_resource(read(folder_ / file.text()));
      if (!help) continue;
      documents.push_back(std::move(help->resource));
      library.add(documents.back().root());
    }
    auto resource = read_resource(read(folder_ / run["file"].text()));
    if (!resource) return {validate::to_issue(resource.error(), Language::en)};
    Issues issues = std::move(resource->issues);
    std::ranges::move(validate::check_structure(resource->resource.root(), {.thorough = true, .with = &library}),
                      std::back_inserter(issues));
    return issues;
  }

 private:
  std::filesystem::path folder_;
};

struct Tally {
  int wrong = 0, wrong_found = 0, right = 0, right_found = 0, other_paths = 0;
};

std::set<std::string> paths_of(JsonView texts) {
  std::set<std::string> paths;
  for (const JsonView text : texts) paths.insert(path_of(text.text()));
  return paths;
}

std::set<std::string> paths_of(const Issues& issues) {
  std::set<std::string> paths;
  for (const Issue& issue : issues)
    if (is_error(issue)) paths.insert(path_of(issue.expression));
  return paths;
}

void show(JsonView run, const Issues& issues, std::string_view what) {
  fmt::print("{} {} ({})\n", what, run["name"].text(), run["file"].text());
  for (const JsonView text : run["expected"]["error_texts"]) fmt::print("    wanted {}\n", text.text().substr(0, 180));
  for (const Issue& issue : issues)
    if (is_error(issue)) fmt::print("    found  {}: {} [{}]\n", issue.expression, issue.details, issue.detail_code);
}

void judge(JsonView run, const Issues& issues, Tally& tally, bool verbose) {
  const bool wrong = run["expected"]["errors"].text() != "0";
  const bool found = has_errors(issues);
  (wrong ? tally.wrong : tally.right) += 1;
  if (wrong && found) tally.wrong_found += 1;
  if (!wrong && !found) tally.right_found += 1;
  if (wrong != found && verbose) show(run, issues, wrong ? "MISSED" : "FALSE ");
  if (!wrong || !found || paths_of(run["expected"]["error_texts"]) == paths_of(issues)) return;
  tally.other_paths += 1;
  if (verbose) show(run, issues, "PATHS ");
}

}  // namespace

TEST_CASE("the official validator runs are judged as the reference judges them, at least as many as before",
          "[validate][suite]") {
  const char* suites = std::getenv("CAUSEWAY_SUITES");
  if (suites == nullptr) {
    WARN("skipped: CAUSEWAY_SUITES is not set");
    return;
  }
  const std::filesystem::path folder = std::filesystem::path(suites) / "validator";
  const Result<Json> runs = Json::parse(read(folder / "tests.json"));
  REQUIRE(runs.has_value());
  Suite suite(folder);
  Tally tally;
  const bool verbose = std::getenv("CAUSEWAY_VERBOSE") != nullptr;
  for (const JsonView run : runs->root()) {
    if (run["profile"]) continue;
    INFO(run["name"].text());
    judge(run, suite.validate_run(run), tally, verbose);
  }
  fmt::print("validator wrong found wrong {:>3} of {:>3}\n", tally.wrong_found, tally.wrong);
  fmt::print("validator right found right {:>3} of {:>3}\n", tally.right_found, tally.right);
  fmt::print("validator found wrong at other paths {:>3}\n", tally.other_paths);
  CHECK(tally.wrong_found >= kWrongFound);
  CHECK(tally.right_found >= kRightFound);
}
