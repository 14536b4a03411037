// What another configuration would do with the messages that came last: routes and policy are asked as of now, once
// under the configuration in force and once under the candidate, about the same stored Bundles. Nothing is stored, sent
// or logged, and no value of a record is told: ids, events, rules and reasons only. Thread-safe; reads the store.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "fhir/json.h"
#include "gateway/exchange/passage.h"

namespace gateway::operate {

/// Where one message would go.
struct Way {
  std::string route;                 // its id; empty: no route takes it
  std::string place;                 // where the route stands, file:line
  std::vector<std::string> to;       // "peer:hongkong", "peer:hongkong (held: consent.none)", "nobody (held)"
  std::vector<std::string> reasons;  // of those that are held
  exchange::RouteDecision decision;
};

struct Moved {
  store::Id message = 0;
  store::Millis at = 0;
  std::string event, correlation;
  Way before, after;
  std::string because;
};

struct Replay {
  std::size_t looked_at = 0;  // messages found
  std::size_t left_out = 0;   // not FHIR yet, or kept here and sent to nobody
  std::vector<Moved> moved;   // newest first
};

/// Called after each message; false: stop.
using Progress = std::function<bool(std::size_t done, std::size_t of)>;

fhir::Result<Replay> replay(const exchange::World& world, const config::Config& running,
                            const config::Config& candidate, std::size_t last, const Progress& progress);

/// Where a stored message would go under this configuration.
fhir::Result<Way> way_of(const exchange::World& world, const config::Config& config, const store::Message& message);

fhir::JsonTree to_json(const Replay& replay);

}  // namespace gateway::operate
