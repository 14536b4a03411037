// One session with a staging database, SQLite or PostgreSQL, through Poco::Data (database.cpp alone knows it).
//
// Everything crosses as text, exactly as the database writes it, or as NULL: queries cast their columns. Arguments are
// bound, never written into a statement; names come from configuration and are quoted. Belongs to one thread at a time.
//
// What an error means: `unavailable` (not there, locked, out of time, connection lost): make a new session later;
// `forbidden`: it does not let us; `invalid`: it refuses the statement or its values (the code of the refusal is in
// `say`, the values never are); `broken`: anything else. Nothing is thrown.
#pragma once
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/rows/selection.h"
#include "fhir/result.h"

namespace adapters::rows {

using fhir::Result;
using Value = std::optional<std::string>;  // nothing: NULL
using Line = std::vector<Value>;

class Database {
 public:
  enum class Use : std::uint8_t { read, write };
  /// `charset` UTF-8: PostgreSQL is asked for UTF-8; any other: its bytes come as they are stored.
  static Result<std::unique_ptr<Database>> open(const Place& place, Use use, Charset charset);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  /// The rows of a query of `width` columns, each cast to text: see text().
  Result<std::vector<Line>> query(const std::string& sql, std::span<const Value> values, std::size_t width);
  /// Rows changed.
  Result<std::size_t> run(const std::string& sql, std::span<const Value> values);
  /// A table's or view's columns in their order; none: there is no such table.
  Result<std::vector<std::string>> columns(const std::string& table);

  /// What is read until end() is of one moment; nothing is locked against writers for longer than that.
  Result<void> begin_snapshot();
  Result<void> begin();
  Result<void> commit();
  void end() noexcept;  // without committing

  /// The n-th argument of a statement, from 1: "?" or "$1".
  std::string argument(std::size_t n) const;

 private:
  struct Session;
  explicit Database(std::unique_ptr<Session> session);
  std::unique_ptr<Session> session_;
};

/// A name as both databases read it, capitals and all.
std::string quoted(std::string_view name);
/// A column to select: CAST(t."NAME" AS TEXT).
std::string text(std::string_view alias, std::string_view column);

}  // namespace adapters::rows
