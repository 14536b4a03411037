#include "gateway/exchange/urgent.h"

#include "gateway/control/commands.h"

namespace gateway::control {
namespace {

using exchange::Unread;
using fhir::Fault;
using fhir::JsonTree;

JsonTree told(const Unread& one, store::Millis now) {
  JsonTree line = JsonTree::object({{"message", one.message},
                                    {"to", one.destination},
                                    {"case", one.correlation},
                                    {"route", one.route},
                                    {"since", exchange::instant(one.since)},
                                    {"due", exchange::instant(one.due)}});
  line.set("late", JsonTree::boolean(one.due <= now));
  return line;
}

/// The case of a message that came here from a peer, or that waits here to be read; nothing: it is none.
std::optional<std::string> case_of(const Desk& desk, const std::string& message) {
  const auto waited = exchange::unread(desk.world.store);
  for (const Unread& one : waited.value_or(std::vector<Unread>{})) {
    if (one.message == message && one.destination.starts_with("local:")) return one.correlation;
  }
  store::Query query;
  query.business_id = message;
  query.state = store::MessageState::accepted;
  const auto found = desk.world.store.messages(query);
  for (const auto& one : found.value_or(std::vector<store::Message>{})) {
    if (one.door == "fhir" && one.control_id == message) return one.correlation;
  }
  return std::nullopt;
}

// Said by our own people, so it comes in by the way of everybody's messages.
exchange::Arrival arrival_of(const Desk& desk, std::string_view message, std::string_view correlation,
                             std::string user) {
  exchange::Arrival arrival;
  arrival.config = desk.world.config();
  arrival.door = "fhir";
  arrival.caller = arrival.config->organization.id;
  arrival.actor = std::move(user);
  arrival.staff = true;
  arrival.raw = exchange::receipt_for(desk.world, *arrival.config, message, correlation);
  return arrival;
}

}  // namespace

void urgent_list(const Desk& desk, Asked, Reply reply) {
  const auto waited = exchange::unread(desk.world.store);
  if (!waited) return reply(failed(waited.error()));
  JsonTree list = JsonTree::array();
  for (const Unread& one : *waited) list.push(told(one, desk.world.clock.now()));
  reply(json(200, JsonTree::object({{"unread", std::move(list)}})));
}

void urgent_read(const Desk& desk, Asked asked, Reply reply) {
  const std::string message = asked.path[0];
  const auto correlation = case_of(desk, message);
  if (!correlation) {
    return reply(
        failed({Fault::not_found, "urgent.none", "",
                "no message with this id came here to be read; what went to a peer is confirmed at the peer"}));
  }
  desk.intake.take(arrival_of(desk, message, *correlation, std::move(asked.user)),
                   [message, reply = std::move(reply)](exchange::Judgement judged) mutable {
                     if (judged.error) return reply(failed(*judged.error));
                     reply(json(200, JsonTree::object({{"read", message}, {"case", judged.correlation}})));
                   });
}

}  // namespace gateway::control
