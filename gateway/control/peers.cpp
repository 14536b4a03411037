// peer ls, pause, resume, test; and the alerts that are raised.
#include "gateway/control/commands.h"
#include "gateway/exchange/addressing.h"

namespace gateway::control {
namespace {

using fhir::Fault;
using fhir::JsonTree;

/// "hongkong" -> "peer:hongkong"; "local:his" as it is; empty: nothing of that name is configured.
std::string destination_of(const config::Config& config, const std::string& name) {
  const auto [kind, rest] = exchange::split_destination(name);
  if (kind == "local" && config.system(rest) != nullptr) return name;
  if (kind == "peer" && config.peer(rest) != nullptr) return name;
  return config.peer(name) != nullptr ? "peer:" + name : std::string();
}

void unknown(const std::string& name, Reply reply) {
  reply(failed({Fault::not_found, "peer.unknown", name, "no such peer is configured; `causeway peer ls` lists them"}));
}

JsonTree told(const exchange::Courier& courier, const std::string& destination, const std::string& address,
              bool enabled) {
  const auto paused = courier.paused();
  const auto health = courier.health();
  JsonTree tree = JsonTree::object({{"destination", destination}, {"address", address}});
  std::string state = enabled ? "not tried yet" : "switched off";
  if (const auto known = health.find(destination); known != health.end()) {
    state = known->second.failing_since == 0 ? "answers" : "fails";
    if (known->second.failing_since != 0) {
      tree.set("since", exchange::instant(known->second.failing_since));
      tree.set("reason", known->second.reason);
    }
  }
  if (const auto pause = paused.find(destination); pause != paused.end()) {
    state = pause->second.who.empty() ? "paused by a fault" : "paused";
    tree.set("reason", pause->second.reason);
    if (!pause->second.who.empty()) {
      tree.set("who", pause->second.who);
      tree.set("since", exchange::instant(pause->second.since));
    }
  }
  tree.set("state", state);
  return tree;
}

std::string place(const net::Address& address) { return address.host + ":" + std::to_string(address.port); }

}  // namespace

void peer_list(const Desk& desk, Asked, Reply reply) {
  const auto config = desk.world.config();
  JsonTree list = JsonTree::array();
  for (const auto& peer : config->peers)
    list.push(told(desk.courier, "peer:" + peer.name,
                   peer.mailbox == config::Mailbox::here ? "collects from here" : place(peer.address), peer.enabled));
  for (const auto& system : config->systems)
    list.push(
        told(desk.courier, "local:" + system.name, system.rows ? "staging database" : place(system.address), true));
  reply(json(200, JsonTree::object({{"destinations", std::move(list)}})));
}

void peer_pause(const Desk& desk, Asked asked, Reply reply) {
  const std::string destination = destination_of(*desk.world.config(), asked.path[0]);
  if (destination.empty()) return unknown(asked.path[0], std::move(reply));
  auto done = [destination, reply = std::move(reply)](fhir::Result<void> stored) mutable {
    if (!stored) return reply(failed(stored.error()));
    reply(json(200, JsonTree::object({{"paused", destination}})));
  };
  desk.courier.hold_back(destination, std::string(asked.parameter("reason").substr(0, 500)), asked.user,
                         std::move(done));
}

// Also of one that is no longer configured: its pause would otherwise stay for ever.
void peer_resume(const Desk& desk, Asked asked, Reply reply) {
  const std::string known = destination_of(*desk.world.config(), asked.path[0]);
  const std::string destination = !known.empty()                ? known
                                  : asked.path[0].contains(':') ? asked.path[0]
                                                                : "peer:" + asked.path[0];
  auto done = [destination, reply = std::move(reply)](fhir::Result<void> stored) mutable {
    if (!stored) return reply(failed(stored.error()));
    reply(json(200, JsonTree::object({{"resumed", destination}})));
  };
  desk.courier.let_go(destination, asked.user, std::move(done));
}

void peer_test(const Desk& desk, Asked asked, Reply reply) {
  if (desk.world.config()->peer(asked.path[0]) == nullptr) return unknown(asked.path[0], std::move(reply));
  desk.operations.tests.test(asked.path[0],
                             [reply = std::move(reply)](JsonTree verdict) mutable { reply(json(200, verdict)); });
}

void alerts(const Desk& desk, Asked, Reply reply) {
  JsonTree list = JsonTree::array();
  for (const auto& alert : desk.operations.alerts.active())
    list.push(JsonTree::object({{"alert", alert.key}, {"say", alert.say}, {"since", exchange::instant(alert.since)}}));
  reply(json(200, JsonTree::object({{"alerts", std::move(list)}})));
}

}  // namespace gateway::control
