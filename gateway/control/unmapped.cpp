#include "gateway/control/commands.h"

namespace gateway::control {

using fhir::JsonTree;

/// The codes that tables of maps had no answer to, most frequent first.
void unmapped(const Desk& desk, Asked, Reply reply) {
  const auto codes = desk.world.store.unmapped_codes();
  if (!codes) return reply(failed(codes.error()));
  JsonTree answer = JsonTree::object({{"codes", JsonTree::array()}});
  for (const auto& one : *codes)
    answer["codes"].push(JsonTree::object({{"table", one.table},
                                           {"code", one.code},
                                           {"display", one.display},
                                           {"count", number(one.count)},
                                           {"first", exchange::instant(one.first)},
                                           {"last", exchange::instant(one.last)},
                                           {"map", one.map},
                                           {"place", one.place}}));
  reply(json(200, answer));
}

}  // namespace gateway::control
