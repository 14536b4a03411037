#include "gateway/control/commands.h"

namespace gateway::control {
namespace {

using exchange::Judgement;
using fhir::Fault;
using fhir::JsonTree;

JsonTree told(const store::Message& message) {
  return JsonTree::object({{"kind", "message"},
                           {"number", number(message.id)},
                           {"since", exchange::instant(message.at)},
                           {"door", message.door},
                           {"event", message.event},
                           {"case", message.correlation},
                           {"id", message.control_id},
                           {"code", message.reason_code},
                           {"reason", message.reason}});
}

JsonTree told(const store::Delivery& delivery) {
  return JsonTree::object({{"kind", "delivery"},
                           {"number", number(delivery.id)},
                           {"to", delivery.destination},
                           {"event", delivery.event},
                           {"case", delivery.correlation},
                           {"message", number(delivery.message)},
                           {"reason", delivery.reason}});
}

void release_message(const Desk& desk, store::Id id, std::string user, Reply reply) {
  desk.intake.release(id, std::move(user), [reply = std::move(reply)](Judgement judged) mutable {
    if (judged.error) return reply(failed(*judged.error));
    reply(json(200, JsonTree::object({{"released", "message"}, {"number", number(judged.message)}})));
  });
}

void release_delivery(const Desk& desk, store::Id id, std::string user, Reply reply) {
  desk.intake.release_delivery(id, std::move(user), [id, reply = std::move(reply)](fhir::Result<void> done) mutable {
    if (!done) return reply(failed(done.error()));
    reply(json(200, JsonTree::object({{"released", "delivery"}, {"number", number(id)}})));
  });
}

}  // namespace

void held_list(const Desk& desk, Asked, Reply reply) {
  store::Query query;
  query.state = store::MessageState::held;
  query.limit = 1000;
  const auto messages = desk.world.store.messages(query);
  const auto deliveries = desk.world.store.deliveries_in(store::DeliveryState::held, 0, 1000);
  if (!messages) return reply(failed(messages.error()));
  if (!deliveries) return reply(failed(deliveries.error()));
  JsonTree list = JsonTree::array();
  for (const auto& message : *messages) list.push(told(message));
  for (const auto& delivery : *deliveries) list.push(told(delivery));
  reply(json(200, JsonTree::object({{"held", std::move(list)}})));
}

void held_show(const Desk& desk, Asked asked, Reply reply) {
  const bool one_delivery = asked.path[0] == "delivery";
  const store::Id id = id_of(asked.path[1]);
  const auto delivery = one_delivery ? desk.world.store.delivery(id) : std::optional<store::Delivery>{};
  if (!delivery) return reply(failed(delivery.error()));
  const auto message = desk.world.store.message(*delivery ? (*delivery)->message : id);
  if (!message) return reply(failed(message.error()));
  if (!*message || (one_delivery && !*delivery))
    return reply(failed({Fault::not_found, "held.none", "", "nothing with this number is held"}));
  JsonTree shown = *delivery ? told(**delivery) : told(**message);
  shown.set("explain", parsed((*message)->explain));
  shown.set("bytes", number(static_cast<std::int64_t>((*message)->raw.size())));
  reply(json(200, shown));
}

void held_release(const Desk& desk, Asked asked, Reply reply) {
  const store::Id id = id_of(asked.path[1]);
  const auto release = asked.path[0] == "delivery" ? release_delivery : release_message;
  release(desk, id, std::move(asked.user), std::move(reply));
}

}  // namespace gateway::control
