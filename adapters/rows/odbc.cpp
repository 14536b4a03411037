#include "adapters/rows/odbc.h"

#include <sql.h>
#include <sqlext.h>

#include <array>
#include <cstring>

#include "adapters/rows/refusal.h"

namespace adapters::rows {
namespace {

using fhir::Fault;
using fhir::Result;

constexpr std::uintptr_t kSecondsToConnect = 10, kSecondsToAnswer = 60;
constexpr std::size_t kLongestText = 16u << 20;  // of one value
constexpr std::size_t kPiece = 8192;             // that a long value is fetched in
constexpr std::size_t kLongestShort = 4000;      // bytes; longer ones are bound as the long types

/// Owns a handle of any kind.
class Handle {
 public:
  Handle() = default;
  Handle(SQLSMALLINT kind, SQLHANDLE from) : kind_(kind) {
    if (!SQL_SUCCEEDED(SQLAllocHandle(kind, from, &handle_))) handle_ = SQL_NULL_HANDLE;
  }
  ~Handle() {
    if (handle_ != SQL_NULL_HANDLE) SQLFreeHandle(kind_, handle_);
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  explicit operator bool() const { return handle_ != SQL_NULL_HANDLE; }
  SQLHANDLE get() const { return handle_; }

  Diagnosis diagnosis() const {
    std::array<SQLCHAR, 6> state{};
    std::array<SQLCHAR, 512> message{};  // may hold values: left where it is
    SQLINTEGER number = 0;
    SQLSMALLINT length = 0;
    const auto found = SQLGetDiagRec(kind_, handle_, 1, state.data(), &number, message.data(),
                                     static_cast<SQLSMALLINT>(message.size()), &length);
    if (!SQL_SUCCEEDED(found)) return {};
    return {std::string(state.begin(), state.begin() + 5), number};
  }

 private:
  SQLSMALLINT kind_ = 0;
  SQLHANDLE handle_ = SQL_NULL_HANDLE;
};

/// ODBC takes text as bytes without a sign, and never writes to what it is given to read.
SQLCHAR* bytes_of(const std::string& text) {
  return reinterpret_cast<SQLCHAR*>(const_cast<char*>(text.data()));  // NOLINT: as sql.h declares it
}

SQLPOINTER number_of(std::uintptr_t number) { return reinterpret_cast<SQLPOINTER>(number); }  // NOLINT: as ODBC asks

class Connection final : public Odbc {
 public:
  explicit Connection(Brand brand) : brand_(brand), environment_(SQL_HANDLE_ENV, SQL_NULL_HANDLE) {}
  ~Connection() override {
    if (connected_) {
      SQLEndTran(SQL_HANDLE_DBC, connection_->get(), SQL_ROLLBACK);
      SQLDisconnect(connection_->get());
    }
  }

  Result<void> open(const std::string& words) {
    if (!environment_) return lost("no ODBC");
    SQLSetEnvAttr(environment_.get(), SQL_ATTR_ODBC_VERSION, number_of(SQL_OV_ODBC3), 0);
    connection_ = std::make_unique<Handle>(SQL_HANDLE_DBC, environment_.get());
    if (!*connection_) return lost("no ODBC");
    SQLSetConnectAttr(connection_->get(), SQL_ATTR_LOGIN_TIMEOUT, number_of(kSecondsToConnect), 0);
    const auto done =
        SQLDriverConnect(connection_->get(), nullptr, bytes_of(words), static_cast<SQLSMALLINT>(words.size()), nullptr,
                         0, nullptr, SQL_DRIVER_NOPROMPT);
    if (!SQL_SUCCEEDED(done)) return refused(*connection_);
    connected_ = true;
    return {};
  }

  Result<std::vector<Line>> query(const std::string& sql, std::span<const Value> values, std::size_t width) override {
    Handle statement(SQL_HANDLE_STMT, connection_->get());
    if (auto done = execute(statement, sql, values); !done) return fhir::pass(done);
    std::vector<Line> lines;
    while (true) {
      const auto fetched = SQLFetch(statement.get());
      if (fetched == SQL_NO_DATA) return lines;
      if (!SQL_SUCCEEDED(fetched)) return refused(statement);
      Line& line = lines.emplace_back();
      for (std::size_t column = 1; column <= width; ++column) {
        auto value = text_of(statement, static_cast<SQLUSMALLINT>(column));
        if (!value) return fhir::pass(value);
        line.push_back(std::move(*value));
      }
    }
  }

  Result<std::size_t> run(const std::string& sql, std::span<const Value> values) override {
    Handle statement(SQL_HANDLE_STMT, connection_->get());
    if (auto done = execute(statement, sql, values); !done) return fhir::pass(done);
    SQLLEN rows = 0;
    if (!SQL_SUCCEEDED(SQLRowCount(statement.get(), &rows))) return refused(statement);
    return rows > 0 ? static_cast<std::size_t>(rows) : 0;
  }

  Result<void> begin() override { return one_by_one(false); }

  Result<void> end(bool commit) override {
    const auto done = SQLEndTran(SQL_HANDLE_DBC, connection_->get(), commit ? SQL_COMMIT : SQL_ROLLBACK);
    if (!SQL_SUCCEEDED(done)) return refused(*connection_);
    return one_by_one(true);
  }

 private:
  static std::unexpected<fhir::Error> lost(std::string_view why) {
    return std::unexpected(refusal(Fault::unavailable, {}, why));
  }
  std::unexpected<fhir::Error> refused(const Handle& handle) const {
    const auto found = handle.diagnosis();
    return std::unexpected(refusal(fault_of_odbc(found, brand_), found, "the ODBC driver gives no reason"));
  }

  /// Does each statement stand for itself?
  Result<void> one_by_one(bool yes) {
    const auto value = number_of(yes ? SQL_AUTOCOMMIT_ON : SQL_AUTOCOMMIT_OFF);
    if (SQL_SUCCEEDED(SQLSetConnectAttr(connection_->get(), SQL_ATTR_AUTOCOMMIT, value, SQL_IS_UINTEGER))) return {};
    return refused(*connection_);
  }

  /// SQL Server turns plain text into its own code page; as national text every character arrives.
  SQLSMALLINT type_of(const std::string& text) const {
    const bool is_short = text.size() <= kLongestShort;
    if (brand_ == Brand::sqlserver) return is_short ? SQL_WVARCHAR : SQL_WLONGVARCHAR;
    return is_short ? SQL_VARCHAR : SQL_LONGVARCHAR;
  }

  Result<void> execute(const Handle& statement, const std::string& sql, std::span<const Value> values) const {
    if (!statement) return refused(*connection_);
    SQLSetStmtAttr(statement.get(), SQL_ATTR_QUERY_TIMEOUT, number_of(kSecondsToAnswer), 0);  // if the driver has one
    auto done = SQLPrepare(statement.get(), bytes_of(sql), static_cast<SQLINTEGER>(sql.size()));
    if (!SQL_SUCCEEDED(done)) return refused(statement);
    static const std::string kNothing;
    std::vector<SQLLEN> lengths(values.size());  // read when it is executed
    for (std::size_t i = 0; i < values.size(); ++i) {
      const std::string& text = values[i] ? *values[i] : kNothing;
      lengths[i] = values[i] ? static_cast<SQLLEN>(text.size()) : SQL_NULL_DATA;
      done = SQLBindParameter(statement.get(), static_cast<SQLUSMALLINT>(i + 1), SQL_PARAM_INPUT, SQL_C_CHAR,
                              type_of(text), std::max<SQLULEN>(text.size(), 1), 0, bytes_of(text),
                              static_cast<SQLLEN>(text.size()), &lengths[i]);
      if (!SQL_SUCCEEDED(done)) return refused(statement);
    }
    done = SQLExecute(statement.get());
    if (SQL_SUCCEEDED(done) || done == SQL_NO_DATA) return {};
    return refused(statement);
  }

  /// Piece by piece: a driver says only how long a value may be, which is often for ever.
  Result<Value> text_of(const Handle& statement, SQLUSMALLINT column) const {
    std::string text;
    std::array<char, kPiece> piece{};
    while (text.size() <= kLongestText) {
      SQLLEN length = 0;
      const auto got = SQLGetData(statement.get(), column, SQL_C_CHAR, piece.data(), kPiece, &length);
      if (got == SQL_NO_DATA) return text;
      if (!SQL_SUCCEEDED(got)) return refused(statement);
      if (length == SQL_NULL_DATA) return Value();
      text.append(piece.data(), strnlen(piece.data(), kPiece - 1));
      if (got == SQL_SUCCESS) return text;
    }
    return fhir::fail(Fault::invalid, "rows.too-long", "", "a value of the staging database is longer than 16 MB");
  }

  Brand brand_;
  Handle environment_;
  std::unique_ptr<Handle> connection_;
  bool connected_ = false;
};

}  // namespace

Result<std::unique_ptr<Odbc>> Odbc::connect(const std::string& words, Brand brand) {
  auto connection = std::make_unique<Connection>(brand);
  if (auto opened = connection->open(words); !opened) return fhir::pass(opened);
  return connection;
}

}  // namespace adapters::rows
