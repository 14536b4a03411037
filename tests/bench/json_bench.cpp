// json_bench [FILE...]: megabytes a second of our JSON beside RapidJSON's own document, in one run; and what it costs
// to open the R4 definitions and to check a document's structure. Without a file a Bundle of laboratory results is made
// up. Each figure is the best of the repetitions: what the machine can do, not what its other guests left of it.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>

#include "fhir/definitions/definitions.h"
#include "fhir/json.h"
#include "fhir/validate/structure.h"
#include "tests/bench/rapidjson_dom.h"

using namespace fhir;

namespace {

using Clock = std::chrono::steady_clock;

double seconds(const std::function<void()>& work) {
  const auto start = Clock::now();
  work();
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// `prepare` runs before each repetition and is not counted.
double best(const std::function<void()>& work, const std::function<void()>& prepare = [] {}) {
  double least = 1e9, spent = 0;
  for (int i = 0; i < 400 && spent < 1.0; ++i) {
    prepare();
    const double now = seconds(work);
    least = std::min(least, now);
    spent += now;
  }
  return least;
}

/// About a megabyte, as compact as gateways send it.
std::string made_up_bundle() {
  JsonTree bundle = JsonTree::object({{"resourceType", "Bundle"}, {"type", "collection"}});
  for (int i = 0; i < 1400; ++i) {
    JsonTree observation =
        JsonTree::object({{"resourceType", "Observation"}, {"id", fmt::format("o-{}", i)}, {"status", "final"}});
    observation["identifier"].push(
        JsonTree::object({{"system", "https://lab.example/sid/result"}, {"value", fmt::format("20260314-{:05}", i)}}));
    observation["code"]["coding"].push(
        JsonTree::object({{"system", "http://loinc.org"}, {"code", "24108-3"}, {"display", "糖类抗原19-9"}}));
    observation["subject"] = JsonTree::object({{"reference", "urn:uuid:c757873d-ec9a-4326-a141-556f43239520"}});
    observation.set("effectiveDateTime", "2026-03-14T09:30:00+08:00");
    observation["valueQuantity"] = JsonTree::object({{"value", JsonTree::number(fmt::format("{}.{:02}", i, i % 100))},
                                                     {"unit", "U/mL"},
                                                     {"system", "http://unitsofmeasure.org"},
                                                     {"code", "[arb'U]/mL"}});
    observation["referenceRange"].push(JsonTree::object({{"text", "0.00\t-\t37.00 \"serum\""}}));
    bundle["entry"].push(JsonTree::object(
        {{"fullUrl", fmt::format("https://lab.example/fhir/Observation/o-{}", i)}, {"resource", observation}}));
  }
  return bundle.dump();
}

void line(std::string_view what, std::size_t bytes, double ours, double theirs) {
  const auto speed = [&](double time) { return static_cast<double>(bytes) / time / 1e6; };
  fmt::print("  {:<22}{:>8.0f} MB/s   RapidJSON {:>6.0f} MB/s   {:.2f}x\n", what, speed(ours), speed(theirs),
             theirs / ours);
}

void compare(const std::string& name, const std::string& text) {
  fmt::print("{} ({} bytes)\n", name, text.size());
  std::size_t sink = 0;
  std::string own;  // what was received is handed over, not copied
  const double parse = best([&] { sink += Json::parse(std::move(own)).has_value() ? 1 : 0; }, [&] { own = text; });
  const double their_parse = best([&] { sink += bench::RapidJsonDom().parse(text) ? 1 : 0; });
  line("parse, with its checks", text.size(), parse, their_parse);
  const auto json = Json::parse(text);
  if (!json) return fmt::print("  {}\n", to_string(json.error()));
  bench::RapidJsonDom theirs;
  sink += theirs.parse(text) ? 1 : 0;
  const double dump = best([&] { sink += json->root().dump().size(); });
  const double their_dump = best([&] { sink += theirs.write(); });
  line("write", text.size(), dump, their_dump);
  const double check = best([&] { sink += validate::check_structure(json->root()).size(); });
  fmt::print("  {:<22}{:>8.0f} MB/s   ({:.2f} ms)\n", "check structure", static_cast<double>(text.size()) / check / 1e6,
             check * 1e3);
  if (sink == 0) fmt::print("\n");  // so that nothing is optimised away
}

}  // namespace

int main(int count, char** arguments) {
  const double open = seconds([] { (void)find_type("Patient"); });
  fmt::print("open the definitions: {:.2f} ms ({} types)\n", open * 1e3, all_types().size());
  if (count < 2) compare("made-up Bundle", made_up_bundle());
  for (int i = 1; i < count; ++i) {
    std::ifstream in(arguments[i], std::ios::binary);
    compare(arguments[i], std::string(std::istreambuf_iterator<char>(in), {}));
  }
}
