#include "gateway/exchange/notice.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "gateway/exchange/addressing.h"
#include "gateway/exchange/urgent.h"
#include "gateway/observe/log.h"

namespace gateway::exchange {
namespace {

using fhir::Fault;
using fhir::Json;
using fhir::JsonTree;
using fhir::JsonView;
using fhir::Result;

constexpr auto kHeld = std::to_array<std::string_view>({"MessageHeader", "OperationOutcome", "Organization"});

fhir::Issues issues_of(const std::string& reason) {
  const bool late = reason.starts_with("expired");
  return {{fhir::Severity::fatal, late ? "timeout" : "processing", "", "not delivered: " + reason, {0, 0}, "dead"}};
}

// The acknowledgement it would have been, as a message of its own.
JsonTree notice_about(const World& world, const config::Config& config, const store::Message& message,
                      const fhir::message::Envelope& about, const std::string& reason) {
  JsonTree bundle = fhir::message::make_ack(about, fhir::message::AckCode::fatal_error, issues_of(reason),
                                            config.organization.id, world.entropy.uuid(), instant(world.clock.now()));
  JsonTree& header = bundle.find("entry")->children().front().second["resource"];
  header.set("eventCoding", JsonTree::object({{"system", fhir::message::kEventSystem}, {"code", kDeliveryFailed}}));
  if (!message.correlation.empty()) {
    header["extension"].push(
        JsonTree::object({{"url", fhir::message::kCaseExtension}, {"valueString", message.correlation}}));
  }
  return bundle;
}

// The notice as a message on its way, from its routes on; it is stored with the message it is about.
Result<Passage> passage_of(const World& world, std::shared_ptr<const config::Config> config,
                           const store::Message& message, const JsonTree& notice, bool urgent) {
  Passage passage;
  passage.config = std::move(config);
  passage.at = world.clock.now();
  passage.now = instant(passage.at);
  passage.urgent = urgent;
  passage.arrival.caller = passage.config->organization.id;
  passage.commit.message = message;
  passage.message().event = kDeliveryFailed;
  auto json = Json::parse(notice.dump());
  if (!json) return fhir::pass(json);
  passage.set_bundle(*std::move(json));
  auto envelope = fhir::message::read_envelope(passage.view());
  if (!envelope) return fhir::pass(envelope);
  passage.envelope = *std::move(envelope);
  return passage;
}

std::vector<std::string> told_where(const Passage& passage, const store::Message& message) {
  const config::Peer* peer = passage.config->peer_of_organization(message.sender);
  if (message.door == "fhir" && peer != nullptr) return {"peer:" + peer->name};
  if (message.door == "fhir" && message.sender != passage.config->organization.id) return {};
  const auto facts = facts_of(passage.envelope, passage.view(), *passage.config);
  const auto chosen = choose_route(*passage.config, facts, passage.view(), passage.now);
  return chosen.route == nullptr ? std::vector<std::string>{} : chosen.route->to;
}

}  // namespace

bool is_notice_event(std::string_view event) { return event == kReadReceipt || event == kDeliveryFailed; }

bool names_nobody(JsonView bundle) {
  const auto envelope = fhir::message::read_envelope(bundle);
  if (!envelope || !is_notice_event(envelope->event)) return false;
  return std::ranges::all_of(bundle["entry"], [](JsonView entry) {
    return std::ranges::find(kHeld, entry["resource"]["resourceType"].text()) != kHeld.end();
  });
}

std::vector<store::Delivery> notices_of(const World& world, const store::Delivery& dead, const std::string& reason) {
  std::vector<store::Delivery> notices;
  if (is_notice_event(dead.event)) return notices;
  const auto message = world.store.message(dead.message);
  if (!message || !*message) return notices;
  const auto bundle = Json::parse((*message)->bundle);
  if (!bundle) return notices;
  const auto about = fhir::message::read_envelope(bundle->root());
  if (!about) return notices;
  const auto config = world.config();
  auto passage =
      passage_of(world, config, **message, notice_about(world, *config, **message, *about, reason), dead.urgent);
  if (!passage) return notices;
  for (const auto& to : told_where(*passage, **message)) {
    if (to == kKeep || to == dead.destination) continue;
    JsonTree explain = JsonTree::object();
    auto delivery = address(world, *passage, to, explain, passage->commit);
    if (!delivery) {
      observe::log(observe::Level::warning, "notice.not-made", {{"to", to}, {"code", delivery.error().code}});
      continue;
    }
    delivery->message = dead.message;
    delivery->lane_key.clear();  // waits for nobody, least of all for what it is about
    notices.push_back(*std::move(delivery));
  }
  return notices;
}

Result<void> take_notice(const World& world, Passage& passage) {
  const auto& envelope = passage.envelope;
  if (!is_notice_event(envelope.event)) return {};
  if (envelope.response_to.empty()) {
    return fhir::fail(Fault::invalid, "notice.response", "MessageHeader.response.identifier",
                      "a notice names the message it is about");
  }
  if (!names_nobody(passage.view())) {
    return fhir::fail(Fault::invalid, "notice.record", "Bundle.entry",
                      "a notice holds a MessageHeader, an OperationOutcome and organisations, nothing else");
  }
  passage.message().business_ids.push_back(envelope.response_to);
  if (envelope.event == kDeliveryFailed) {
    observe::log(observe::Level::alarm, "message.not-delivered",
                 {{"from", passage.arrival.actor}, {"case", passage.message().correlation}});
    return {};
  }
  return end_wait(world, passage);
}

std::vector<std::string> way_back(const World& world, const Passage& passage) {
  const auto& envelope = passage.envelope;
  if (envelope.event != kReadReceipt || envelope.sender != passage.config->organization.id) return {};
  store::Query query;
  query.business_id = envelope.response_to;
  const auto found = world.store.messages(query);
  if (!found) return {};
  for (const auto& message : *found) {
    const config::Peer* peer = passage.config->peer_of_organization(message.sender);
    if (message.door == "fhir" && message.control_id == envelope.response_to && peer != nullptr)
      return {"peer:" + peer->name};
  }
  return {};
}

}  // namespace gateway::exchange
