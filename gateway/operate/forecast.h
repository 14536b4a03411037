// What a candidate configuration would change, asked while the gateway runs: `causeway diff`. The candidate's folder is
// read as if its files stood where the running one's are, so relative paths mean what they would mean after a reload.
// Runs on a worker of its own, below the traffic; progress can be asked for. One forecast at a time; the result of the
// last few is kept for whoever asked. Thread-safe; world and keeper outlive it.
#pragma once
#include <map>
#include <mutex>
#include <string>

#include "fhir/json.h"
#include "gateway/operate/keeper.h"
#include "gateway/operate/replay.h"
#include "gateway/operate/worker.h"

namespace gateway::operate {

class Forecasts {
 public:
  Forecasts(const exchange::World& world, const Keeper& keeper) : world_(world), keeper_(keeper) {}
  ~Forecasts() { stop(); }

  /// Begins; the number to ask with. `unavailable` while too many wait.
  fhir::Result<std::int64_t> begin(const std::string& folder, std::size_t last);
  /// {"done": false, "at": 120, "of": 1000}, or the whole forecast with "done": true; `not_found` for one long gone.
  fhir::Result<fhir::JsonTree> ask(std::int64_t number) const;
  void stop() { worker_.stop(); }

 private:
  struct State {
    bool done = false;
    std::size_t at = 0, of = 0;
    fhir::JsonTree result;
  };
  void run(std::int64_t number, const std::string& folder, std::size_t last);
  fhir::JsonTree forecast(std::int64_t number, const std::string& folder, std::size_t last);
  void finish(std::int64_t number, fhir::JsonTree result);

  const exchange::World& world_;
  const Keeper& keeper_;
  mutable std::mutex mutex_;  // of the two below
  std::map<std::int64_t, State> states_;
  std::int64_t last_ = 0;
  Worker worker_;  // last: ends first
};

/// Reads `folder` as if it stood at `running`'s place; the faults name the files where they are.
std::shared_ptr<const config::Config> load_candidate(const config::Config& running, const std::filesystem::path& folder,
                                                     std::vector<config::FileFault>& faults);

}  // namespace gateway::operate
