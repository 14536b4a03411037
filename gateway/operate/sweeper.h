// The nightly sweep: what was kept as long as `retention:` says goes, batch by batch, each in a transaction with its
// audit entry, with pauses between, so that an acknowledgement waits for one small batch at most. Looking for what may
// go runs on a worker, below the traffic. A sweep that was interrupted is gone on with the next night; nothing depends
// on its end. Thread-safe; world and net outlive it, and it is stopped before the Net.
#pragma once
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "fhir/json.h"
#include "gateway/exchange/passage.h"
#include "gateway/net/net.h"
#include "gateway/operate/worker.h"

namespace gateway::operate {

class Sweeper {
 public:
  Sweeper(const exchange::World& world, net::Net& net) : world_(world), net_(net) {}
  ~Sweeper() { stop(); }

  /// Begins a sweep when its time has come; every few seconds.
  void look();
  /// Begins one now, unless one is going on.
  void sweep();
  void stop() { worker_.stop(); }

  struct Report {
    store::Millis began = 0, ended = 0;         // ended 0: going on, or interrupted
    std::map<std::string, std::int64_t> swept;  // layer -> messages
  };
  /// The last one, also of before the last start.
  std::optional<Report> last() const;

 private:
  struct Task {
    store::Expiry what;
    std::string layer;
  };
  std::vector<Task> tasks(const config::Config& config) const;
  void begin();
  void step();
  void go_on(fhir::Result<std::int64_t> swept);
  void end();
  void remember();

  const exchange::World& world_;
  net::Net& net_;
  mutable std::mutex mutex_;  // of the three below
  bool going_on_ = false;
  std::optional<store::Millis> since_;  // nothing is due that should have happened before
  Report report_;
  std::vector<Task> tasks_;  // of the sweep that is going on: its worker's alone, last one first
  Worker worker_;            // last: ends first
};

fhir::JsonTree to_json(const Sweeper::Report& report);

}  // namespace gateway::operate
