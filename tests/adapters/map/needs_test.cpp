// What is not walked because the record has nothing for it (needs.h) makes no difference that anybody could see.
#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>

#include "adapters/map/map.h"
#include "adapters/map/record_file.h"
#include "adapters/map/rules.h"
#include "adapters/map/run.h"

using namespace adapters::map;
namespace fs = std::filesystem;

namespace {

std::vector<fs::path> files_below(const fs::path& folder, std::string_view ending) {
  std::vector<fs::path> found;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.path().string().ends_with(ending)) found.push_back(entry.path());
  std::ranges::sort(found);
  return found;
}

/// Everything a run tells. With a trace every node is walked.
std::string told(const Plan& plan, const std::string& record, bool walk_everything) {
  std::vector<Unmapped> unmapped;
  const Site site{.id = "harbour",
                  .identifier_base = "https://gw.example/sid/",
                  .zone_offset = "+08:00",
                  .now = "2026-03-12T09:15:00+08:00",
                  .unmapped = &unmapped};
  Trace trace;
  const auto outcome = run_plan(plan, record, site, walk_everything ? &trace : nullptr);
  std::string out;
  if (outcome) {
    out = outcome->bundle.dump();
    for (const Note& note : outcome->report.notes)
      out += fmt::format("\n{} {} {} {} {}", static_cast<int>(note.fate), note.source, note.rule, note.code, note.say);
  } else {
    out = to_string(outcome.error());
  }
  for (const Unmapped& one : unmapped) out += fmt::format("\n{} {} {}", one.table, one.code, one.place);
  return out;
}

/// The record with one of its lines left out, for each of them but the first.
std::vector<std::string> with_a_line_less(const std::string& record) {
  std::vector<std::string> all;
  for (auto at = record.find('\r'); at != std::string::npos && at + 1 < record.size();) {
    const auto end = std::min(record.find('\r', at + 1), record.size());
    all.push_back(record.substr(0, at) + record.substr(end));
    at = end;
  }
  return all;
}

}  // namespace

TEST_CASE("a map says the same whether it walks everything or only what the record has something for", "[map][needs]") {
  std::vector<std::string> records;
  for (const auto& file : files_below(CAUSEWAY_SOURCE_DIR "/mappings", ".hl7"))
    if (auto record = read_record(file, "UTF-8")) records.push_back(std::move(*record));
  REQUIRE(records.size() > 40);
  std::size_t compared = 0;
  for (const auto& file : files_below(CAUSEWAY_SOURCE_DIR "/mappings", ".map.yaml")) {
    std::vector<FileFault> faults;
    const auto map = Map::load(file, faults);
    REQUIRE(map != nullptr);
    if (map->plan()->source != Format::hl7v2) continue;
    INFO(file);
    for (std::size_t i = 0; i < records.size(); ++i) {
      const bool own = map->accepts(records[i].substr(0, 200).find("ORU") != std::string::npos ? "ORU^R01" : "REF^I12");
      auto variants = own ? with_a_line_less(records[i]) : std::vector<std::string>{};
      variants.push_back(records[i]);
      for (const auto& record : variants) {
        const auto walked = told(*map->plan(), record, true), quick = told(*map->plan(), record, false);
        if (walked != quick) CHECK(walked == quick);
        ++compared;
      }
    }
  }
  CHECK(compared > 1000);
}
