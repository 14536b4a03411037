// One session with a staging database: SQLite, PostgreSQL and MySQL through Poco::Data (database.cpp alone knows it),
// whatever else has an ODBC driver through that (odbc.h).
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

#include "adapters/rows/brand.h"
#include "adapters/rows/line.h"
#include "adapters/rows/selection.h"
#include "fhir/result.h"

namespace adapters::rows {

using fhir::Result;

class Database {
 public:
  enum class Use : std::uint8_t { read, write };
  /// `charset` UTF-8: PostgreSQL is asked for UTF-8; any other: its bytes come as they are stored.
  static Result<std::unique_ptr<Database>> open(const Place& place, Use use, Charset charset);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  /// The rows of a query of `width` columns, each cast to text: see as_text().
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

  Brand brand() const;
  /// The n-th argument of a statement, from 1: "?" or "$1".
  std::string argument(std::size_t n) const;
  /// See brand.h.
  std::string as_text(std::string_view expression) const;
  std::string limited_to(std::size_t count) const;
  bool compares_rows() const;

 private:
  struct Session;
  explicit Database(std::unique_ptr<Session> session);
  std::unique_ptr<Session> session_;
};

}  // namespace adapters::rows
