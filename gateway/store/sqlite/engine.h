// The writing side of the store without its thread: one connection, one transaction at a time. Belongs to one thread.
//
// begin(), then any number of store() and claim(), then commit(); or, after a Failure or Spoiled, abandon(). Nothing
// they answer may be told to anybody before commit() has returned: only then it is on disk.
//
// One commit that cannot be stored leaves its neighbours alone: a transaction with savepoints undoes it by itself. They
// cost a third of the writer's time, though, and are hardly ever needed, since most refusals are seen before anything
// is written. So a transaction begins without; the first time something has to be undone it is Spoiled, and done again
// from the start with savepoints.
#pragma once
#include <cstdint>

#include "gateway/store/sqlite/audit.h"
#include "gateway/store/sqlite/connection.h"
#include "gateway/store/sqlite/deliveries.h"
#include "gateway/store/sqlite/packed.h"
#include "gateway/store/store.h"

namespace gateway::store::sqlite {

/// Thrown by store() in a transaction without savepoints.
struct Spoiled {};

enum class Savepoints : bool { without, with };

class Engine {
 public:
  /// Takes over an open connection whose schema is current; voids the leases of the process before. Throws Failure.
  explicit Engine(Connection connection);
  Engine(const Engine&) = delete;  // SQLite keeps its address
  Engine& operator=(const Engine&) = delete;

  void begin(Savepoints savepoints);
  /// All of it, or nothing and the reason. Throws Failure when the whole transaction is lost, or Spoiled.
  Result<Committed> store(const Packed& packed);
  std::vector<Claim> claim(const ClaimOrder& order);
  /// How many of the messages went; they are accounted for when at least one did.
  std::int64_t sweep(Layer layer, const std::vector<Id>& messages, const Store::Account& account);
  /// From now on: commits with a message are refused (the disk is full), the others are stored.
  void refuse_messages(bool refuse) { refuse_messages_ = refuse; }
  void commit();
  void abandon() noexcept;
  /// Has a commit been stored since begin(), or been tried to? An idle courier's claims alone are no event.
  bool stores() const { return stores_; }

  /// How long is the write-ahead log: long enough to be moved, or so long that this cannot wait?
  enum class Log { short_enough, long_enough, too_long };
  Log log() const;
  /// Moves it into the database file; to be called between transactions, when nobody waits. Readers are not disturbed
  /// and do not disturb it. Throws Failure only for a failed disk.
  void checkpoint();

  /// After a failed disk: leaves the files as they are when closing; the next start recovers from the log.
  void leave_files_alone() noexcept;

 private:
  Result<Committed> store_guarded(const Commit& commit);
  Result<Committed> store_plainly(const Commit& commit);
  void undo(const AuditHead& before);
  Result<Committed> store_all(const Commit& commit);
  Result<bool> settle_all(const Commit& commit);  // false: a lease was lost
  Result<void> change_all(const Commit& commit);
  Result<void> store_deliveries(const Commit& commit, Id own);
  Result<std::vector<std::int64_t>> store_resources(const Commit& commit, Id own);

  Connection db_;
  Destinations destinations_;
  AuditHead audit_, durable_audit_;  // with, and without, the transaction that is going on
  Savepoints savepoints_ = Savepoints::without;
  Id next_lease_ = 0;
  int log_pages_ = 0;  // of the write-ahead log, after the last commit
  int checkpoint_at_ = 0;
  bool stores_ = false, refuse_messages_ = false;
};

}  // namespace gateway::store::sqlite
