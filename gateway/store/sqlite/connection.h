// The whole of the SQLite API that the store uses: a connection with its prepared statements, and rows.
//
// A Connection and everything it gives out belong to one thread at a time. Inside gateway/store/sqlite a statement that
// fails throws Failure, because nobody between the statement and the end of its transaction could do anything about it;
// the writer, the reader pool and open_sqlite() catch it, and nothing else ever sees it. What a caller decides by
// (duplicate, lost lease, stale version) is a value and never thrown.
#pragma once
#include <concepts>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <utility>

#include "fhir/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace gateway::store::sqlite {

class Failure : public std::exception {
 public:
  explicit Failure(fhir::Error why) : error(std::move(why)) {}
  const char* what() const noexcept override { return error.say.c_str(); }

  fhir::Error error;  // unavailable: full, busy; invalid: a constraint; needs_person: damaged; broken: the disk failed
};

/// Bytes for a BLOB column; empty becomes NULL.
struct Blob {
  std::string_view bytes;
};

/// The rows of one query. Ends it when it goes out of scope; the same text cannot be asked again before that.
class Rows {
 public:
  Rows(const Rows&) = delete;
  Rows& operator=(const Rows&) = delete;
  ~Rows();

  bool next();  // throws Failure

  std::int64_t integer(int column) const;
  std::string text(int column) const;
  std::string_view bytes(int column) const;  // valid until next() or the end
  bool null(int column) const;

 private:
  friend class Connection;
  explicit Rows(sqlite3_stmt* statement) : statement_(statement) {}

  sqlite3_stmt* statement_;
};

class Connection {
 public:
  enum class Mode { read_only, read_write };

  /// Throws Failure. `vfs` empty: the operating system's files.
  Connection(const std::string& file, Mode mode, const std::string& vfs);

  /// Asks, with `?` bound in order: integers, enums, text, Blob, and optionals of these (nullopt: NULL). Copies them.
  template <class... Values>
  Rows query(std::string_view sql, const Values&... values) {
    return bound<Bytes::copied>(sql, values...);
  }

  /// Asks and drops the rows. Copies nothing: the values live at least as long as this call.
  template <class... Values>
  void run(std::string_view sql, const Values&... values) {
    auto rows = bound<Bytes::borrowed>(sql, values...);
    while (rows.next()) {
    }
  }

  /// Several statements, not kept prepared: migrations and PRAGMAs.
  void execute(const std::string& script);

  std::int64_t last_id() const;         // of the last row inserted
  std::int64_t changed() const;         // rows changed by the last statement
  std::int64_t changed_in_all() const;  // since the connection was opened
  bool in_transaction() const;
  sqlite3* handle() const { return handle_.get(); }

 private:
  struct Close {
    void operator()(sqlite3* handle) const;
  };
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };

  enum class Bytes { copied, borrowed };
  struct Slot {
    sqlite3_stmt* statement;
    int index;
    Bytes bytes;
  };

  sqlite3_stmt* prepared(std::string_view sql);

  template <Bytes bytes, class... Values>
  Rows bound(std::string_view sql, const Values&... values) {
    sqlite3_stmt* statement = prepared(sql);
    int index = 0;
    (bind({statement, ++index, bytes}, values), ...);
    return Rows(statement);
  }
  static void bind(const Slot& slot, std::int64_t value);
  static void bind(const Slot& slot, std::string_view text);
  static void bind(const Slot& slot, Blob blob);
  static void bind_null(const Slot& slot);
  template <std::integral Value>
  static void bind(const Slot& slot, Value value) {
    bind(slot, static_cast<std::int64_t>(value));
  }
  template <class Value>
    requires std::is_enum_v<Value>
  static void bind(const Slot& slot, Value value) {
    bind(slot, static_cast<std::int64_t>(std::to_underlying(value)));
  }
  template <class Value>
  static void bind(const Slot& slot, const std::optional<Value>& value) {
    value ? bind(slot, *value) : bind_null(slot);
  }

  std::unique_ptr<sqlite3, Close> handle_;  // closed after the statements, which are declared below it
  std::unordered_map<std::string, std::unique_ptr<sqlite3_stmt, Finalize>, Hash, std::equal_to<>> statements_;
};

/// What the last call on `handle` failed with, as an error by what the caller does next; `code` as SQLite returned it.
fhir::Error error_of(sqlite3* handle, int code);

}  // namespace gateway::store::sqlite
