#include "gateway/control/commands.h"

namespace gateway::control {

using fhir::JsonTree;

void status(const Desk& desk, Asked, Reply reply) {
  const auto config = desk.world.config();
  const auto counts = desk.world.store.counts();
  if (!counts) return reply(failed(counts.error()));
  JsonTree told = JsonTree::object({{"site", config->site},
                                    {"config", config->hash},
                                    {"waiting", number(counts->waiting)},
                                    {"in_flight", number(counts->claimed)},
                                    {"dead", number(counts->dead)},
                                    {"held", number(counts->held)}});
  JsonTree paused = JsonTree::array();
  for (const auto& [destination, pause] : desk.courier.paused()) {
    paused.push(JsonTree::object({{"destination", destination}, {"reason", pause.reason}}));
  }
  told.set("paused", std::move(paused));
  reply(json(200, told));
}

}  // namespace gateway::control
