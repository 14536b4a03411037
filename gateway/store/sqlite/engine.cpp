#include "gateway/store/sqlite/engine.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>

#include "gateway/observe/failpoint.h"
#include "gateway/store/sqlite/facts.h"
#include "gateway/store/sqlite/messages.h"
#include "gateway/store/sqlite/resources.h"
#include "gateway/store/sqlite/rows.h"
#include "gateway/store/sqlite/sweep.h"
#include "gateway/store/sqlite/unmapped.h"

namespace gateway::store::sqlite {
namespace {

using fhir::Fault;

constexpr int kCheckpointPages = 16000;  // 64 MB of log: fewer, larger checkpoints are three times faster (stack.md §4)
constexpr int kTooManyPages = 4 * kCheckpointPages;
constexpr int kCheckpointAgain = 1000;  // pages until the next attempt when a reader held the last one up

// The store has no clock and leases must never repeat: the count of openings is the upper half of their numbers.
Id first_lease(Connection& db) {
  db.run("UPDATE store SET opened = opened + 1");
  auto rows = db.query("SELECT opened FROM store");
  return rows.next() ? rows.integer(0) << 32 : 0;
}

int count_log_pages(void* pages, sqlite3*, const char*, int in_log) {
  *static_cast<int*>(pages) = in_log;
  return SQLITE_OK;
}

bool stored(const Result<Committed>& result) { return result && !result->duplicate && !result->lease_lost; }

// The others of the transaction are not touched by a broken rule, an outsized value or an old body that went bad.
bool concerns_one_commit(const Error& error) {
  return error.fault == Fault::invalid || error.fault == Fault::too_large || error.code == "store.body-damaged";
}

bool counts(const Commit& commit, const std::optional<Seen>& seen) {
  return seen && std::ranges::find(commit.outdated, seen->message) == commit.outdated.end();
}

std::optional<Seen> seen_before(Connection& db, const Commit& commit) {
  if (!commit.remember) return std::nullopt;
  if (const auto& m = commit.message) {
    if (auto seen = find_seen(db, m->sender, m->control_id); counts(commit, seen)) return seen;
    if (!commit.once) return std::nullopt;
    auto sent = find_transmission(db, m->sender, m->transmission);
    return counts(commit, sent) ? sent : std::nullopt;
  }
  for (const MessageChange& change : commit.changes) {
    if (auto seen = find_seen(db, change.message)) return seen;
  }
  return std::nullopt;
}

std::optional<Millis> arrival_of(Connection& db, Id message) {
  auto rows = db.query("SELECT at FROM message WHERE id = ?", message);
  return rows.next() ? std::optional(rows.integer(0)) : std::nullopt;
}

std::unexpected<Error> moved_on(std::string where) {
  return fhir::fail(Fault::conflict, "store.state", std::move(where),
                    "is no longer in the state this change starts from");
}

}  // namespace

Engine::Engine(Connection connection) : db_(std::move(connection)), checkpoint_at_(kCheckpointPages) {
  sqlite3_wal_hook(db_.handle(), count_log_pages, &log_pages_);
  db_.run("BEGIN IMMEDIATE");
  next_lease_ = first_lease(db_) + 1;
  void_leases(db_);
  db_.run("COMMIT");
  audit_ = durable_audit_ = load_audit_head(db_);
}

void Engine::begin(Savepoints savepoints) {
  savepoints_ = savepoints;
  db_.run("BEGIN IMMEDIATE");
  stores_ = false;
}

void Engine::commit() {
  if (audit_.id != durable_audit_.id) save_audit_head(db_, audit_);
  db_.run("COMMIT");
  durable_audit_ = audit_;
}

void Engine::abandon() noexcept {
  // SQLite ends the transaction by itself after some failures; after others this is what ends it.
  sqlite3_exec(db_.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
  audit_ = durable_audit_;
  destinations_.forget();
}

void Engine::undo(const AuditHead& before) {
  db_.run("ROLLBACK TO one");
  db_.run("RELEASE one");
  audit_ = before;
  destinations_.forget();
}

Result<Committed> Engine::store(const Packed& packed) {
  if (refuse_messages_ && packed.commit.message)
    return fhir::fail(Fault::unavailable, "store.full", "",
                      "the disk is full: what is here is sent, nothing new is taken");
  stores_ = true;
  return savepoints_ == Savepoints::with ? store_guarded(packed.commit) : store_plainly(packed.commit);
}

Result<Committed> Engine::store_guarded(const Commit& commit) {
  const AuditHead before = audit_;
  stores_ = true;
  db_.run("SAVEPOINT one");
  try {
    auto result = store_all(commit);
    stored(result) ? db_.run("RELEASE one") : undo(before);
    return result;
  } catch (const Failure& failure) {
    if (!db_.in_transaction() || !concerns_one_commit(failure.error)) throw;
    undo(before);
    return std::unexpected(failure.error);
  }
}

Result<Committed> Engine::store_plainly(const Commit& commit) {
  const auto written = db_.changed_in_all();
  try {
    auto result = store_all(commit);
    if (!stored(result) && db_.changed_in_all() != written) throw Spoiled();
    return result;
  } catch (const Failure& failure) {
    if (!db_.in_transaction() || !concerns_one_commit(failure.error)) throw;
    throw Spoiled();
  }
}

Result<Committed> Engine::store_all(const Commit& commit) {
  Committed done;
  done.duplicate = seen_before(db_, commit);
  if (done.duplicate) return done;
  const auto settled = settle_all(commit);
  if (!settled) return std::unexpected(settled.error());
  done.lease_lost = !*settled;
  if (done.lease_lost) return done;
  if (commit.message) {
    done.message = insert_message(db_, *commit.message);
    insert_keys(db_, commit.keys, done.message);
    if (commit.remember) remember(db_, *commit.message, done.message);
    if (commit.remember && commit.once) remember_transmission(db_, *commit.message, done.message);
  }
  if (const auto changed = change_all(commit); !changed) return std::unexpected(changed.error());
  if (const auto queued = store_deliveries(commit, done.message); !queued) return std::unexpected(queued.error());
  auto versions = store_resources(commit, done.message);
  if (!versions) return fhir::pass(versions);
  done.versions = std::move(*versions);
  for (const PseudonymLink& link : commit.links) put_link(db_, link);
  for (const Fact& fact : commit.facts) put_fact(db_, fact);
  for (const RowMark& row : commit.rows) put_row_mark(db_, row, row.message != 0 ? row.message : done.message);
  for (const UnmappedCode& code : commit.unmapped) count_unmapped(db_, code);
  for (const RowBookmark& bookmark : commit.bookmarks) put_row_bookmark(db_, bookmark);
  for (const AuditEntry& entry : commit.audit) append_audit(db_, audit_, entry);
  return done;
}

Result<bool> Engine::settle_all(const Commit& commit) {
  if (!commit.settlements.empty()) observe::failpoint("store.settling");
  for (const Settlement& settlement : commit.settlements) {
    const auto where = fmt::format("delivery {}", settlement.delivery);
    if (settlement.state == DeliveryState::claimed) {
      return fhir::fail(Fault::invalid, "store.settlement", where, "cannot be settled as claimed");
    }
    switch (settle(db_, settlement)) {
      case Settled::done: break;
      case Settled::lease_lost: return false;
      case Settled::moved_on: return moved_on(where);
      case Settled::unknown: return fhir::fail(Fault::not_found, "store.unknown", where, "is not in the store");
    }
  }
  return true;
}

Result<void> Engine::change_all(const Commit& commit) {
  for (const MessageChange& change : commit.changes) {
    if (!change_message(db_, change)) return moved_on(fmt::format("message {}", change.message));
    if (commit.remember && !commit.message) remember(db_, change.message);
  }
  return {};
}

Result<void> Engine::store_deliveries(const Commit& commit, Id own) {
  for (const Delivery& delivery : commit.deliveries) {
    const Id message = delivery.message != 0 ? delivery.message : own;
    const auto at = message == own && commit.message ? commit.message->at : arrival_of(db_, message);
    if (!at)
      return fhir::fail(Fault::not_found, "store.unknown", fmt::format("message {}", message), "is not in the store");
    insert_delivery(db_, destinations_, delivery, message, *at);
  }
  return {};
}

Result<std::vector<std::int64_t>> Engine::store_resources(const Commit& commit, Id own) {
  std::vector<std::int64_t> versions;
  for (const StoredResource& resource : commit.resources) {
    const auto version = put_resource(db_, resource, resource.message != 0 ? resource.message : own);
    if (!version) return fhir::fail(Fault::conflict, "store.version", resource.type, "another version is current");
    versions.push_back(*version);
  }
  return versions;
}

std::vector<Claim> Engine::claim(const ClaimOrder& order) {
  auto claimed = sqlite::claim(db_, order, next_lease_);
  next_lease_ += static_cast<Id>(claimed.claims.size());
  for (const Id id : claimed.damaged) {
    append_audit(
        db_, audit_,
        {0, order.now, "alarm", "gateway", fmt::format(R"({{"code":"store.body-damaged","delivery":{}}})", id), ""});
  }
  return std::move(claimed.claims);
}

std::int64_t Engine::sweep(Layer layer, const std::vector<Id>& messages, const Store::Account& account) {
  std::vector<Id> gone;
  for (const Id message : messages)
    if (sweep_message(db_, layer, message)) gone.push_back(message);
  if (!gone.empty()) append_audit(db_, audit_, account(gone));
  return static_cast<std::int64_t>(gone.size());
}

Engine::Log Engine::log() const {
  if (log_pages_ < checkpoint_at_) return Log::short_enough;
  return log_pages_ < kTooManyPages ? Log::long_enough : Log::too_long;
}

void Engine::checkpoint() {
  int in_log = 0, moved = 0;
  const int code = sqlite3_wal_checkpoint_v2(db_.handle(), nullptr, SQLITE_CHECKPOINT_PASSIVE, &in_log, &moved);
  const bool whole = code == SQLITE_OK && in_log == moved;
  checkpoint_at_ = whole ? kCheckpointPages : log_pages_ + kCheckpointAgain;
  if (whole) log_pages_ = 0;
  if (code == SQLITE_OK) return;
  auto error = error_of(db_.handle(), code);
  if (error.fault != Fault::unavailable) throw Failure(std::move(error));
}

void Engine::leave_files_alone() noexcept {
  sqlite3_db_config(db_.handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
}

}  // namespace gateway::store::sqlite
