// Backups of the running site, asked for over the control socket: one at a time, on a worker of its own below the
// traffic, with its progress to be asked for. What came of the last ones is kept for whoever asked; each one that was
// completed is in the audit, with the SHA-256 of its manifest. Thread-safe; world outlives it.
#pragma once
#include <map>
#include <mutex>
#include <string>

#include "gateway/exchange/passage.h"
#include "gateway/operate/backup.h"
#include "gateway/operate/worker.h"

namespace gateway::operate {

class Backups {
 public:
  explicit Backups(const exchange::World& world) : world_(world) {}
  ~Backups() { stop(); }

  /// Begins; `to`: an existing folder, in which SITE-TIME is made, or the absolute name of the backup itself. The
  /// number to ask with; `conflict` while one is being made.
  fhir::Result<std::int64_t> begin(const std::string& to, const std::string& who);
  /// {"done": false, "stage", "at", "of"}, or what came of it with "done": true; `not_found` for one long gone.
  fhir::Result<fhir::JsonTree> ask(std::int64_t number) const;
  /// The one in progress ends soon and leaves nothing.
  void give_up();
  void stop();

  /// When the last one was completed, since the store was made; 0: never.
  store::Millis last() const;

 private:
  struct State {
    bool done = false;
    Step step;
    fhir::JsonTree result;
  };
  void run(std::int64_t number, std::filesystem::path folder, const std::string& who);
  fhir::JsonTree make(std::int64_t number, const std::filesystem::path& folder, const std::string& who);
  fhir::Result<void> record(const Backup& backup, const std::string& who);

  const exchange::World& world_;
  mutable std::mutex mutex_;  // of the three below
  std::map<std::int64_t, State> states_;
  std::int64_t last_ = 0;
  bool given_up_ = false;
  Worker worker_;  // last: ends first
};

}  // namespace gateway::operate
