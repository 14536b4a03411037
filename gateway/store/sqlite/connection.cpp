#include "gateway/store/sqlite/connection.h"

#include <sqlite3.h>

#include <cstdlib>
#include <mutex>
#include <system_error>

namespace gateway::store::sqlite {
namespace {

using fhir::Fault;

struct Meaning {
  Fault fault;
  const char* code;
  const char* say;
};

// https://www.sqlite.org/rescode.html, sorted by what the caller does next.
Meaning meaning_of(int extended) {
  switch (extended) {
    case SQLITE_IOERR_NOMEM: return {Fault::unavailable, "store.memory", "out of memory"};
    case SQLITE_IOERR_SHMSIZE:  // the index of the log, which no durability rests on, found no room
      return {Fault::unavailable, "store.full", "the disk, or the store's quota, is full"};
    case SQLITE_READONLY_DBMOVED:
      return {Fault::broken, "store.moved", "the database file was moved or deleted under us"};
    default: break;
  }
  switch (extended & 0xff) {
    case SQLITE_FULL: return {Fault::unavailable, "store.full", "the disk, or the store's quota, is full"};
    case SQLITE_NOMEM: return {Fault::unavailable, "store.memory", "out of memory"};
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return {Fault::unavailable, "store.busy", "another program holds the database"};
    case SQLITE_READONLY: return {Fault::unavailable, "store.read-only", "the file system does not take writes"};
    case SQLITE_CANTOPEN: return {Fault::unavailable, "store.open", "a file of the database cannot be opened"};
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH: return {Fault::invalid, "store.constraint", "contradicts a rule of the schema"};
    case SQLITE_TOOBIG: return {Fault::too_large, "store.too-big", "a value is over a gigabyte"};
    case SQLITE_CORRUPT: return {Fault::needs_person, "store.damaged", "the database file is damaged here"};
    case SQLITE_NOTADB: return {Fault::needs_person, "store.not-a-database", "this is not an SQLite database"};
    case SQLITE_IOERR: return {Fault::broken, "store.disk", "the disk failed"};
    default: return {Fault::broken, "store.sqlite", "SQLite reported a failure that has no place here"};
  }
}

void check(sqlite3_stmt* statement, int code) {
  if (code != SQLITE_OK) throw Failure(error_of(sqlite3_db_handle(statement), code));
}

// SQLite's own memory statistics cost a lock for each allocation. Without effect when somebody used SQLite before.
void leave_out_statistics() {
  static std::once_flag once;
  std::call_once(once, [] { sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); });
}

}  // namespace

// sqlite3_errmsg() may quote values; error codes and the system's own words cannot.
fhir::Error error_of(sqlite3* handle, int code) {
  const int extended = handle != nullptr ? sqlite3_extended_errcode(handle) : code;
  const Meaning meaning = meaning_of((extended & 0xff) == (code & 0xff) ? extended : code);
  std::string say = std::string(meaning.say) + " (SQLite " + std::to_string(extended);
  const int system = handle != nullptr ? sqlite3_system_errno(handle) : 0;
  if (system != 0 && meaning.fault != Fault::invalid) say += ": " + std::generic_category().message(system);
  return {meaning.fault, meaning.code, "", say + ")"};
}

Rows::~Rows() {
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

bool Rows::next() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) throw Failure(error_of(sqlite3_db_handle(statement_), code));
  return false;
}

std::int64_t Rows::integer(int column) const { return sqlite3_column_int64(statement_, column); }

std::string Rows::text(int column) const { return std::string(bytes(column)); }

std::string_view Rows::bytes(int column) const {
  const auto* start = static_cast<const char*>(sqlite3_column_blob(statement_, column));
  return {start, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

bool Rows::null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }

Connection::Connection(const std::string& file, Mode mode, const std::string& vfs) {
  leave_out_statistics();
  sqlite3* handle = nullptr;
  const int access = mode == Mode::read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
  const int code = sqlite3_open_v2(file.c_str(), &handle, access | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
                                   vfs.empty() ? nullptr : vfs.c_str());
  handle_.reset(handle);
  if (code != SQLITE_OK) throw Failure(error_of(handle, code));
}

void Connection::execute(const std::string& script) {
  const int code = sqlite3_exec(handle_.get(), script.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) throw Failure(error_of(handle_.get(), code));
}

std::int64_t Connection::last_id() const { return sqlite3_last_insert_rowid(handle_.get()); }
std::int64_t Connection::changed() const { return sqlite3_changes64(handle_.get()); }
std::int64_t Connection::changed_in_all() const { return sqlite3_total_changes64(handle_.get()); }
bool Connection::in_transaction() const { return sqlite3_get_autocommit(handle_.get()) == 0; }

sqlite3_stmt* Connection::prepared(std::string_view sql) {
  const auto known = statements_.find(sql);
  if (known != statements_.end()) {
    if (sqlite3_stmt_busy(known->second.get()) != 0) std::abort();  // asked again while its rows are still being read
    return known->second.get();
  }
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(handle_.get(), sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) throw Failure(error_of(handle_.get(), code));
  statements_.emplace(std::string(sql), statement);
  return statement;
}

void Connection::bind(const Slot& slot, std::int64_t value) {
  check(slot.statement, sqlite3_bind_int64(slot.statement, slot.index, value));
}

void Connection::bind(const Slot& slot, std::string_view text) {
  const char* start = text.empty() ? "" : text.data();  // a null pointer would mean NULL
  const auto keep = slot.bytes == Bytes::borrowed ? SQLITE_STATIC : SQLITE_TRANSIENT;
  check(slot.statement, sqlite3_bind_text64(slot.statement, slot.index, start, text.size(), keep, SQLITE_UTF8));
}

void Connection::bind(const Slot& slot, Blob blob) {
  if (blob.bytes.empty()) return bind_null(slot);
  const auto keep = slot.bytes == Bytes::borrowed ? SQLITE_STATIC : SQLITE_TRANSIENT;
  check(slot.statement, sqlite3_bind_blob64(slot.statement, slot.index, blob.bytes.data(), blob.bytes.size(), keep));
}

void Connection::bind_null(const Slot& slot) { check(slot.statement, sqlite3_bind_null(slot.statement, slot.index)); }

void Connection::Close::operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
void Connection::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

}  // namespace gateway::store::sqlite
