// Reconciliation: of a day, what came from the local systems, what was to go to each peer, and what the peer says it
// has of us; what is missing on which side is named by its business ids. Every night for the day before, kept as a
// report, with an alert while something is missing; and whenever somebody asks.
//
// A peer tells nothing but what the asking hospital itself sent ($reconcile, gateway/rest/account.h), and both sides
// audit it. A peer that collects from us opens no port and is compared from its own side. Questions go over the Net,
// reading the store over a worker. Thread-safe; all it refers to outlives it, and it is stopped before the Net.
#pragma once
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "fhir/json.h"
#include "gateway/exchange/courier.h"
#include "gateway/exchange/passage.h"
#include "gateway/net/net.h"
#include "gateway/operate/alerts.h"
#include "gateway/operate/worker.h"

namespace gateway::operate {

class Reconciler {
 public:
  Reconciler(const exchange::World& world, net::Net& net, exchange::Expectation expect, Alerts& alerts);
  ~Reconciler() { stop(); }

  /// Compares yesterday when its time has come; every few seconds.
  void look();
  void stop() { worker_.stop(); }

  struct Day {
    std::string name;  // "2026-03-10", in the site's zone
    store::Millis from = 0, until = 0;
  };
  /// `invalid` for what is no day; empty: today so far.
  fhir::Result<Day> day(const std::string& name) const;

  using Done = std::move_only_function<void(fhir::Result<fhir::JsonTree>)>;
  /// `peer` empty: every peer. `done` on any thread; not called once stop() was.
  void compare(const Day& day, const std::string& peer, Done done);

  /// Of the nights, newest first.
  fhir::Result<std::vector<fhir::JsonTree>> reports() const;

 private:
  struct Work;
  void start(std::shared_ptr<Work> work);
  void next_peer(std::shared_ptr<Work> work);
  void ask(std::shared_ptr<Work> work);
  void answered(std::shared_ptr<Work> work, fhir::Result<net::HttpResponse> answer);
  void judge(std::shared_ptr<Work> work);
  void conclude(std::shared_ptr<Work> work);
  void store_report(const Day& day, const fhir::JsonTree& report);
  void alarm(const fhir::JsonTree& report);

  const exchange::World& world_;
  net::Net& net_;
  const exchange::Expectation expect_;
  Alerts& alerts_;
  std::mutex mutex_;                   // of the two below
  std::optional<store::Millis> last_;  // when the last night's began, or since when we look
  bool going_on_ = false;
  Worker worker_;  // last: ends first
};

}  // namespace gateway::operate
