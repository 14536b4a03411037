// map_bench [--messages N]: microseconds of processor time that one record takes on its way into FHIR, split into
// reading it (parse), the map, and writing the Bundle as JSON (serialise), with two yardsticks from the same run: how
// long the finished Bundle takes to be read by our JSON reader (no map could be faster than what is read from it), and
// what part of the whole the bare parse is; and the way back, from the Bundle to the local record. Then the memory of a
// process that maps N records (100,000) of the cheapest kind, one after the other.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "adapters/hl7v2/message.h"
#include "adapters/map/map.h"
#include "adapters/map/record_file.h"
#include "fhir/json.h"

namespace {

namespace fs = std::filesystem;
using adapters::map::Map;

struct Case {
  std::string_view name, map, record, charset;
};

constexpr Case kCases[] = {
    {"ORU^R01, 10 OBX", "mappings/base/oru_r01", "tests/bench/records/oru_r01_10_obx.hl7", ""},
    {"ORU^R01, a site's map", "mappings/tianjin/oru_r01", "mappings/tianjin/oru_r01.tests/01_gb18030.hl7", "GB18030"},
    {"ADT^A01", "mappings/base/adt", "mappings/base/adt.tests/admit.hl7", ""},
    {"REF^I12", "mappings/base/i12", "mappings/base/i12.tests/referral.hl7", ""},
    {"REF^I12, a site's map", "mappings/huili/ref_i12", "mappings/huili/ref_i12.tests/01_second_opinion.hl7", ""},
    {"row with its children", "mappings/huili/zzyjl", "mappings/huili/zzyjl.tests/01_up_referral.json", ""},
    {"vendor JSON", "mappings/beijing/bsoft_prescription",
     "mappings/beijing/bsoft_prescription.tests/01_letrozole.json", ""},
    {"Bundle to REF^I12", "mappings/base/fhir_ref_i12", "mappings/base/fhir_ref_i12.tests/01_outside_a_report.json",
     ""},
};

const adapters::map::Site kSite{.id = "harbour",
                                .identifier_base = "https://gw.example/sid/",
                                .zone_offset = "+08:00",
                                .now = "2026-03-12T09:15:00+08:00",
                                .unmapped = nullptr};

[[noreturn]] void give_up(std::string_view what) {
  fmt::print(stderr, "map_bench: {}\n", what);
  std::exit(1);
}

/// Processor time of the best of several rounds, so that a busy machine counts little.
double microseconds(const std::function<void()>& work) {
  constexpr int kRounds = 7;
  constexpr std::clock_t kRound = CLOCKS_PER_SEC / 20;
  double best = 1e12;
  for (int round = 0; round < kRounds; ++round) {
    const std::clock_t begin = std::clock();
    std::clock_t now = begin;
    int count = 0;
    for (; now - begin < kRound; now = std::clock(), ++count) work();
    best = std::min(best, static_cast<double>(now - begin) * 1e6 / CLOCKS_PER_SEC / count);
  }
  return best;
}

struct Loaded {
  std::shared_ptr<const Map> map;
  std::string record;

  adapters::map::Outcome run() const {
    auto outcome = map->run(record, kSite);
    if (!outcome) give_up(to_string(outcome.error()));
    return std::move(*outcome);
  }
};

Loaded load(const Case& one) {
  std::vector<adapters::map::FileFault> faults;
  auto map = Map::load(std::string(one.map) + ".map.yaml", faults);
  auto record = adapters::map::read_record(fs::path(one.record), one.charset);
  if (map == nullptr || !record) give_up(fmt::format("cannot load {} or {}", one.map, one.record));
  return {std::move(map), std::move(*record)};
}

void parse(const std::string& record) {
  const bool good = record.starts_with("MSH") ? adapters::hl7v2::Message::parse(record).has_value()
                                              : fhir::Json::parse(record).has_value();
  if (!good) give_up("a record cannot be read");
}

double measure(const Case& one) {
  const auto loaded = load(one);
  const auto outcome = loaded.run();
  const std::string bundle = outcome.local.empty() ? outcome.bundle.dump() : outcome.local;
  const double parsed = microseconds([&] { parse(loaded.record); });
  const double run = microseconds([&] { (void)loaded.run(); });
  std::size_t sink = 0;
  const double written =
      outcome.local.empty() ? microseconds([&] { sink += outcome.bundle.dump().size(); }) : 0;  // its run writes it
  const double yardstick =
      outcome.local.empty() ? microseconds([&] { sink += fhir::Json::parse(bundle)->root().size(); }) : parsed;
  const double whole = run + written;
  // Backwards: the Bundle read, and the local record made of it. Some formats have no way back yet.
  const bool returns = loaded.map->to_fhir() && loaded.map->run_back(bundle, kSite).has_value();
  const double back = returns ? microseconds([&] { sink += loaded.map->run_back(bundle, kSite)->local.size(); }) : 0;
  fmt::print("{:<24}{:>7}{:>8}{:>9.1f}{:>9.1f}{:>9.1f}{:>9.1f}{:>10.1f}{:>8.1f}x{:>9}\n", one.name,
             loaded.record.size(), bundle.size(), parsed, run - parsed, written, whole, yardstick, whole / yardstick,
             returns ? fmt::format("{:.1f}", back) : "-");
  return whole;
}

double resident() {
  std::ifstream status("/proc/self/statm");
  double size = 0, pages = 0;
  status >> size >> pages;
  return pages * 4096 / (1 << 20);
}

void memory(const Case& one, std::size_t messages) {
  const auto loaded = load(one);
  const std::clock_t begin = std::clock();
  std::size_t sink = 0;
  fmt::print("memory over {} messages ({}): ", messages, one.name);
  for (std::size_t n = 0; n < messages; ++n) {
    if (n == 1'000 || n == messages / 10) fmt::print("{:.1f} MiB after {}, ", resident(), n);
    auto outcome = loaded.run();
    sink += outcome.local.empty() ? outcome.bundle.dump().size() : outcome.local.size();
  }
  fmt::print("{:.1f} MiB at the end; {:.0f} s of processor, {:.1f} GB written\n", resident(),
             static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC, static_cast<double>(sink) / 1e9);
}

}  // namespace

int main(int count, char** arguments) {
  std::size_t messages = 100'000;
  if (count == 3 && std::string_view(arguments[1]) == "--messages") {
    const std::string_view digits = arguments[2];
    std::from_chars(digits.data(), digits.data() + digits.size(), messages);
  } else if (count != 1) {
    give_up("map_bench [--messages N], from the project's folder");
  }
  fmt::print("{:<24}{:>7}{:>8}{:>9}{:>9}{:>9}{:>9}{:>10}{:>9}{:>9}\n", "us a record, one core", "bytes", "made",
             "parse", "map", "write", "whole", "read it", "ratio", "back");
  const Case* cheapest = nullptr;
  double least = 1e12;
  for (const Case& one : kCases) {
    const double whole = measure(one);
    if (whole < least && one.record.ends_with(".hl7")) least = whole, cheapest = &one;
  }
  memory(*cheapest, messages);
}
