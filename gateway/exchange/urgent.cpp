#include "gateway/exchange/urgent.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "fhir/primitives.h"
#include "gateway/exchange/notice.h"

namespace gateway::exchange {
namespace {

using fhir::Json;
using fhir::JsonTree;
using fhir::JsonView;
using fhir::Result;
using store::Fact;

// v3-ObservationInterpretation, and HL7 table 0078 of OBX-8, which has the same words.
constexpr auto kCritical = std::to_array<std::string_view>({"HH", "LL", "AA"});

bool is_critical_code(JsonView concept_view) {
  return std::ranges::any_of(concept_view["coding"], [](JsonView coding) {
    return std::ranges::find(kCritical, coding["code"].text()) != kCritical.end();
  });
}

bool has_critical(JsonView interpretations) { return std::ranges::any_of(interpretations, is_critical_code); }

bool holds(const fhir::path::Expression& condition, const Passage& passage) {
  fhir::path::Environment environment;
  environment.now = passage.now;
  const auto result = condition.evaluate(passage.view(), environment);
  const auto truth = result ? fhir::path::truth(*result) : Result<bool>(false);
  return truth && *truth;
}

std::string key_of(std::string_view message, std::string_view destination) {
  return fmt::format("{} {}", message, destination);
}

Millis millis_of(JsonView value) {
  Millis number = 0;
  const std::string_view text = value.text();
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

Unread read_fact(const Fact& fact, JsonView told) {
  Unread one;
  const auto space = fact.key.find(' ');
  one.message = fact.key.substr(0, space);
  one.destination = fact.key.substr(space + 1);
  one.since = fact.at;
  one.correlation = told["case"].text();
  one.route = told["route"].text();
  one.due = millis_of(told["due"]);
  one.escalated = told["escalated"].text() == "true";
  for (const JsonView to : told["escalate_to"]) one.escalate_to.emplace_back(to.text());
  return one;
}

// A receipt speaks for where its sender stands: a peer for what went to it, our own people for our own systems.
bool speaks_for(const Passage& passage, const Unread& one) {
  if (passage.envelope.sender == passage.config->organization.id) return one.destination.starts_with("local:");
  const config::Peer* peer = passage.config->peer_of_organization(passage.arrival.caller);
  return peer != nullptr && one.destination == "peer:" + peer->name;
}

constexpr std::size_t kDay = 10;  // characters of 2026-03-14

std::optional<Millis> end_of(JsonView written, std::string_view zone) {
  const std::string text(written.text());
  const auto time = fhir::DateTime::parse(text.size() == kDay ? fmt::format("{}T23:59:59{}", text, zone) : text);
  const auto moment = time ? time->moment() : std::nullopt;
  if (!moment) return std::nullopt;
  return moment->time_since_epoch().count();
}

}  // namespace

bool is_critical(JsonView bundle) {
  return std::ranges::any_of(bundle["entry"], [](JsonView entry) {
    const JsonView resource = entry["resource"];
    if (resource["resourceType"].text() != "Observation") return false;
    return has_critical(resource["interpretation"]) ||
           std::ranges::any_of(resource["component"],
                               [](JsonView component) { return has_critical(component["interpretation"]); });
  });
}

bool is_urgent(const Passage& passage) {
  if (is_critical(passage.view())) return true;
  const config::Route* route = passage.route.route;
  return route != nullptr && route->urgent && route->urgent->condition && holds(*route->urgent->condition, passage);
}

Fact Unread::fact(bool gone) const {
  JsonTree told = JsonTree::object({{"case", correlation}, {"route", route}});
  told.set("due", JsonTree::number(std::to_string(due)));
  told.set("escalated", JsonTree::boolean(escalated));
  told["escalate_to"] = JsonTree::array();
  for (const auto& to : escalate_to) told["escalate_to"].push(to);
  return {std::string(kUnread), key_of(message, destination), since, told.dump(), gone};
}

std::optional<Fact> await_reading(const Passage& passage, const store::Delivery& delivery) {
  const config::Route* route = passage.route.route;
  if (!delivery.urgent || route == nullptr || !route->urgent || route->urgent->read_within.count() == 0)
    return std::nullopt;
  Unread one;
  one.message = passage.envelope.header_id;
  one.destination = delivery.destination;
  one.correlation = passage.message().correlation;
  one.route = route->id;
  one.since = passage.at;
  one.due = passage.at + route->urgent->read_within.count();
  one.escalate_to = route->urgent->escalate_to;
  return one.fact();
}

Result<std::vector<Unread>> unread(const store::Store& store) {
  const auto facts = store.facts(kUnread);
  if (!facts) return std::unexpected(facts.error());
  std::vector<Unread> all;
  for (const Fact& fact : *facts) {
    if (const auto told = Json::parse(fact.value)) all.push_back(read_fact(fact, told->root()));
  }
  return all;
}

Result<void> end_wait(const World& world, Passage& passage) {
  const auto waited = unread(world.store);
  if (!waited) return std::unexpected(waited.error());
  for (const Unread& one : *waited) {
    if (one.message != passage.envelope.response_to || !speaks_for(passage, one)) continue;
    if (passage.message().correlation.empty()) passage.message().correlation = one.correlation;
    passage.commit.facts.push_back(one.fact(true));
    const JsonTree detail = JsonTree::object({{"case", one.correlation}, {"destination", one.destination}});
    passage.commit.audit.push_back({0, passage.at, "read", passage.arrival.actor, detail.dump(), ""});
  }
  return {};
}

std::string receipt_for(const World& world, const config::Config& config, std::string_view message,
                        std::string_view correlation) {
  const std::string id = world.entropy.uuid();
  JsonTree header = JsonTree::object({{"resourceType", "MessageHeader"}, {"id", id}});
  if (!correlation.empty())
    header["extension"].push(JsonTree::object({{"url", fhir::message::kCaseExtension}, {"valueString", correlation}}));
  header.set("eventCoding", JsonTree::object({{"system", fhir::message::kEventSystem}, {"code", kReadReceipt}}));
  header["sender"]["identifier"] =
      JsonTree::object({{"system", fhir::message::kOrganizationSystem}, {"value", config.organization.id}});
  header.set("source", JsonTree::object({{"name", config.site}, {"endpoint", config.fhir_url}}));
  header.set("response", JsonTree::object({{"identifier", message}, {"code", "ok"}}));
  JsonTree entry = JsonTree::object({{"fullUrl", "urn:uuid:" + id}, {"resource", std::move(header)}});
  JsonTree bundle = JsonTree::object({{"resourceType", "Bundle"},
                                      {"id", world.entropy.uuid()},
                                      {"type", "message"},
                                      {"timestamp", instant(world.clock.now())}});
  bundle["entry"].push(std::move(entry));
  return bundle.dump();
}

std::optional<Millis> answer_due(JsonView bundle, std::string_view zone) {
  if (const auto end = end_of(fhir::message::first(bundle, "Task")["restriction"]["period"]["end"], zone)) return end;
  const JsonView request = fhir::message::first(bundle, "ServiceRequest");
  if (const auto end = end_of(request["occurrencePeriod"]["end"], zone)) return end;
  return end_of(request["occurrenceDateTime"], zone);
}

}  // namespace gateway::exchange
