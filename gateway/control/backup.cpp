// Backups: begun, asked after, given up.
#include "gateway/control/commands.h"

namespace gateway::control {

using fhir::JsonTree;

void backup_begin(const Desk& desk, Asked asked, Reply reply) {
  const auto begun = desk.operations.backups.begin(std::string(asked.parameter("to")), asked.user);
  if (!begun) return reply(failed(begun.error()));
  reply(json(200, JsonTree::object({{"backup", number(*begun)}})));
}

void backup_progress(const Desk& desk, Asked asked, Reply reply) {
  const auto state = desk.operations.backups.ask(id_of(asked.path[0]));
  reply(state ? json(200, *state) : failed(state.error()));
}

void backup_stop(const Desk& desk, Asked, Reply reply) {
  desk.operations.backups.give_up();
  reply(json(200, JsonTree::object({{"stopping", JsonTree::boolean(true)}})));
}

}  // namespace gateway::control
