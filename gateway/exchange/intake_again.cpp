// The intake, for messages that are stored already: what a person or the clock decides about them. Held ones are
// released, dead ones rerouted, urgent ones sent further.
#include <fmt/format.h>

#include <algorithm>

#include "gateway/exchange/addressing.h"
#include "gateway/exchange/intake.h"
#include "gateway/exchange/intake_parts.h"
#include "gateway/exchange/urgent.h"

namespace gateway::exchange {

using fhir::Error;
using fhir::Fault;
using fhir::Json;
using fhir::JsonTree;
using fhir::JsonView;
using fhir::Result;

namespace {

Arrival arrival_again(const store::Message& held, std::shared_ptr<const config::Config> in_force, std::string actor) {
  const config::Config& config = *in_force;
  Arrival arrival;
  arrival.config = std::move(in_force);
  arrival.door = held.door;
  arrival.caller = held.door == "fhir" ? held.sender : config.organization.id;
  arrival.staff = held.door == "fhir" && held.sender == config.organization.id;
  arrival.actor = std::move(actor);
  arrival.released = true;
  arrival.raw = held.raw;
  for (const auto& door : config.doors) {
    if (held.door == door.label()) arrival.local = &door;
  }
  return arrival;
}

// A held row may leave only while it is still the last that was seen of it.
Result<std::vector<store::RowMark>> marks_to_release(const World& world, const store::Message& held) {
  std::vector<store::RowMark> none;
  if (!held.door.starts_with("rows:")) return none;
  const auto record = Json::parse(held.raw);
  if (!record) return std::unexpected(record.error());
  JsonTree key = JsonTree::array();
  for (const JsonView value : record->root()["key"]) key.push(JsonTree::from(value));
  const std::vector<std::string> keys{key.dump()};
  auto marks = world.store.row_marks(held.door, keys);
  if (!marks) return marks;
  if (marks->empty() || marks->front().message != held.id) {
    return fhir::fail(Fault::conflict, "held.row-moved-on", std::to_string(held.id),
                      "the row has changed since; its newer state was judged by itself");
  }
  store::RowMark& mark = marks->front();
  const bool deleted = record->root()["deleted"].text() == "true";
  mark.state = deleted ? store::RowState::gone : store::RowState::taken;
  mark.reason.clear();
  mark.live = !deleted;
  mark.version += 1;
  mark.message = 0;
  return marks;
}

}  // namespace

void Intake::release(store::Id held, std::string actor, Done done) {
  const auto fail = [&](Error error) {
    Judgement judgement;
    judgement.fate = Fate::refused;
    judgement.error = std::move(error);
    done(std::move(judgement));
  };
  const auto message = world_.store.message(held);
  if (!message) return fail(message.error());
  if (!*message || (*message)->state != store::MessageState::held) {
    return fail({Fault::not_found, "held.none", std::to_string(held), "no message with this number is held"});
  }
  auto marks = marks_to_release(world_, **message);
  if (!marks) return fail(marks.error());
  Arrival arrival = arrival_again(**message, world_.config(), std::move(actor));
  arrival.rows = *std::move(marks);
  Plan again = plan(std::move(arrival));
  if (again.error) return fail(*again.error);  // still not acceptable: it stays held as it is
  again.passage.commit.changes.push_back({held,
                                          store::MessageState::held,
                                          store::MessageState::released,
                                          "released by " + again.passage.arrival.actor,
                                          {}});
  finish(std::move(again), std::move(done));
}

namespace {

// A stored message as the passage it once was, up to its routes.
Result<Passage> passage_again(const World& world, const store::Message& message, std::string actor,
                              std::vector<Further> further) {
  Passage passage;
  passage.further = std::move(further);
  passage.config = world.config();
  passage.arrival = arrival_again(message, passage.config, std::move(actor));
  passage.at = world.clock.now();
  passage.now = instant(passage.at);
  passage.commit.message = message;
  auto json = Json::parse(message.bundle);
  if (!json) return fhir::pass(json);
  passage.bundle.emplace(*std::move(json));
  auto envelope = fhir::message::read_envelope(passage.view());
  if (!envelope) return fhir::pass(envelope);
  passage.envelope = *std::move(envelope);
  if (auto routed = route_passage(world, passage); !routed) return fhir::pass(routed);
  return passage;
}

Result<store::Commit> released_commit(const World& world, const store::Delivery& held, const store::Message& message,
                                      std::string actor) {
  const bool by_route = held.destination == "hold";
  // Perhaps beside the route, and in the case in which it was sent there before.
  std::vector<Further> further;
  if (!by_route)
    further.push_back({held.destination, held.correlation == message.correlation ? "" : held.correlation, "released"});
  auto passage = passage_again(world, message, std::move(actor), further);
  if (!passage) return fhir::pass(passage);
  if (by_route)
    for (const auto& to : passage->route.route->to) further.push_back({to, "", "released"});
  for (const Further& one : further) {
    const std::string& to = one.to;
    JsonTree told = JsonTree::object();
    auto delivery = one.correlation.empty() ? address(world, *passage, to, told, passage->commit)
                                            : address_further(world, *passage, one, told, passage->commit);
    if (!delivery) return fhir::pass(delivery);
    if (delivery->state == store::DeliveryState::held) {
      return fhir::fail(Fault::needs_person, "held.still", to, "still held: " + delivery->reason);
    }
    delivery->message = message.id;
    if (auto awaited = await_reading(*passage, *delivery)) passage->commit.facts.push_back(*std::move(awaited));
    passage->commit.deliveries.push_back(*std::move(delivery));
  }
  store::Settlement ended;
  ended.delivery = held.id;
  ended.state = store::DeliveryState::cancelled;
  ended.reason = "released by " + passage->arrival.actor;
  ended.at = passage->at;
  passage->commit.settlements.push_back(std::move(ended));
  account(*passage, "released",
          JsonTree::object({{"delivery", std::to_string(held.id)}, {"destination", held.destination}}));
  passage->commit.message.reset();
  return std::move(passage->commit);
}

Result<store::Commit> further_commit(const World& world, store::Id id, const std::vector<std::string>& destinations,
                                     std::string actor) {
  const auto message = world.store.message(id);
  if (!message) return std::unexpected(message.error());
  if (!*message) return fhir::fail(Fault::not_found, "message.gone", std::to_string(id), "the message is gone");
  std::vector<Further> further;
  for (const auto& to : destinations) further.push_back({to, "", "escalated"});
  auto passage = passage_again(world, **message, std::move(actor), std::move(further));
  if (!passage) return fhir::pass(passage);
  for (const auto& to : destinations) {
    JsonTree told = JsonTree::object();
    auto delivery = address(world, *passage, to, told, passage->commit);
    if (!delivery) return fhir::pass(delivery);
    delivery->message = id;
    passage->commit.deliveries.push_back(*std::move(delivery));
    account(*passage, "escalated", JsonTree::object({{"message", std::to_string(id)}, {"destination", to}}));
  }
  passage->commit.message.reset();
  return std::move(passage->commit);
}

}  // namespace

void Intake::also_to(store::Id message, const std::vector<std::string>& destinations, std::vector<store::Fact> facts,
                     std::string actor, std::move_only_function<void(Result<void>)> done) {
  auto commit = further_commit(world_, message, destinations, std::move(actor));
  if (!commit) return done(std::unexpected(std::move(commit).error()));
  commit->facts = std::move(facts);
  world_.store.submit(*std::move(commit), [this, done = std::move(done)](Result<store::Committed> stored) mutable {
    if (!stored) return done(std::unexpected(std::move(stored).error()));
    wake_();
    done({});
  });
}

void Intake::release_delivery(store::Id held, std::string actor, std::move_only_function<void(Result<void>)> done) {
  const auto delivery = world_.store.delivery(held);
  if (!delivery) return done(std::unexpected(delivery.error()));
  if (!*delivery || (*delivery)->state != store::DeliveryState::held) {
    return done(
        fhir::fail(Fault::not_found, "held.none", std::to_string(held), "no delivery with this number is held"));
  }
  const auto message = world_.store.message((*delivery)->message);
  if (!message) return done(std::unexpected(message.error()));
  if (!*message) return done(fhir::fail(Fault::not_found, "held.none", std::to_string(held), "its message is gone"));
  auto commit = released_commit(world_, **delivery, **message, std::move(actor));
  if (!commit) return done(std::unexpected(std::move(commit).error()));
  world_.store.submit(*std::move(commit), [this, done = std::move(done)](Result<store::Committed> stored) mutable {
    if (!stored) return done(std::unexpected(std::move(stored).error()));
    wake_();
    done({});
  });
}

namespace {

// Dead and cancelled ones have not arrived: for them a route may lead there once more.
bool is_on_its_way_or_there(const store::Delivery& delivery) {
  return delivery.state != store::DeliveryState::dead && delivery.state != store::DeliveryState::cancelled;
}

std::vector<std::string> not_yet_reached(const std::vector<std::string>& targets,
                                         const std::vector<store::Delivery>& deliveries) {
  std::vector<std::string> left;
  for (const auto& to : targets) {
    const bool reached = std::ranges::any_of(
        deliveries, [&](const auto& one) { return one.destination == to && is_on_its_way_or_there(one); });
    if (!reached && to != kKeep && to != "hold") left.push_back(to);
  }
  return left;
}

// What becomes of the dead delivery itself: it goes again when its destination is still one of them.
store::Settlement end_of(const store::Delivery& dead, const Passage& passage, bool again) {
  store::Settlement settlement;
  settlement.delivery = dead.id;
  settlement.state = again ? store::DeliveryState::waiting : store::DeliveryState::cancelled;
  settlement.reason = (again ? "sent again by " : "rerouted by ") + passage.arrival.actor;
  settlement.attempts = dead.attempts;
  settlement.at = settlement.next_at = passage.at;
  settlement.replay = again;
  const auto horizon = std::chrono::duration_cast<std::chrono::milliseconds>(passage.config->retry.horizon);
  if (again) settlement.expires_at = passage.at + horizon.count();
  settlement.actor = passage.arrival.actor;
  return settlement;
}

Result<store::Commit> rerouted_commit(const World& world, const store::Delivery& dead, const store::Message& message,
                                      const std::vector<store::Delivery>& deliveries, std::string actor) {
  auto passage = passage_again(world, message, std::move(actor), {});
  if (!passage) return fhir::pass(passage);
  const auto targets = not_yet_reached(passage->route.route->to, deliveries);
  if (targets.empty())
    return fhir::fail(Fault::conflict, "dead.nowhere", std::to_string(dead.id),
                      "today's routes send it nowhere it has not been");
  JsonTree to = JsonTree::array();
  for (const auto& target : targets) {
    to.push(target);
    if (target == dead.destination) continue;
    JsonTree told = JsonTree::object();
    auto delivery = address(world, *passage, target, told, passage->commit);
    if (!delivery) return fhir::pass(delivery);
    delivery->message = message.id;
    passage->commit.deliveries.push_back(*std::move(delivery));
  }
  const bool again = std::ranges::find(targets, dead.destination) != targets.end();
  passage->commit.settlements.push_back(end_of(dead, *passage, again));
  JsonTree detail = JsonTree::object({{"delivery", std::to_string(dead.id)}, {"was", dead.destination}});
  detail.set("rule", passage->route.route->id);
  detail.set("to", std::move(to));
  account(*passage, "rerouted", std::move(detail));
  passage->commit.message.reset();
  return std::move(passage->commit);
}

}  // namespace

void Intake::reroute(store::Id dead, std::string actor, std::move_only_function<void(Result<void>)> done) {
  const auto delivery = world_.store.delivery(dead);
  if (!delivery) return done(std::unexpected(delivery.error()));
  if (!*delivery || (*delivery)->state != store::DeliveryState::dead)
    return done(fhir::fail(Fault::not_found, "dead.none", std::to_string(dead), "no dead delivery has this number"));
  const auto message = world_.store.message((*delivery)->message);
  const auto deliveries = world_.store.deliveries((*delivery)->message);
  if (!message || !deliveries) return done(std::unexpected(message ? deliveries.error() : message.error()));
  if (!*message) return done(fhir::fail(Fault::not_found, "dead.none", std::to_string(dead), "its message is gone"));
  auto commit = rerouted_commit(world_, **delivery, **message, *deliveries, std::move(actor));
  if (!commit) return done(std::unexpected(std::move(commit).error()));
  world_.store.submit(*std::move(commit), [this, done = std::move(done)](Result<store::Committed> stored) mutable {
    if (!stored) return done(std::unexpected(std::move(stored).error()));
    wake_();
    done({});
  });
}

}  // namespace gateway::exchange
