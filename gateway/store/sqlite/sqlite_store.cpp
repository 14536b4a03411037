// Store on SQLite: opens the file with the settings that durability rests on, and joins writer and readers.
#include <fmt/format.h>
#include <sqlite3.h>
#include <unistd.h>

#include "gateway/observe/failpoint.h"
#include "gateway/store/sqlite/copies.h"
#include "gateway/store/sqlite/facts.h"
#include "gateway/store/sqlite/files.h"
#include "gateway/store/sqlite/gathered_log.h"
#include "gateway/store/sqlite/lists.h"
#include "gateway/store/sqlite/messages.h"
#include "gateway/store/sqlite/migrate.h"
#include "gateway/store/sqlite/reader_pool.h"
#include "gateway/store/sqlite/resources.h"
#include "gateway/store/sqlite/rows.h"
#include "gateway/store/sqlite/sweep.h"
#include "gateway/store/sqlite/unmapped.h"
#include "gateway/store/sqlite/writer.h"
#include "gateway/store/store.h"

namespace gateway::store {
namespace sqlite {
namespace {

using fhir::Fault;

constexpr int kPageBytes = 4096;  // of a new store: most of a small commit is pages touched, not bytes brought

class CommitRequest final : public Request {
 public:
  using Done = std::move_only_function<void(Result<Committed>)>;
  CommitRequest(Result<Packed> packed, Done done) : done_(std::move(done)) {
    if (packed) {
      packed_ = std::move(*packed);
    } else {
      refused_ = true;
      result_ = fhir::pass(packed);
    }
  }

  void apply(Engine& engine) override {
    if (!refused_) result_ = engine.store(packed_);
  }
  void refuse(Error error) override {
    if (refused_) return;
    refused_ = true;
    packed_ = {};
    result_ = std::unexpected(std::move(error));
  }
  void answer() override { done_(std::move(result_)); }
  std::size_t weight() const override { return packed_.weight; }

 private:
  Packed packed_;
  bool refused_ = false;
  Result<Committed> result_;
  Done done_;
};

class ClaimRequest final : public Request {
 public:
  using Done = std::move_only_function<void(Result<std::vector<Claim>>)>;
  ClaimRequest(ClaimOrder order, Done done) : order_(std::move(order)), done_(std::move(done)) {}

  void apply(Engine& engine) override { result_ = engine.claim(order_); }
  void refuse(Error error) override { result_ = std::unexpected(std::move(error)); }
  void answer() override {
    if (result_ && !result_->empty()) observe::failpoint("store.claimed");
    done_(std::move(result_));
  }
  std::size_t weight() const override { return 0; }

 private:
  ClaimOrder order_;
  Result<std::vector<Claim>> result_;
  Done done_;
};

class SweepRequest final : public Request {
 public:
  using Done = std::move_only_function<void(Result<std::int64_t>)>;
  SweepRequest(Layer layer, std::vector<Id> messages, Store::Account account, Done done)
      : layer_(layer), messages_(std::move(messages)), account_(std::move(account)), done_(std::move(done)) {}

  void apply(Engine& engine) override { result_ = engine.sweep(layer_, messages_, account_); }
  void refuse(Error error) override { result_ = std::unexpected(std::move(error)); }
  void answer() override { done_(std::move(result_)); }
  std::size_t weight() const override { return 0; }

 private:
  Layer layer_;
  std::vector<Id> messages_;
  Store::Account account_;
  Result<std::int64_t> result_;
  Done done_;
};

class SqliteStore final : public Store {
 public:
  SqliteStore(const StoreOptions& options, FileLock lock, Connection connection)
      : lock_(std::move(lock)),
        engine_(std::move(connection)),
        file_(options.file),
        vfs_(options.vfs),
        readers_(options.file, options.vfs, std::max<std::size_t>(options.readers, 1)),
        aside_(options.executor ? nullptr : std::make_unique<Checkpointer>(options.file, options.vfs)),
        writer_(engine_, aside_.get(), options) {}

  void submit(Commit commit, std::move_only_function<void(Result<Committed>)> done) override {
    const bool event = commit.message || !commit.settlements.empty();
    if (observe::planted("audit-outside") && event) return submit_in_two(std::move(commit), std::move(done));
    writer_.submit(std::make_unique<CommitRequest>(pack(std::move(commit)), std::move(done)));
  }
  void claim(Millis now, Millis lease_until, std::size_t count, std::vector<Room> rooms,
             std::move_only_function<void(Result<std::vector<Claim>>)> done) override {
    ClaimOrder order{now, lease_until, count, std::move(rooms)};
    writer_.submit(std::make_unique<ClaimRequest>(std::move(order), std::move(done)));
  }
  void sweep(Layer layer, std::vector<Id> messages, Account account,
             std::move_only_function<void(Result<std::int64_t>)> done) override {
    writer_.submit(std::make_unique<SweepRequest>(layer, std::move(messages), std::move(account), std::move(done)));
  }
  bool failed() const override { return writer_.failed(); }
  bool full() const override { return writer_.full(); }
  bool refill() override { return writer_.refill(); }

  Result<Census> copy_to(const std::string& file, const Progress& progress) const override;

  Result<std::optional<Seen>> seen(std::string_view sender, std::string_view control_id) const override {
    return readers_.read([&](Connection& db) { return find_seen(db, sender, control_id); });
  }
  Result<std::optional<Seen>> seen_transmission(std::string_view sender, std::string_view id) const override {
    return readers_.read([&](Connection& db) { return find_transmission(db, sender, id); });
  }
  Result<std::optional<Message>> message(Id id) const override {
    return readers_.read([&](Connection& db) { return find_message(db, id); });
  }
  Result<std::vector<Message>> messages(const Query& query) const override {
    return readers_.read([&](Connection& db) { return list_messages(db, query); });
  }
  Result<std::vector<Delivery>> deliveries(Id message) const override {
    return readers_.read([&](Connection& db) { return deliveries_of(db, message); });
  }
  Result<std::vector<Delivery>> deliveries_in(DeliveryState state, Id after, std::size_t limit) const override {
    if (state == DeliveryState::delivered || state == DeliveryState::cancelled) {
      return fhir::fail(Fault::unsupported, "store.list", "", "only open and parked deliveries are listed by state");
    }
    return readers_.read([&](Connection& db) { return sqlite::deliveries_in(db, state, after, limit); });
  }
  Result<std::optional<Delivery>> delivery(Id id) const override {
    return readers_.read([&](Connection& db) { return find_delivery(db, id); });
  }
  Result<std::vector<Found>> find(const Find& what) const override {
    return readers_.read([&](Connection& db) { return find_messages(db, what); });
  }
  Result<std::vector<Attempt>> attempts(Id delivery) const override {
    return readers_.read([&](Connection& db) { return attempts_of(db, delivery); });
  }
  Result<std::vector<DeadCause>> dead_causes() const override {
    return readers_.read([](Connection& db) { return sqlite::dead_causes(db); });
  }
  Result<std::vector<Backlog>> backlogs() const override {
    return readers_.read([](Connection& db) { return sqlite::backlogs(db); });
  }
  Result<std::vector<AuditEntry>> audit(Id after, std::size_t limit) const override {
    return readers_.read([&](Connection& db) { return list_audit(db, after, limit); });
  }
  Result<std::optional<StoredResource>> resource(std::string_view type, std::string_view id) const override {
    return readers_.read([&](Connection& db) { return find_resource(db, type, id); });
  }
  Result<std::vector<std::string>> owners(std::span<const ResourceName> names) const override {
    return readers_.read([&](Connection& db) { return owners_of(db, names); });
  }
  Result<std::vector<StoredResource>> resources(std::string_view type, std::string_view system, std::string_view value,
                                                std::size_t limit) const override {
    return readers_.read([&](Connection& db) { return resources_with(db, type, system, value, limit); });
  }
  Result<std::optional<PseudonymLink>> link(std::string_view recipient, std::string_view pseudonym) const override {
    return readers_.read([&](Connection& db) { return find_link(db, recipient, pseudonym); });
  }
  Result<std::vector<StoredResource>> resources_of(std::string_view correlation, std::string_view type) const override {
    return readers_.read([&](Connection& db) { return sqlite::resources_of(db, correlation, type); });
  }
  Result<std::optional<Fact>> fact(std::string_view kind, std::string_view key) const override {
    return readers_.read([&](Connection& db) { return find_fact(db, kind, key); });
  }
  Result<std::vector<Fact>> facts(std::string_view kind) const override {
    return readers_.read([&](Connection& db) { return list_facts(db, kind); });
  }
  Result<std::vector<UnmappedCode>> unmapped_codes() const override {
    return readers_.read([&](Connection& db) { return sqlite::unmapped_codes(db); });
  }
  Result<std::vector<RowMark>> row_marks(std::string_view door, std::span<const std::string> keys) const override {
    return readers_.read([&](Connection& db) { return find_row_marks(db, door, keys); });
  }
  Result<std::vector<RowMark>> row_marks_after(std::string_view door, std::string_view key,
                                               std::size_t limit) const override {
    return readers_.read([&](Connection& db) { return sqlite::row_marks_after(db, door, key, limit); });
  }
  Result<std::vector<RowMark>> row_marks_in(std::string_view door, RowState state, std::size_t limit) const override {
    return readers_.read([&](Connection& db) { return sqlite::row_marks_in(db, door, state, limit); });
  }
  Result<std::optional<RowBookmark>> row_bookmark(std::string_view door, std::string_view stream) const override {
    return readers_.read([&](Connection& db) { return find_row_bookmark(db, door, stream); });
  }
  Result<std::vector<RowCount>> row_counts() const override { return readers_.read(count_rows); }
  Result<Counts> counts() const override {
    return readers_.read([](Connection& db) { return count_queue(db); });
  }
  Result<std::vector<Message>> came(const Stretch& stretch) const override {
    return readers_.read([&](Connection& db) { return messages_that_came(db, stretch); });
  }
  Result<std::vector<Delivery>> went(const Stretch& stretch, std::string_view destination) const override {
    return readers_.read([&](Connection& db) { return deliveries_that_went(db, stretch, destination); });
  }
  Result<std::vector<std::string>> events() const override { return readers_.read(stored_events); }
  Result<std::vector<Id>> expired(const Expiry& what) const override {
    return readers_.read([&](Connection& db) { return expired_messages(db, what); });
  }
  Result<std::int64_t> verify_audit() const override {
    auto verified = readers_.read([](Connection& db) { return verify_chain(db); });
    if (!verified) return fhir::pass(verified);
    return std::move(*verified);
  }

 private:
  // A planted mistake: the audit entry follows in a transaction of its own.
  void submit_in_two(Commit commit, std::move_only_function<void(Result<Committed>)> done) {
    Commit entry;
    entry.audit = std::exchange(commit.audit, {});
    auto then = [this, entry = std::move(entry), done = std::move(done)](Result<Committed> stored) mutable {
      const bool kept = stored && !stored->duplicate && !stored->lease_lost;
      done(std::move(stored));
      if (kept) submit(std::move(entry), [](const Result<Committed>&) {});
    };
    writer_.submit(std::make_unique<CommitRequest>(pack(std::move(commit)), std::move(then)));
  }

  // Closed from below: the threads end, the readers close, then the writing connection, last to checkpoint, then the
  // lock is given back.
  FileLock lock_;
  Engine engine_;
  const std::string file_, vfs_;
  mutable ReaderPool readers_;
  const std::unique_ptr<Checkpointer> aside_;  // none in a simulation on one thread
  Writer writer_;
};

// A connection of its own: the readers' are lent for moments, and this is held for minutes.
Result<Census> SqliteStore::copy_to(const std::string& file, const Progress& progress) const {
  const auto remove = [&] {
    ::unlink(file.c_str());
    ::unlink((file + "-journal").c_str());
  };
  try {
    Connection source(file_, Connection::Mode::read_only, vfs_);
    sqlite3_busy_timeout(source.handle(), 1000);
    source.run("BEGIN");
    auto census = copy_database(source, file, progress);
    if (census) return *std::move(census);
    remove();
    return fhir::fail(Fault::unavailable, "copy.stopped", file, "was stopped");
  } catch (const Failure& failure) {
    if (failure.error.code != "copy.exists") remove();
    return std::unexpected(failure.error);
  }
}

struct Setting {
  const char* set;
  const char* ask;
  const char* expect;
};

// What is set must really be in force: SQLite refuses some settings without an error.
constexpr Setting kSettings[] = {
    {"PRAGMA journal_mode = WAL", "PRAGMA journal_mode", "wal"},
    {"PRAGMA synchronous = FULL", "PRAGMA synchronous", "2"},
    {"PRAGMA foreign_keys = ON", "PRAGMA foreign_keys", "1"},
    {"PRAGMA secure_delete = OFF", "PRAGMA secure_delete", "0"},          // on in Debian: costs a write for each delete
    {"PRAGMA temp_store = MEMORY", "PRAGMA temp_store", "2"},             // savepoints keep their undo log in memory
    {"PRAGMA wal_autocheckpoint = 0", "PRAGMA wal_autocheckpoint", "0"},  // the writer does it between transactions
    {"PRAGMA trusted_schema = OFF", "PRAGMA trusted_schema", "0"},
};

Result<void> set_and_verify(Connection& db, const Setting& setting) {
  db.execute(setting.set);
  auto rows = db.query(setting.ask);
  const std::string found = rows.next() ? rows.text(0) : "nothing";
  if (found == setting.expect) return {};
  return fhir::fail(Fault::needs_person, "store.setting", "",
                    fmt::format("{} is {} where durability needs {}", setting.ask, found, setting.expect));
}

// A store keeps the size it was made with.
std::uint64_t page_bytes(Connection& db) {
  auto rows = db.query("PRAGMA page_size");
  return rows.next() ? static_cast<std::uint64_t>(rows.integer(0)) : kPageBytes;
}

bool forgets_syncs(const StoreOptions& options) {
  return options.unsafe_synchronous_normal || observe::planted("forgotten-fsync");
}

Result<void> configure(Connection& db, const StoreOptions& options) {
  sqlite3_busy_timeout(db.handle(), 5000);
  sqlite3_db_config(db.handle(), SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  db.execute(fmt::format("PRAGMA page_size = {}", kPageBytes));  // before anything is written, or it is too late
  for (const Setting& setting : kSettings) {
    if (auto done = set_and_verify(db, setting); !done) return done;
  }
  // The system keeps the file in its own cache. Ours is not larger, because SQLite walks all of it after a commit that
  // put the halves of a split page in order (3.40: their numbers change places by way of one that no page ever has).
  db.execute("PRAGMA cache_size = -16384; PRAGMA journal_size_limit = 134217728");
  if (forgets_syncs(options)) db.execute("PRAGMA synchronous = NORMAL");
  if (options.quota != 0) db.execute(fmt::format("PRAGMA max_page_count = {}", options.quota / page_bytes(db)));
  return {};
}

Result<Connection> connect(const StoreOptions& options) {
  // Gathering needs the sync of each commit; without, the system gets every frame at once.
  Connection db(options.file, Connection::Mode::read_write,
                forgets_syncs(options) ? options.vfs : gathered_log_vfs(options.vfs));
  if (sqlite3_db_readonly(db.handle(), "main") == 1) {
    return fhir::fail(Fault::needs_person, "store.read-only", "", "the database file cannot be written to");
  }
  if (auto ours = check_origin(db, migrations()); !ours) return fhir::pass(ours);
  if (auto ready = configure(db, options); !ready) return fhir::pass(ready);
  migrate(db, migrations());
  return db;
}

Result<std::unique_ptr<Store>> open(const StoreOptions& options) {
  if (auto ready = prepare_file(options.file); !ready) return fhir::pass(ready);
  auto lock = FileLock::take(options.file);
  if (!lock) return fhir::pass(lock);
  auto connection = connect(options);
  if (!connection) return fhir::pass(connection);
  return std::make_unique<SqliteStore>(options, std::move(*lock), std::move(*connection));
}

Result<std::unique_ptr<Store>> open_or_say_why(const StoreOptions& options) {
  try {
    return open(options);
  } catch (const Failure& failure) {
    return std::unexpected(failure.error);
  }
}

// Without the lock file a running gateway holds: the file belongs to nobody.
Result<Census> examine_or_say_why(const std::string& file) {
  try {
    Connection db(file, Connection::Mode::read_only, "");
    return examine(db);
  } catch (const Failure& failure) {
    return std::unexpected(failure.error);
  }
}

Result<void> skip_numbers_or_say_why(const StoreOptions& options) {
  try {
    if (auto ready = prepare_file(options.file); !ready) return ready;
    auto lock = FileLock::take(options.file);
    if (!lock) return fhir::pass(lock);
    auto connection = connect(options);
    if (!connection) return fhir::pass(connection);
    skip_numbers(*connection, kRestoredGap);
    return {};
  } catch (const Failure& failure) {
    return std::unexpected(failure.error);
  }
}

}  // namespace
}  // namespace sqlite

Result<Census> examine_sqlite(const std::string& file) {
  auto census = sqlite::examine_or_say_why(file);
  if (!census && census.error().where.empty()) census.error().where = file;
  return census;
}

Result<void> begin_anew_sqlite(const StoreOptions& options, AuditEntry entry, Fact fact) {
  if (auto skipped = sqlite::skip_numbers_or_say_why(options); !skipped) return skipped;
  auto store = open_sqlite(options);
  if (!store) return fhir::pass(store);
  Commit commit;
  commit.audit.push_back(std::move(entry));
  commit.facts.push_back(std::move(fact));
  auto stored = (*store)->commit(std::move(commit));
  if (!stored) return fhir::pass(stored);
  return {};
}

Result<std::unique_ptr<Store>> open_sqlite(const StoreOptions& options) {
  auto store = sqlite::open_or_say_why(options);
  if (!store && store.error().where.empty()) store.error().where = options.file;
  return store;
}

std::string_view sqlite_version() { return sqlite3_libversion(); }

}  // namespace gateway::store
