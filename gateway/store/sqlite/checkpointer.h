// Moves the write-ahead log into the database file beside the writer: on a large store that is many scattered pages and
// takes up to seconds, and whoever waits for a commit must not feel it. What the writer adds meanwhile is left to it;
// it is little, and only the writer can end the log (sqlite.org/wal.html: a checkpoint that no writer overtakes lets
// the next commit begin the file anew).
//
// A thread of its own with a connection of its own; used by the writer's thread alone.
#pragma once
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "gateway/store/sqlite/connection.h"

namespace gateway::store::sqlite {

class Checkpointer {
 public:
  /// Throws Failure when the file cannot be opened.
  Checkpointer(const std::string& file, const std::string& vfs);
  /// Waits for the one that is going on.
  ~Checkpointer();
  Checkpointer(const Checkpointer&) = delete;
  Checkpointer& operator=(const Checkpointer&) = delete;

  /// Begins one unless one is going on. True once for each that has ended: the rest is short now. Throws Failure when
  /// the disk failed: what was synced is not known then.
  bool done();
  /// The same, but waits until it has ended.
  void finish();

 private:
  enum class State { idle, asked, ended, closing };

  void run();
  std::optional<fhir::Error> move_log();
  void throw_if_failed() const;

  Connection db_;
  std::mutex mutex_;  // of the two below
  std::condition_variable changed_;
  State state_ = State::idle;
  std::optional<fhir::Error> failed_;
  std::thread thread_;  // last: it starts when everything above is there
};

}  // namespace gateway::store::sqlite
