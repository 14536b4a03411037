#include "gateway/store/sqlite/copies.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <system_error>

#include "gateway/store/sqlite/audit.h"
#include "gateway/store/sqlite/migrate.h"

namespace gateway::store::sqlite {
namespace {

using fhir::Fault;

constexpr int kStepPages = 128;   // 1 MiB between two looks at the progress
constexpr int kStepsToSync = 16;  // a long tail of unwritten pages would hold up the writer's own fsync

std::int64_t count(Connection& db, std::string_view question) {
  auto rows = db.query(question);
  return rows.next() ? rows.integer(0) : 0;
}

Failure cannot(const std::string& file, std::string_view what) {
  return Failure({Fault::unavailable, errno == EEXIST ? "copy.exists" : "copy.file", file,
                  fmt::format("{}: {}", what, std::generic_category().message(errno))});
}

// Private from its first byte on, and never in the place of something else.
void make_file(const std::string& file) {
  const int made = ::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (made < 0) throw cannot(file, "cannot be made");
  ::close(made);
}

void sync_file(const std::string& file) {
  const int open = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  const bool synced = open >= 0 && ::fsync(open) == 0;
  const int failure = errno;
  if (open >= 0) ::close(open);
  errno = failure;
  if (!synced) throw cannot(file, "cannot be written to disk");
}

struct Finish {
  void operator()(sqlite3_backup* backup) const { sqlite3_backup_finish(backup); }
};

// The source's transaction is older than the first step, so the copy never begins anew, however much is written.
bool copy_pages(Connection& source, Connection& target, const std::string& file, const Progress& progress) {
  const std::unique_ptr<sqlite3_backup, Finish> backup(
      sqlite3_backup_init(target.handle(), "main", source.handle(), "main"));
  if (!backup) throw Failure(error_of(target.handle(), sqlite3_errcode(target.handle())));
  for (int step = 1;; ++step) {
    const int code = sqlite3_backup_step(backup.get(), kStepPages);
    if (code != SQLITE_OK && code != SQLITE_DONE) throw Failure(error_of(nullptr, code));
    const auto all = static_cast<std::uint64_t>(sqlite3_backup_pagecount(backup.get()));
    const auto left = static_cast<std::uint64_t>(sqlite3_backup_remaining(backup.get()));
    if (step % kStepsToSync == 0) sync_file(file);
    if (progress && !progress(all - left, all)) return false;
    if (code == SQLITE_DONE) return true;
  }
}

}  // namespace

Census take_census(Connection& db) {
  Census census;
  census.schema = static_cast<int>(count(db, "PRAGMA user_version"));
  census.messages = count(db, "SELECT count(*) FROM message");
  census.deliveries = count(db, "SELECT count(*) FROM delivery");
  census.open = count(db, "SELECT count(*) FROM queue");
  census.resources = count(db, "SELECT count(*) FROM resource");
  census.facts = count(db, "SELECT count(*) FROM fact");
  const AuditHead head = load_audit_head(db);
  census.audit = head.id;
  census.audit_head = head.hash;
  return census;
}

std::optional<Census> copy_database(Connection& source, const std::string& file, const Progress& progress) {
  Census census = take_census(source);
  make_file(file);
  {
    Connection target(file, Connection::Mode::read_write, "");
    target.execute("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF");  // synced as a whole below
    if (!copy_pages(source, target, file, progress)) return std::nullopt;
    target.execute("PRAGMA journal_mode = DELETE");  // one file, without a log beside it
  }
  sync_file(file);
  return census;
}

Result<Census> examine(Connection& db) {
  if (auto ours = check_origin(db, migrations()); !ours) return fhir::pass(ours);
  const auto damaged = [](std::string_view say) {
    return fhir::fail(Fault::needs_person, "store.damaged", "", std::string(say));
  };
  if (count(db, "PRAGMA application_id") != kApplicationId) return damaged("holds no store");
  auto pages = db.query("PRAGMA integrity_check(1)");
  if (!pages.next() || pages.text(0) != "ok") return damaged("pages of the database contradict each other");
  auto references = db.query("PRAGMA foreign_key_check");
  if (references.next()) return damaged("a row refers to one that is not there");
  if (auto chain = verify_chain(db); !chain) return fhir::pass(chain);
  return take_census(db);
}

void skip_numbers(Connection& db, Id gap) {
  for (const std::string_view table : {"message", "delivery"}) {
    db.run(
        "INSERT INTO sqlite_sequence (name, seq) SELECT ?1, 0 WHERE NOT EXISTS "
        "(SELECT 1 FROM sqlite_sequence WHERE name = ?1)",
        table);
    db.run("UPDATE sqlite_sequence SET seq = seq + ? WHERE name = ?", gap, table);
  }
}

}  // namespace gateway::store::sqlite
