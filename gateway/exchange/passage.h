// One message on its way through the intake: what is known of it so far. Each step of intake.cpp reads what earlier
// steps wrote here and adds its own; nothing outside sees a Passage before it is committed or refused.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "adapters/map/map.h"
#include "fhir/json.h"
#include "fhir/message/message.h"
#include "fhir/outcome.h"
#include "gateway/config/config.h"
#include "gateway/exchange/courtesy.h"
#include "gateway/exchange/gate.h"
#include "gateway/exchange/ports.h"
#include "gateway/exchange/routes.h"
#include "gateway/exchange/tally.h"
#include "gateway/policy/policy.h"
#include "gateway/store/store.h"

namespace gateway::exchange {

/// How a message came in.
struct Arrival {
  std::shared_ptr<const config::Config> config;  // in force when it arrived; the passage keeps it to the end
  std::string door;                              // "mllp:lis", "http:platform", "fhir"
  const config::Door* local = nullptr;           // a local system's door; nullptr: our FHIR API
  std::string caller;                            // FHIR: organisation the certificate stands for; a local door: our own
  std::vector<std::string> speaks_for;           // further organisations the caller may name as sender
  std::string actor;                             // for the audit: peer, partner or door
  bool staff = false;                            // FHIR: one of our own people (a desk), not a peer
  bool released = false;                         // it was held, and a person lets it in
  bool untold = false;                           // kept here and sent to nobody
  std::vector<store::RowMark> rows;              // stored with the message when it is accepted,
  std::vector<store::RowMark> rows_if_held;      // and these when it is held or refused
  std::vector<store::MessageChange> changes;     // made with it, whatever becomes of it: its parts (divided.h)
  std::vector<std::string> business_ids;         // it can be found by, beside those in it
  std::string raw;
};

/// The world the exchange core works in. Everything outlives the core.
struct World {
  store::Store& store;
  Clock& clock;
  Entropy& entropy;
  std::function<std::shared_ptr<const config::Config>()>
      config;  // the one in force; a passage keeps what it began with
  policy::PseudonymMaker pseudonym;
  std::shared_ptr<Tally> tally = std::make_shared<Tally>();
  std::shared_ptr<Gate> gate = std::make_shared<Gate>();
  std::shared_ptr<Courtesy> courtesy = std::make_shared<Courtesy>();
};

/// A destination beside those of the route: it had what this message changes.
struct Further {
  std::string to;
  std::string correlation;  // the case in which it had it; empty: the message's own
  std::string because;
};

struct Passage {
  Arrival arrival;
  std::shared_ptr<const config::Config> config;
  Millis at = 0;
  std::string now;  // `at` as an instant

  std::string text;                  // decoded, UTF-8
  std::string given_id;              // MSH-10, msgId: as its sender wrote it
  std::string kind;                  // what the maps are asked: "ORU^R01", "consult.apply", or the FHIR event
  std::optional<fhir::Json> bundle;  // the FHIR message
  fhir::message::Envelope envelope;
  std::optional<adapters::map::Report> report;
  fhir::Issues issues;                       // warnings met on the way; errors stop the passage
  std::vector<store::StoredResource> moved;  // as they are stored now: this message moves their state on
  RouteDecision route;
  std::vector<Further> further;
  std::vector<std::string> outdated;  // "Type/id": a newer one is on the shelf and stays there
  bool urgent = false;                // a critical value, or what the route calls urgent
  fhir::JsonTree explain = fhir::JsonTree::object();
  std::optional<store::Seen> repeated;  // this very message was accepted before: its first answer goes out again
  store::Commit commit;                 // grows step by step; `message` is set from the start

  store::Message& message() { return *commit.message; }
  const store::Message& message() const { return *commit.message; }
  fhir::JsonView view() const { return bundle ? bundle->root() : fhir::JsonView{}; }
  void set_bundle(fhir::Json json) {
    bundle.emplace(std::move(json));
    message().bundle = view().dump();
  }
};

}  // namespace gateway::exchange
