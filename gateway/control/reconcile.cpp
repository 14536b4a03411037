// Reconciliation, and what came on a day, for the comparison with what its source says it sent.
#include "gateway/control/commands.h"

namespace gateway::control {

using fhir::JsonTree;

void reconcile(const Desk& desk, Asked asked, Reply reply) {
  const auto day = desk.operations.reconciler.day(std::string(asked.parameter("day")));
  if (!day) return reply(failed(day.error()));
  desk.operations.reconciler.compare(*day, std::string(asked.parameter("peer")),
                                     [reply = std::move(reply)](fhir::Result<JsonTree> report) mutable {
                                       reply(report ? json(200, *report) : failed(report.error()));
                                     });
}

void reconcile_reports(const Desk& desk, Asked, Reply reply) {
  auto reports = desk.operations.reconciler.reports();
  if (!reports) return reply(failed(reports.error()));
  JsonTree list = JsonTree::array();
  for (auto& one : *reports) list.push(std::move(one));
  reply(json(200, JsonTree::object({{"reports", std::move(list)}})));
}

// Ids only: what the source calls its messages, and what they are about.
void reconcile_came(const Desk& desk, Asked asked, Reply reply) {
  const auto day = desk.operations.reconciler.day(std::string(asked.parameter("day")));
  if (!day) return reply(failed(day.error()));
  const store::Stretch stretch{day->from, day->until, {}, id_of(asked.parameter("after")), 1000};
  const auto page = desk.world.store.came(stretch);
  if (!page) return reply(failed(page.error()));
  JsonTree list = JsonTree::array();
  for (const auto& message : *page) {
    JsonTree line = JsonTree::object({{"number", number(message.id)},
                                      {"door", message.door},
                                      {"id", message.control_id},
                                      {"event", message.event},
                                      {"state", to_string(message.state)}});
    JsonTree keys = JsonTree::array();
    for (const auto& id : message.business_ids) keys.push(id);
    line.set("keys", std::move(keys));
    list.push(std::move(line));
  }
  JsonTree answer = JsonTree::object({{"day", day->name}});
  answer.set("messages", std::move(list));
  if (page->size() == stretch.limit) answer.set("next", number(page->back().id));
  reply(json(200, answer));
}

}  // namespace gateway::control
