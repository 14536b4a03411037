#include "adapters/map/roundtrip.h"

#include <algorithm>
#include <map>
#include <set>

#include "adapters/map/plan.h"
#include "adapters/map/run.h"

namespace adapters::map {
namespace {

/// A place tells its component only where there are several: OBX[3]-5 and OBX[3]-5.1 are the same.
std::string in_full(std::string place, Format format) {
  if (format != Format::hl7v2) return place;
  const auto dash = place.find('-');
  const auto dots =
      std::count(place.begin() + static_cast<std::ptrdiff_t>(std::min(dash, place.size())), place.end(), '.');
  for (auto n = dots; n < 2; ++n) place += ".1";
  return place;
}

/// OBX[3]-5[2].7 -> OBX-5.7
std::string without_occurrences(std::string_view place) {
  std::string out;
  bool bracket = false;
  for (const char c : place) {
    bracket = bracket || c == '[';
    if (!bracket) out += c;
    if (c == ']') bracket = false;
  }
  return out;
}

struct Value {
  std::string shown, text;
};

Result<std::map<std::string, Value>> values_of(const Plan& plan, std::string_view record) {
  const auto source = open_source(plan, record);
  if (!source) return std::unexpected(source.error());
  std::map<std::string, Value> values;
  for (const Spot leaf : (*source)->leaves((*source)->root())) {
    std::string place = (*source)->place(leaf);
    Value value{without_occurrences(place), (*source)->text(leaf)};
    values.emplace(in_full(std::move(place), plan.source), std::move(value));
  }
  return values;
}

}  // namespace

Result<RoundTrip> round_trip(const Map& map, std::string_view record, const Outcome& outcome, const Site& site) {
  auto back = map.run_back(outcome.bundle.dump(), site);
  if (!back) return fhir::pass(back);
  if (map.plan() == nullptr) return fhir::fail(fhir::Fault::unsupported, "map.back-direction", map.name(), "no plan");
  auto before = values_of(*map.plan(), record);
  if (!before) return fhir::pass(before);
  auto after = values_of(*map.plan(), back->local);
  if (!after) return fhir::pass(after);
  RoundTrip trip{.valued = before->size(), .lost = {}, .local = std::move(back->local)};
  std::set<std::string> lost;
  for (const auto& [place, value] : *before) {
    const auto again = after->find(place);
    if (again == after->end() || again->second.text != value.text) lost.insert(value.shown);
  }
  trip.lost.assign(lost.begin(), lost.end());
  return trip;
}

}  // namespace adapters::map
