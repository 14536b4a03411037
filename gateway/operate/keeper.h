// The configuration in force, and those before it. Every change is a new generation: its number, hash, files and who
// asked for it are stored with the audit entry in one transaction, and only then it is in force; whoever began under
// the one before (a message on its way in) keeps that one to the end. A configuration with a fault is never taken.
//
// A generation is numbered upwards for ever, also across restarts; going back is a new generation with the files of an
// old one. The files on disk are never written: after a rollback they still hold the other configuration, which the
// next edit or restart takes. Variables (${NAME}) are those of the running process, also for an old generation.
//
// Thread-safe. reload(), poll() and rollback() read files and wait for the disk: not on an I/O thread.
#pragma once
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "gateway/config/config.h"
#include "gateway/exchange/ports.h"
#include "gateway/store/store.h"

namespace gateway::operate {

struct Generation {
  std::int64_t number = 0;
  store::Millis at = 0;
  std::string hash, who;
  std::string how;                                         // start, reload, files, signal, rollback
  std::int64_t restores = 0;                               // of a rollback: whose files it has
  std::vector<std::pair<std::string, std::string>> files;  // path -> SHA-256
};

class Keeper {
 public:
  using Taken = std::function<void(const std::shared_ptr<const config::Config>&)>;

  /// `taken` is called after each change, with what is in force now. `how`: as the configuration was loaded. Store and
  /// clock outlive the Keeper.
  Keeper(std::shared_ptr<const config::Config> started, store::Store& store, exchange::Clock& clock, Taken taken,
         config::Options how = at_level_files());

  /// Enters the configuration we started with: as the last generation if it is the same, else as a new one.
  fhir::Result<void> begin();

  std::shared_ptr<const config::Config> config() const;
  std::int64_t generation() const;
  /// The files on disk are not what is in force: a rollback, or a faulty edit.
  bool differs_from_files() const;

  struct Outcome {
    bool changed = false;                          // another configuration is in force now (dry: would be)
    std::int64_t generation = 0;                   // in force now
    std::shared_ptr<const config::Config> before;  // what was in force when it was asked
    std::shared_ptr<const config::Config> after;   // what was read; nullptr: faulty
    std::vector<config::FileFault> faults;         // all of them, warnings too
    std::vector<std::string> after_restart;        // keys that wait for a restart
  };
  /// Takes the files as they are now. An error: the change could not be recorded, so it was not made.
  fhir::Result<Outcome> reload(const std::string& who, const std::string& how, bool dry);
  /// Takes the files if they were edited; nothing when they were not.
  std::optional<fhir::Result<Outcome>> poll();
  /// Takes the files of an earlier generation; 0: of the last one that was different.
  fhir::Result<Outcome> rollback(std::int64_t number, const std::string& who);

  /// Oldest first.
  fhir::Result<std::vector<Generation>> generations() const;

 private:
  fhir::Result<Outcome> take(config::Reloader::Attempt attempt, Generation as, bool dry);
  fhir::Result<void> record(const Generation& generation, const config::Config& config);
  fhir::Result<std::vector<config::SourceFile>> files_of(const Generation& generation) const;
  Generation next(const config::Config& config) const;
  static config::Options at_level_files();

  store::Store& store_;
  exchange::Clock& clock_;
  Taken taken_;
  config::Options how_;
  std::mutex changing_;  // one change at a time; of reloader_, kept_, unrecorded_
  config::Reloader reloader_;
  std::set<std::string> kept_;  // SHA-256 of the files that are stored
  bool unrecorded_ = false;     // an edit could not be stored: the next poll() tries again
  mutable std::mutex mutex_;    // of the three below
  std::shared_ptr<const config::Config> config_;
  std::int64_t generation_ = 0;
  bool differs_ = false;
};

}  // namespace gateway::operate
