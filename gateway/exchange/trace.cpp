#include "gateway/exchange/trace.h"

#include <algorithm>
#include <set>

#include "gateway/exchange/addressing.h"
#include "gateway/exchange/ports.h"

namespace gateway::exchange {
namespace {

using fhir::Fault;
using fhir::Json;
using fhir::JsonTree;
using fhir::Result;

JsonTree number(std::int64_t n) { return JsonTree::number(std::to_string(n)); }

struct Case {
  std::vector<store::Message> messages;                  // oldest first
  std::vector<std::vector<store::Delivery>> deliveries;  // beside them
};

Result<std::set<std::string>> cases_of(const store::Store& store, std::string_view id) {
  std::set<std::string> found;
  for (const bool by_case : {false, true}) {
    store::Query query;
    (by_case ? query.correlation : query.business_id) = id;
    const auto messages = store.messages(query);
    if (!messages) return std::unexpected(messages.error());
    for (const auto& message : *messages) found.insert(message.correlation);
  }
  return found;
}

Result<Case> load(const store::Store& store, std::string_view id, const std::string& correlation) {
  store::Query query;
  query.limit = 1000;
  (correlation.empty() ? query.business_id : query.correlation) = correlation.empty() ? std::string(id) : correlation;
  auto messages = store.messages(query);
  if (!messages) return fhir::pass(messages);
  Case found{*std::move(messages), {}};
  std::ranges::reverse(found.messages);
  for (const auto& message : found.messages) {
    auto deliveries = store.deliveries(message.id);
    if (!deliveries) return fhir::pass(deliveries);
    found.deliveries.push_back(*std::move(deliveries));
  }
  return found;
}

bool concerns(const Case& found, const config::Config& config, std::string_view organization) {
  const auto goes_there = [&](const store::Delivery& delivery) {
    const auto [kind, name] = split_destination(delivery.destination);
    const auto* peer = kind == "peer" ? config.peer(name) : nullptr;
    return peer != nullptr && peer->organization.id == organization;
  };
  for (std::size_t i = 0; i < found.messages.size(); ++i) {
    if (found.messages[i].door == "fhir" && found.messages[i].sender == organization) return true;
    if (std::ranges::any_of(found.deliveries[i], goes_there)) return true;
  }
  return false;
}

JsonTree told(const store::Delivery& delivery) {
  JsonTree line = JsonTree::object(
      {{"to", delivery.destination}, {"state", to_string(delivery.state)}, {"attempts", number(delivery.attempts)}});
  if (delivery.settled_at != 0) line.set("settled", instant(delivery.settled_at));
  if (!delivery.reason.empty()) line.set("reason", delivery.reason);
  return line;
}

JsonTree told(const store::Message& message, const std::vector<store::Delivery>& deliveries) {
  JsonTree line = JsonTree::object({{"number", number(message.id)},
                                    {"at", instant(message.at)},
                                    {"event", message.event},
                                    {"door", message.door},
                                    {"from", message.sender},
                                    {"id", message.control_id},
                                    {"state", to_string(message.state)}});
  if (!message.reason.empty()) line.set("reason", message.reason);
  JsonTree list = JsonTree::array();
  for (const auto& delivery : deliveries) list.push(told(delivery));
  line.set("deliveries", std::move(list));
  return line;
}

bool settled(const Case& found) {
  const auto delivered = [](const store::Delivery& d) {
    return d.state == store::DeliveryState::delivered || d.state == store::DeliveryState::cancelled;
  };
  const auto waits = [](const store::Message& m) { return m.state == store::MessageState::held; };
  return std::ranges::none_of(found.messages, waits) &&
         std::ranges::all_of(found.deliveries, [&](const auto& list) { return std::ranges::all_of(list, delivered); });
}

bool terminal(std::string_view task_status) {
  return task_status == "completed" || task_status == "rejected" || task_status == "cancelled" ||
         task_status == "failed";
}

// The Task's status where the case has one: a referral is closed when its Task is, a report when it is delivered.
std::string task_status(const store::Store& store, const std::string& correlation) {
  const auto tasks = store.resources_of(correlation, "Task");
  if (correlation.empty() || !tasks || tasks->empty()) return {};
  const auto json = Json::parse(tasks->back().json);
  return json ? std::string(json->root()["status"].text()) : std::string{};
}

JsonTree told(const store::Store& store, const Case& found, const std::string& correlation) {
  JsonTree line = JsonTree::object({{"case", correlation}});
  const std::string status = task_status(store, correlation);
  if (!status.empty()) line.set("task", status);
  line.set("closed", JsonTree::boolean(settled(found) && (status.empty() || terminal(status))));
  JsonTree messages = JsonTree::array();
  for (std::size_t i = 0; i < found.messages.size(); ++i) messages.push(told(found.messages[i], found.deliveries[i]));
  line.set("messages", std::move(messages));
  return line;
}

void add_peers(std::vector<std::string>& peers, const Case& found, const config::Config& config) {
  const auto add = [&](const config::Peer* peer) {
    if (peer != nullptr && std::ranges::find(peers, peer->name) == peers.end()) peers.push_back(peer->name);
  };
  for (std::size_t i = 0; i < found.messages.size(); ++i) {
    if (found.messages[i].door == "fhir") add(config.peer_of_organization(found.messages[i].sender));
    for (const auto& delivery : found.deliveries[i]) {
      const auto [kind, name] = split_destination(delivery.destination);
      if (kind == "peer") add(config.peer(name));
    }
  }
}

}  // namespace

Result<Trace> trace(const store::Store& store, const config::Config& config, std::string_view id,
                    std::string_view only_for) {
  const auto cases = cases_of(store, id);
  if (!cases) return std::unexpected(cases.error());
  Trace result;
  JsonTree list = JsonTree::array();
  for (const std::string& correlation : *cases) {
    const auto found = load(store, id, correlation);
    if (!found) return std::unexpected(found.error());
    if (!only_for.empty() && !concerns(*found, config, only_for)) continue;
    list.push(told(store, *found, correlation));
    result.cases.push_back(correlation);
    add_peers(result.peers, *found, config);
  }
  if (list.size() == 0) return fhir::fail(Fault::not_found, "trace.none", "", "no message with this id is known here");
  result.timeline = JsonTree::object({{"site", config.site}});
  result.timeline.set("cases", std::move(list));
  return result;
}

}  // namespace gateway::exchange
