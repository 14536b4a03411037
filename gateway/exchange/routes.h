// Where a message goes: routes.yaml asked in order, the first match decides. The answer also tells why, rule by rule,
// because somebody will ask months later (`causeway explain`).
#pragma once
#include <string>
#include <vector>

#include "fhir/json.h"
#include "fhir/message/message.h"
#include "gateway/config/config.h"

namespace gateway::exchange {

/// What routes are asked about.
struct RouteFacts {
  std::string event;
  std::string from;                      // organisation id of the sender; this site's own: "local"
  std::vector<std::string> recipients;   // organisation ids the message names
  std::vector<std::string> specialties;  // codes of what is asked for
};

struct RouteTry {
  std::string id;
  bool matched = false;
  std::string because;  // not matched: the first condition that failed
};

struct RouteDecision {
  const config::Route* route = nullptr;  // nullptr: nobody wants it
  std::vector<RouteTry> tried;
};

RouteFacts facts_of(const fhir::message::Envelope& envelope, fhir::JsonView bundle, const config::Config& config);
RouteDecision choose_route(const config::Config& config, const RouteFacts& facts, fhir::JsonView bundle,
                           std::string_view now);

}  // namespace gateway::exchange
