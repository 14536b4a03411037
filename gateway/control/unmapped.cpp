#include <algorithm>

#include "adapters/map/plan.h"
#include "gateway/control/commands.h"

namespace gateway::control {

using fhir::JsonTree;

namespace {

/// Has the table got a row for it since, in a map as it is in force?
bool has_answer(const store::UnmappedCode& one, const std::vector<std::shared_ptr<const adapters::map::Map>>& maps) {
  return std::ranges::any_of(maps, [&](const auto& map) {
    if (map->name() != one.map || map->plan() == nullptr) return false;
    const auto table = map->plan()->tables.find(one.table);
    return table != map->plan()->tables.end() && table->second != nullptr &&
           table->second->find(one.code, 0) != nullptr;
  });
}

bool has_answer(const store::UnmappedCode& one, const config::Config& config) {
  const auto in_one = [&](const auto& side) { return has_answer(one, side.maps); };
  return std::ranges::any_of(config.doors, in_one) || std::ranges::any_of(config.systems, in_one);
}

}  // namespace

/// The codes that tables of maps had and have no answer to, most frequent first.
void unmapped(const Desk& desk, Asked, Reply reply) {
  const auto codes = desk.world.store.unmapped_codes();
  if (!codes) return reply(failed(codes.error()));
  JsonTree answer = JsonTree::object({{"codes", JsonTree::array()}});
  const auto config = desk.world.config();
  for (const auto& one : *codes) {
    if (has_answer(one, *config)) continue;
    answer["codes"].push(JsonTree::object({{"table", one.table},
                                           {"code", one.code},
                                           {"display", one.display},
                                           {"count", number(one.count)},
                                           {"first", exchange::instant(one.first)},
                                           {"last", exchange::instant(one.last)},
                                           {"map", one.map},
                                           {"place", one.place}}));
  }
  reply(json(200, answer));
}

}  // namespace gateway::control
