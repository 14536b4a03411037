#include "gateway/control/commands.h"

namespace gateway::control {
namespace {

using fhir::JsonTree;

constexpr std::size_t kMost = 1000;  // of one door in one state
constexpr std::string_view kStates[] = {"taken", "waiting", "rejected", "gone"};

std::string_view name_of(store::RowState state) { return kStates[static_cast<std::size_t>(state)]; }

JsonTree told(const store::RowMark& mark) {
  return JsonTree::object({{"door", mark.door},
                           {"state", name_of(mark.state)},
                           {"key", mark.key},
                           {"reason", mark.reason},
                           {"since", exchange::instant(mark.at)},
                           {"message", number(mark.message)}});
}

}  // namespace

/// How many rows of staging databases are in which state, and those that do not leave, the longest first.
void rows(const Desk& desk, Asked, Reply reply) {
  const auto counts = desk.world.store.row_counts();
  if (!counts) return reply(failed(counts.error()));
  JsonTree answer = JsonTree::object({{"counts", JsonTree::array()}, {"rows", JsonTree::array()}});
  for (const auto& [door, state, count, oldest] : *counts) {
    answer["counts"].push(JsonTree::object(
        {{"door", door}, {"state", name_of(state)}, {"count", number(count)}, {"oldest", exchange::instant(oldest)}}));
    if (state != store::RowState::waiting && state != store::RowState::rejected) continue;
    const auto marks = desk.world.store.row_marks_in(door, state, kMost);
    if (!marks) return reply(failed(marks.error()));
    for (const auto& mark : *marks) answer["rows"].push(told(mark));
  }
  reply(json(200, answer));
}

}  // namespace gateway::control
