// What goes in and out, by the other side: counts since the start, for `causeway top` to take differences of.
#include <map>

#include "gateway/control/commands.h"

namespace gateway::control {
namespace {

using fhir::JsonTree;

struct Side {
  exchange::Tally::Line count;
  store::Backlog backlog;
  std::string paused;  // why, while it is
};

using Sides = std::map<std::string, Side>;

// Every door, peer and system there is, also those that nothing has come from or gone to.
Sides configured(const config::Config& config) {
  Sides sides;
  for (const auto& door : config.doors) sides[door.label()];
  for (const auto& system : config.systems) sides["local:" + system.name];
  for (const auto& peer : config.peers) sides["peer:" + peer.name];
  return sides;
}

JsonTree told(const std::string& name, const Side& side, store::Millis now) {
  const auto age = side.backlog.oldest == 0 ? 0 : (now - side.backlog.oldest) / 1000;
  JsonTree line = JsonTree::object({{"name", name},
                                    {"in", number(side.count.in)},
                                    {"turned", number(side.count.turned)},
                                    {"out", number(side.count.out)},
                                    {"failed", number(side.count.failed)},
                                    {"waiting", number(side.backlog.waiting)},
                                    {"in_flight", number(side.backlog.claimed)},
                                    {"dead", number(side.backlog.dead)},
                                    {"held", number(side.backlog.held)},
                                    {"oldest_seconds", number(age)}});
  if (!side.paused.empty()) line.set("paused", side.paused);
  return line;
}

}  // namespace

void traffic(const Desk& desk, Asked, Reply reply) {
  const auto config = desk.world.config();
  const auto backlogs = desk.world.store.backlogs();
  if (!backlogs) return reply(failed(backlogs.error()));
  Sides sides = configured(*config);
  for (const auto& backlog : *backlogs) sides[backlog.destination].backlog = backlog;
  for (const auto& [name, line] : desk.world.tally->lines()) sides[name].count = line;
  for (const auto& [name, pause] : desk.courier.paused()) sides[name].paused = pause.reason;
  const auto now = desk.world.clock.now();
  JsonTree list = JsonTree::array();
  for (const auto& [name, side] : sides) list.push(told(name, side, now));
  reply(json(200, JsonTree::object({{"site", config->site}, {"at", number(now)}, {"sides", std::move(list)}})));
}

}  // namespace gateway::control
