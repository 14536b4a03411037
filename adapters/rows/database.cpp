#include "adapters/rows/database.h"

#include <Poco/Data/DataException.h>
#include <Poco/Data/MySQL/Connector.h>
#include <Poco/Data/MySQL/MySQLException.h>
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
#include <charconv>
#include <filesystem>
#include <fstream>
#include <mutex>

#include "adapters/rows/odbc.h"
#include "adapters/rows/refusal.h"

namespace adapters::rows {
namespace {

namespace data = Poco::Data;
using fhir::Error;
using fhir::Fault;

constexpr std::size_t kSeconds = 10;  // to connect, to wait for a lock

void register_connectors() {
  static std::once_flag once;
  std::call_once(once, [] {
    data::SQLite::Connector::registerConnector();
    data::PostgreSQL::Connector::registerConnector();
    data::MySQL::Connector::registerConnector();
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

/// "[mysql_stmt_errno]: 1054\t[mysql_stmt_sqlstate]: 42S22": what stands behind a name of Poco's.
std::string_view told_as(std::string_view text, std::string_view name) {
  const auto at = text.find(name);
  if (at == std::string_view::npos) return {};
  text.remove_prefix(at + name.size());
  return text.substr(0, text.find_first_of("\t\n "));
}

Diagnosis diagnosis_of(const data::MySQL::MySQLException& thrown) {
  const std::string text = thrown.displayText();
  Diagnosis found;
  for (const std::string_view kind : {"mysql_stmt_", "mysql_"}) {
    const auto number = told_as(text, fmt::format("[{}errno]: ", kind));
    if (number.empty()) continue;
    std::from_chars(number.data(), number.data() + number.size(), found.number);
    found.state = told_as(text, fmt::format("[{}sqlstate]: ", kind));
    break;
  }
  return found;
}

Error error_of(const Poco::Exception& thrown) {
  if (is_any<data::PostgreSQL::StatementException>(thrown)) {
    const Diagnosis found{sql_state(thrown.displayText()), 0};
    return refusal(fault_of_state(found.state), found, thrown.name());
  }
  if (const auto* mysql = dynamic_cast<const data::MySQL::MySQLException*>(&thrown)) {
    const auto found = diagnosis_of(*mysql);
    return refusal(fault_of_mysql(found), found, thrown.name());
  }
  return refusal(fault_of(thrown), {}, thrown.name());
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
  Brand brand;
  bool bytes;                            // text crosses as the bytes that are stored
  std::unique_ptr<Odbc> odbc;            // or
  std::optional<data::Session> session;  // the others

  /// Their transactions are begun and ended in SQL; those of MySQL and of ODBC by the driver.
  bool speaks_sql() const { return kind == Place::Kind::sqlite || kind == Place::Kind::postgresql; }
  /// Poco leaves a connection to MySQL without autocommit behind: its next question would open a snapshot that nothing
  /// ends, and what others write from then on would never be seen.
  Result<void> reads_anew() { return now("SET autocommit = 1"); }
  Result<void> now(std::string_view sql) {
    if (odbc != nullptr) {
      auto done = odbc->run(std::string(sql), {});
      return done ? Result<void>{} : fhir::pass(done);
    }
    return guarded([&]() -> Result<void> {
      data::Statement statement(*session);
      statement << std::string(sql);
      statement.execute();
      return {};
    });
  }
};

namespace {

/// Poco 1.11 loses the connection's memory when it cannot connect, and a poller tries for as long as it takes. So libpq
/// is asked first.
bool can_connect(const std::string& words) {
  const std::unique_ptr<PGconn, decltype(&PQfinish)> probe(PQconnectdb(words.c_str()), PQfinish);
  return PQstatus(probe.get()) == CONNECTION_OK;
}

/// The first line of the file, which only its owner may read.
Result<std::string> password_of(const std::string& file) {
  namespace fs = std::filesystem;
  if (file.empty()) return std::string();
  std::error_code failed;
  const auto others = fs::perms::group_all | fs::perms::others_all;
  const auto permissions = fs::status(file, failed).permissions();
  std::ifstream in(file, std::ios::binary);
  if (failed || !in) return fhir::fail(Fault::forbidden, "rows.password", "", "the password file cannot be read");
  if ((permissions & others) != fs::perms::none)
    return fhir::fail(Fault::forbidden, "rows.password", "", "others may read the password file: chmod 600");
  std::string line;
  std::getline(in, line);
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

/// host=127.0.0.1 dbname=stage -> host=127.0.0.1;db=stage
Result<std::string> mysql_words(const Place& place, std::string_view password, bool utf8) {
  std::string words = fmt::format("character-set={};auto-reconnect=false", utf8 ? "utf8mb4" : "binary");
  for (std::string_view rest = place.text; !rest.empty();) {
    const auto end = std::min(rest.find(' '), rest.size());
    const auto word = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (word.empty()) continue;
    words += word.starts_with("dbname=") ? fmt::format(";db={}", word.substr(7)) : fmt::format(";{}", word);
  }
  if (password.contains(';'))
    return fhir::fail(Fault::invalid, "rows.password", "", "a password for MySQL may hold no semicolon");
  return words + (password.empty() ? "" : fmt::format(";password={}", password));
}

/// A brace in a value between braces is written twice (ODBC, SQLDriverConnect).
std::string odbc_words(const Place& place, std::string_view password) {
  if (password.empty()) return place.text;
  std::string value;
  for (const char c : password) value.append(c == '}' ? 2 : 1, c);
  return fmt::format("{}{}PWD={{{}}}", place.text, place.text.ends_with(';') ? "" : ";", value);
}

Result<void> connect(const Place& place, Charset charset, std::unique_ptr<Odbc>& odbc,
                     std::optional<data::Session>& session) {
  if (place.kind == Place::Kind::sqlite) {
    session.emplace("SQLite", place.text, kSeconds);
    return {};
  }
  if (place.kind == Place::Kind::postgresql) {
    const std::string words = place.text + fmt::format(" connect_timeout={} application_name=causeway", kSeconds);
    if (!can_connect(words)) throw data::ConnectionFailedException();
    session.emplace("postgresql", words);
    PGconn* connection = *data::PostgreSQL::Utility::handle(*session);
    PQsetErrorVerbosity(connection, PQERRORS_VERBOSE);  // with the code, whatever language the server speaks
    PQsetNoticeProcessor(connection, [](void*, const char*) {}, nullptr);  // or libpq prints them, with values
    return {};
  }
  auto password = password_of(place.password_file);
  if (!password) return fhir::pass(password);
  if (place.kind == Place::Kind::odbc) {
    auto connected = Odbc::connect(odbc_words(place, *password), place.behind);
    if (!connected) return fhir::pass(connected);
    odbc = std::move(*connected);
    return {};
  }
  auto words = mysql_words(place, *password, charset == Charset::utf8);
  if (!words) return fhir::pass(words);
  session.emplace("MySQL", *words, kSeconds);
  return {};
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
    const bool utf8 = charset == Charset::utf8;
    auto session = std::make_unique<Session>(place.kind, place.brand(), !utf8, nullptr, std::nullopt);
    if (auto done = connect(place, charset, session->odbc, session->session); !done) return fhir::pass(done);
    for (const auto& setting : settings(place.brand(), use == Use::read, utf8))
      if (auto done = session->now(setting); !done) return fhir::pass(done);
    return std::unique_ptr<Database>(new Database(std::move(session)));
  });
}

Result<std::vector<Line>> Database::query(const std::string& sql, std::span<const Value> values, std::size_t width) {
  if (session_->odbc != nullptr) return session_->odbc->query(sql, values, width);
  return guarded([&]() -> Result<std::vector<Line>> {
    Cells bound = cells_of(values);
    std::vector<Cells> columns(width);
    data::Statement statement(*session_->session);
    statement << sql;
    for (auto& cell : bound) statement.addBind(data::Keywords::use(cell));
    for (auto& column : columns) statement.addExtract(data::Keywords::into(column));
    statement.execute();
    return lines_of(columns);
  });
}

Result<std::size_t> Database::run(const std::string& sql, std::span<const Value> values) {
  if (session_->odbc != nullptr) return session_->odbc->run(sql, values);
  return guarded([&]() -> Result<std::size_t> {
    Cells bound = cells_of(values);
    data::Statement statement(*session_->session);
    statement << sql;
    for (auto& cell : bound) statement.addBind(data::Keywords::use(cell));
    return statement.execute();
  });
}

Result<std::vector<std::string>> Database::columns(const std::string& table) {
  const Value name = table;
  const auto lines = query(columns_query(brand(), argument(1)), {&name, 1}, 1);
  if (!lines) return std::unexpected(lines.error());
  std::vector<std::string> columns;
  for (const Line& line : *lines) columns.push_back(line.front().value_or(""));
  return columns;
}

Result<void> Database::begin_snapshot() {
  if (session_->kind == Place::Kind::sqlite) return session_->now("BEGIN");
  if (session_->kind == Place::Kind::postgresql)
    return session_->now("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
  if (auto begun = begin(); !begun) return begun;
  const auto more = snapshot(brand());
  return more.empty() ? Result<void>{} : session_->now(more);
}

Result<void> Database::begin() {
  if (session_->odbc != nullptr) return session_->odbc->begin();
  if (session_->speaks_sql()) return session_->now(session_->kind == Place::Kind::sqlite ? "BEGIN IMMEDIATE" : "BEGIN");
  return guarded([&]() -> Result<void> {
    session_->session->begin();
    return {};
  });
}

Result<void> Database::commit() {
  if (session_->odbc != nullptr) return session_->odbc->end(true);
  if (session_->speaks_sql()) return session_->now("COMMIT");
  return guarded([&]() -> Result<void> {
    session_->session->commit();
    return session_->reads_anew();
  });
}

void Database::end() noexcept {
  // What cannot be ended was lost with its connection; the next call says so.
  if (session_->odbc != nullptr) {
    (void)session_->odbc->end(false);
  } else if (session_->speaks_sql()) {
    (void)session_->now("ROLLBACK");
  } else {
    (void)guarded([&]() -> Result<void> {
      session_->session->rollback();
      return session_->reads_anew();
    });
  }
}

Brand Database::brand() const { return session_->brand; }

std::string Database::argument(std::size_t n) const {
  return session_->kind == Place::Kind::postgresql ? fmt::format("${}", n) : "?";
}

std::string Database::as_text(std::string_view expression) const {
  return rows::as_text(brand(), expression, session_->bytes);
}
std::string Database::limited_to(std::size_t count) const { return rows::limited_to(brand(), count); }
bool Database::compares_rows() const { return rows::compares_rows(brand()); }

}  // namespace adapters::rows
