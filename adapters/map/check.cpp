#include "adapters/map/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "adapters/map/compile.h"
#include "adapters/map/library.h"

namespace adapters::map {
namespace fs = std::filesystem;
namespace {

fs::path whole(const fs::path& path) {
  std::error_code error;
  return fs::absolute(path, error).lexically_normal();
}

void add(Collection& into, const fs::path& file) {
  const auto name = file.filename().string();
  if (name.ends_with(".map.yaml")) into.maps.push_back(whole(file));
  if (name.ends_with(".part.yaml")) into.parts.push_back(whole(file));
  if (name.ends_with(".datatypes.yaml")) into.sub_maps.push_back(whole(file));
  if (name.ends_with(".csv") && file.parent_path().filename() == "codes") into.tables.push_back(whole(file));
}

void tidy(std::vector<fs::path>& files) {
  std::ranges::sort(files);
  files.erase(std::unique(files.begin(), files.end()), files.end());
}

void check_map(const fs::path& file, std::vector<FileFault>& out, const Files& files) {
  Faults reading(out);
  const auto text = Library(file, reading, files).read(file, {reading.add_file(file.string()), 1, 1});
  if (!text) return;
  Faults faults(out);
  compile(*text, file, faults, files, sample_of(file, files));
}

void check_table(const fs::path& file, std::vector<FileFault>& out, const Files& files) {
  Faults faults(out);
  const auto number = faults.add_file(file.string());
  if (const auto text = Library(file, faults, files).read(file, {number, 1, 1}))
    Table::parse(file.stem().string(), *text, number, faults);
}

}  // namespace

Result<Collection> collect(std::span<const std::string> places) {
  Collection found;
  for (const auto& place : places) {
    std::error_code error;
    if (fs::is_directory(place, error)) {
      for (fs::recursive_directory_iterator it(place, error), end; !error && it != end; it.increment(error))
        if (it->is_regular_file(error)) add(found, it->path());
    } else if (fs::is_regular_file(place, error)) {
      add(found, place);
      if (place.ends_with(".csv")) found.tables.push_back(whole(place));
    } else {
      return fhir::fail(fhir::Fault::not_found, "map.file", place, "there is no such file or folder");
    }
  }
  for (auto* files : {&found.maps, &found.parts, &found.sub_maps, &found.tables}) tidy(*files);
  if (found.maps.empty() && found.sub_maps.empty() && found.tables.empty())
    return fhir::fail(fhir::Fault::not_found, "map.none", places.empty() ? "" : places.front(),
                      "there is no map here: maps are called NAME.map.yaml");
  return found;
}

Checked check(const Collection& collection, const Files& files) {
  Checked result;
  for (const auto& file : collection.tables) check_table(file, result.faults, files);
  for (const auto& file : collection.sub_maps) {
    Faults faults(result.faults);
    check_sub_maps(file, faults, files);
  }
  for (const auto& file : collection.maps) check_map(file, result.faults, files);
  std::ranges::sort(result.faults, {}, [](const FileFault& fault) {
    return std::tie(fault.file, fault.line, fault.column, fault.code, fault.say);
  });
  for (const auto& fault : result.faults) ++(fault.warning ? result.warnings : result.errors);
  return result;
}

bool Tested::passes() const {
  return std::ranges::none_of(faults, [](const FileFault& fault) { return !fault.warning; }) &&
         std::ranges::all_of(cases, [](const CaseResult& one) { return one.problems.empty(); });
}

Tested test(const fs::path& file, std::string_view filter, bool update, const Files& files) {
  Tested tested{.map = file, .faults = {}, .cases = {}, .rules = {}, .files = {}};
  const auto map = Map::load(file, tested.faults, files);
  if (map == nullptr || map->plan() == nullptr) return tested;
  Trace trace;
  for (const auto& expectation : cases_of(file, files))
    if (filter.empty() || expectation.string().find(filter) != std::string::npos)
      tested.cases.push_back(run_case(*map, expectation, files, {.update = update, .trace = &trace}));
  tested.rules = rules_of(*map->plan(), trace);
  tested.files = map->plan()->files;
  return tested;
}

bool passes_its_tests(const Map& map, const fs::path& file, std::vector<FileFault>& faults, const Files& files) {
  bool good = true;
  for (const auto& expectation : cases_of(file, files)) {
    const auto result = run_case(map, expectation, files);
    if (result.problems.empty()) continue;
    good = false;
    const auto& first = result.problems.front();
    const auto more = result.problems.size() - 1;
    faults.push_back(
        {.file = first.file,
         .line = first.line,
         .column = first.column,
         .code = "E0234",
         .say = fmt::format("a test of {} fails: {}{}", map.name(), first.say,
                            more == 0 ? "" : fmt::format(" (and {} more)", more)),
         .hint = fmt::format("a map with failing tests is not activated: causeway map test {}\nmend the map, "
                             "or the expectation if it is wrong",
                             file.string())});
  }
  return good;
}

}  // namespace adapters::map
