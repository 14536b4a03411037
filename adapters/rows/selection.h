// What is read from a staging database, as configuration says it: the database, a table, and the tables whose rows
// belong to its rows. Plain values.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "adapters/charset.h"

namespace adapters::rows {

/// Whose SQL a database speaks (brand.h).
enum class Brand : std::uint8_t { sqlite, postgresql, mysql, sqlserver, oracle };

struct Place {
  enum class Kind : std::uint8_t { sqlite, postgresql, mysql, odbc };
  Kind kind = Kind::sqlite;
  /// The file; libpq's words: host=... dbname=... user=... passfile=...; of MySQL host=... port=... dbname=...
  /// user=...; of ODBC the driver's connection string.
  std::string text;
  Brand behind = Brand::sqlite;    // ODBC: the database behind the driver
  std::string password_file = {};  // MySQL, ODBC: its first line is the password; empty: there is none
  bool operator==(const Place&) const = default;

  Brand brand() const {
    return kind == Kind::odbc     ? behind
           : kind == Kind::mysql  ? Brand::mysql
           : kind == Kind::sqlite ? Brand::sqlite
                                  : Brand::postgresql;
  }
};

/// The table of one level below: its rows are those whose columns equal columns of the row they belong to.
struct Related {
  std::string table;
  std::string of;                                       // path of the table they belong to; "": the record's own
  std::vector<std::pair<std::string, std::string>> on;  // its column, column of the row it belongs to
  std::vector<std::string> order;                       // columns its rows are sorted by
  std::size_t at_least = 0;                             // rows without which a record is not complete
  std::string changed;  // its change column: a change here is a change of the record. Only below the record's own table
  bool operator==(const Related&) const = default;

  std::string path() const { return of.empty() ? table : of + "." + table; }
};

struct Selection {
  Place place;
  std::string table;
  std::vector<std::string> key;  // columns that together name a row
  std::string changed;           // change time or ascending version; "": there is none, only sweeps find changes
  std::vector<Related> related;  // outer ones before inner ones
  Charset charset = Charset::utf8;
  std::size_t most_rows = 10'000;  // of one related table in one record
  bool operator==(const Selection&) const = default;
};

}  // namespace adapters::rows
