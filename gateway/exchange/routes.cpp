#include "gateway/exchange/routes.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "gateway/exchange/notice.h"

namespace gateway::exchange {
namespace {

using fhir::JsonView;

bool listed(const std::vector<std::string>& wanted, std::string_view value) {
  return wanted.empty() || std::ranges::find(wanted, value) != wanted.end();
}

bool any_listed(const std::vector<std::string>& wanted, const std::vector<std::string>& values) {
  return wanted.empty() || std::ranges::any_of(values, [&](const std::string& v) { return listed(wanted, v); });
}

void add_codes(std::vector<std::string>& codes, JsonView concept_view) {
  for (const JsonView coding : concept_view["coding"]) {
    if (coding["code"]) codes.emplace_back(coding["code"].text());
  }
}

void add_identifiers(std::vector<std::string>& ids, JsonView identifiers) {
  for (const JsonView identifier : identifiers) {
    if (identifier["system"].text() == fhir::message::kOrganizationSystem) ids.emplace_back(identifier["value"].text());
  }
}

// The organisation behind a reference: named logically, an Organization, or the one a PractitionerRole works for.
void add_organization(std::vector<std::string>& ids, JsonView bundle, JsonView reference) {
  const JsonView logical = reference["identifier"];
  if (logical["system"].text() == fhir::message::kOrganizationSystem) ids.emplace_back(logical["value"].text());
  const JsonView target = fhir::message::resolve(bundle, reference["reference"].text());
  if (target["resourceType"].text() == "Organization") add_identifiers(ids, target["identifier"]);
  const JsonView employer = fhir::message::resolve(bundle, target["organization"]["reference"].text());
  if (employer["resourceType"].text() == "Organization") add_identifiers(ids, employer["identifier"]);
}

// A catch-all for what no other route takes is not meant for receipts and notices: nobody could release them to
// anybody.
bool is_catch_all(const config::Route& route) {
  return route.events.empty() && route.to == std::vector<std::string>{"hold"};
}

// Empty when every condition holds, else the first that does not.
std::string first_failed(const config::Route& route, const RouteFacts& facts, JsonView bundle, std::string_view now) {
  if (!listed(route.events, facts.event)) {
    return fmt::format("event is {}, not {}", facts.event, fmt::join(route.events, " or "));
  }
  if (is_notice_event(facts.event) && is_catch_all(route)) {
    return fmt::format("a {} is held only by a route that names this event", facts.event);
  }
  if (!listed(route.from, facts.from)) {
    return fmt::format("from is {}, not {}", facts.from, fmt::join(route.from, " or "));
  }
  if (!any_listed(route.recipients, facts.recipients)) {
    return fmt::format("recipient is {}, not {}", fmt::join(facts.recipients, ", "),
                       fmt::join(route.recipients, " or "));
  }
  if (!any_listed(route.specialties, facts.specialties)) {
    return fmt::format("specialty is none of {}", fmt::join(route.specialties, ", "));
  }
  if (!route.condition) return {};
  fhir::path::Environment environment;
  environment.now = now;
  const auto result = route.condition->evaluate(bundle, environment);
  const auto holds = result ? fhir::path::truth(*result) : fhir::Result<bool>(false);
  if (!result) return "condition failed: " + result.error().say;
  return holds && *holds ? std::string{} : "condition is false: " + std::string(route.condition->text());
}

}  // namespace

RouteFacts facts_of(const fhir::message::Envelope& envelope, JsonView bundle, const config::Config& config) {
  RouteFacts facts;
  facts.event = envelope.event;
  facts.from = envelope.sender == config.organization.id ? "local" : envelope.sender;
  if (!envelope.receiver.empty()) facts.recipients.push_back(envelope.receiver);
  for (const JsonView task : fhir::message::all(bundle, "Task"))
    add_organization(facts.recipients, bundle, task["owner"]);
  for (const JsonView request : fhir::message::all(bundle, "ServiceRequest")) {
    for (const JsonView performer : request["performer"]) add_organization(facts.recipients, bundle, performer);
    add_codes(facts.specialties, request["code"]);
    add_codes(facts.specialties, request["performerType"]);
  }
  std::ranges::sort(facts.recipients);
  facts.recipients.erase(std::ranges::unique(facts.recipients).begin(), facts.recipients.end());
  return facts;
}

RouteDecision choose_route(const config::Config& config, const RouteFacts& facts, JsonView bundle,
                           std::string_view now) {
  RouteDecision decision;
  for (const config::Route& route : config.routes) {
    std::string failed = first_failed(route, facts, bundle, now);
    const bool matched = failed.empty();
    decision.tried.push_back({route.id, matched, std::move(failed)});
    if (matched) {
      decision.route = &route;
      break;
    }
  }
  return decision;
}

}  // namespace gateway::exchange
