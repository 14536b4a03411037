#include "adapters/rows/database.h"

#include <Poco/Data/DataException.h>
#include <Poco/Data/PostgreSQL/Connector.h>
#include <Poco/Data/PostgreSQL/PostgreSQLException.h>
#include <Poco/Data/PostgreSQL/Utility.h>
#include <Poco/Data/SQLite/Connector.h>
#include <Poco/Data/SQLite/SQLiteException.h>
#include <Poco/Data/Session.h>
#include <Poco/Data/Statement.h>
#include <Poco/Nullable.h>
#include <fmt/format.h>
#include <libpq-fe.h>

#include <algorithm>
#include <filesystem>
#include <mutex>

namespace adapters::rows {
namespace {

namespace data = Poco::Data;
using fhir::Error;
using fhir::Fault;

constexpr std::size_t kSeconds = 10;  // to connect, to wait for a lock
constexpr std::string_view kSettings[] = {"SET statement_timeout = '60s'", "SET lock_timeout = '10s'",
                                          "SET DateStyle = 'ISO, YMD'"};

void register_connectors() {
  static std::once_flag once;
  std::call_once(once, [] {
    data::SQLite::Connector::registerConnector();
    data::PostgreSQL::Connector::registerConnector();
  });
}

// ---- what went wrong, without the values it went wrong with

/// "ERROR:  42P01: relation ...": the code of PostgreSQL's verbose errors, in any language; "" when it has none.
std::string sql_state(std::string_view text) {
  const auto is_code = [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z'); };
  for (auto at = text.find(": "); at != std::string_view::npos; at = text.find(": ", at + 1)) {
    const auto code = text.find_first_not_of(' ', at + 1);
    if (code == std::string_view::npos || code + 5 >= text.size() || text[code + 5] != ':') continue;
    if (std::ranges::all_of(text.substr(code, 5), is_code)) return std::string(text.substr(code, 5));
  }
  return {};
}

/// PostgreSQL 15, appendix A: the first two characters are the class.
Fault fault_of_state(std::string_view state) {
  constexpr std::string_view kLater[] = {"08", "40", "53", "55", "57", "58"};
  const auto kind = state.substr(0, 2);
  if (state.empty() || std::ranges::find(kLater, kind) != std::end(kLater)) return Fault::unavailable;
  return kind == "28" || state == "42501" ? Fault::forbidden : Fault::invalid;
}

template <class... Kinds>
bool is_any(const Poco::Exception& thrown) {
  return (... || (dynamic_cast<const Kinds*>(&thrown) != nullptr));
}

Fault fault_of(const Poco::Exception& thrown) {
  namespace lite = data::SQLite;
  if (is_any<lite::DBAccessDeniedException, lite::AuthorizationDeniedException, lite::ReadOnlyException>(thrown))
    return Fault::forbidden;
  if (is_any<lite::InvalidSQLStatementException, lite::ConstraintViolationException, lite::DataTypeMismatchException,
             lite::RowTooBigException, lite::TableNotFoundException, lite::ParameterCountMismatchException>(thrown))
    return Fault::invalid;
  return is_any<data::DataException>(thrown) ? Fault::unavailable : Fault::broken;
}

Error error_of(const Poco::Exception& thrown) {
  const bool statement = is_any<data::PostgreSQL::StatementException>(thrown);
  const std::string state = statement ? sql_state(thrown.displayText()) : std::string();
  const Fault fault = statement ? fault_of_state(state) : fault_of(thrown);
  const std::string_view code = fault == Fault::invalid     ? "rows.refused"
                                : fault == Fault::forbidden ? "rows.forbidden"
                                                            : "rows.unavailable";
  return {fault, std::string(code), "",
          fmt::format("the staging database says: {}", state.empty() ? thrown.name() : "SQLSTATE " + state)};
}

template <class Work>
auto guarded(Work work) -> decltype(work()) {
  try {
    return work();
  } catch (const Poco::Exception& thrown) {
    return std::unexpected(error_of(thrown));
  } catch (const std::exception&) {
    return fhir::fail(Fault::broken, "rows.broken", "", "the staging database's driver failed");
  }
}

using Cells = std::vector<Poco::Nullable<std::string>>;

Value value_of(const Poco::Nullable<std::string>& cell) { return cell.isNull() ? Value{} : Value{cell.value()}; }

std::vector<Line> lines_of(const std::vector<Cells>& columns) {
  std::vector<Line> lines(columns.empty() ? 0 : columns.front().size());
  for (std::size_t row = 0; row < lines.size(); ++row) {
    lines[row].reserve(columns.size());
    for (const Cells& column : columns) lines[row].push_back(value_of(column[row]));
  }
  return lines;
}

/// Bound values must outlive the statement.
Cells cells_of(std::span<const Value> values) {
  Cells cells;
  cells.reserve(values.size());
  for (const Value& value : values) {
    cells.push_back(value ? Poco::Nullable<std::string>(*value) : Poco::Nullable<std::string>());
  }
  return cells;
}

}  // namespace

struct Database::Session {
  Place::Kind kind;
  data::Session session;

  void now(std::string_view sql) {
    data::Statement statement(session);
    statement << std::string(sql);
    statement.execute();
  }
};

namespace {

/// Poco 1.11 loses the connection's memory when it cannot connect, and a poller tries for as long as it takes. So libpq
/// is asked first.
bool can_connect(const std::string& words) {
  const std::unique_ptr<PGconn, decltype(&PQfinish)> probe(PQconnectdb(words.c_str()), PQfinish);
  return PQstatus(probe.get()) == CONNECTION_OK;
}

data::Session connect(const Place& place) {
  if (place.kind == Place::Kind::sqlite) return {"SQLite", place.text, kSeconds};
  const std::string words = place.text + fmt::format(" connect_timeout={} application_name=causeway", kSeconds);
  if (!can_connect(words)) throw data::ConnectionFailedException();
  return {"postgresql", words};
}

}  // namespace

Database::Database(std::unique_ptr<Session> session) : session_(std::move(session)) {}
Database::~Database() = default;

Result<std::unique_ptr<Database>> Database::open(const Place& place, Use use, Charset charset) {
  register_connectors();
  std::error_code missing;
  // SQLite would make an empty file, and Poco would try for as long as it may.
  if (place.kind == Place::Kind::sqlite && !std::filesystem::is_regular_file(place.text, missing))
    return fhir::fail(Fault::unavailable, "rows.unavailable", "", "the staging database's file is not there");
  return guarded([&]() -> Result<std::unique_ptr<Database>> {
    auto session = std::make_unique<Session>(place.kind, connect(place));
    if (place.kind == Place::Kind::sqlite) {
      if (use == Use::read) session->now("PRAGMA query_only = ON");
    } else {
      PGconn* connection = *data::PostgreSQL::Utility::handle(session->session);
      PQsetErrorVerbosity(connection, PQERRORS_VERBOSE);  // with the code, whatever language the server speaks
      PQsetNoticeProcessor(connection, [](void*, const char*) {}, nullptr);  // or libpq prints them, with values
      for (const auto setting : kSettings) session->now(setting);
      if (charset == Charset::utf8) session->now("SET client_encoding = 'UTF8'");
    }
    return std::unique_ptr<Database>(new Database(std::move(session)));
  });
}

Result<std::vector<Line>> Database::query(const std::string& sql, std::span<const Value> values, std::size_t width) {
  return guarded([&]() -> Result<std::vector<Line>> {
    Cells bound = cells_of(values);
    std::vector<Cells> columns(width);
    data::Statement statement(session_->session);
    statement << sql;
    for (auto& cell : bound) statement.addBind(data::Keywords::use(cell));
    for (auto& column : columns) statement.addExtract(data::Keywords::into(column));
    statement.execute();
    return lines_of(columns);
  });
}

Result<std::size_t> Database::run(const std::string& sql, std::span<const Value> values) {
  return guarded([&]() -> Result<std::size_t> {
    Cells bound = cells_of(values);
    data::Statement statement(session_->session);
    statement << sql;
    for (auto& cell : bound) statement.addBind(data::Keywords::use(cell));
    return statement.execute();
  });
}

Result<std::vector<std::string>> Database::columns(const std::string& table) {
  const bool sqlite = session_->kind == Place::Kind::sqlite;
  const std::string sql =
      sqlite ? "SELECT CAST(name AS TEXT) FROM pragma_table_info(?) ORDER BY cid"
             : "SELECT CAST(column_name AS TEXT) FROM information_schema.columns WHERE table_name = $1 "
               "AND table_schema = ANY (current_schemas(false)) ORDER BY ordinal_position";
  const Value name = table;
  const auto lines = query(sql, {&name, 1}, 1);
  if (!lines) return std::unexpected(lines.error());
  std::vector<std::string> columns;
  for (const Line& line : *lines) columns.push_back(line.front().value_or(""));
  return columns;
}

Result<void> Database::begin_snapshot() {
  const bool sqlite = session_->kind == Place::Kind::sqlite;
  return guarded([&]() -> Result<void> {
    session_->now(sqlite ? "BEGIN" : "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    return {};
  });
}

Result<void> Database::begin() {
  const bool sqlite = session_->kind == Place::Kind::sqlite;
  return guarded([&]() -> Result<void> {
    session_->now(sqlite ? "BEGIN IMMEDIATE" : "BEGIN");
    return {};
  });
}

Result<void> Database::commit() {
  return guarded([&]() -> Result<void> {
    session_->now("COMMIT");
    return {};
  });
}

void Database::end() noexcept {
  // What cannot be ended was lost with its connection; the next call says so.
  (void)guarded([&]() -> Result<void> {
    session_->now("ROLLBACK");
    return {};
  });
}

std::string Database::argument(std::size_t n) const {
  return session_->kind == Place::Kind::sqlite ? "?" : fmt::format("${}", n);
}

std::string quoted(std::string_view name) {
  std::string out = "\"";
  for (const char c : name) out.append(c == '"' ? 2 : 1, c);
  return out + '"';
}

std::string text(std::string_view alias, std::string_view column) {
  return fmt::format("CAST({}.{} AS TEXT)", alias, quoted(column));
}

}  // namespace adapters::rows
