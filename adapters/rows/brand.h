// How databases differ in the SQL that staging tables are read and written with. Pure text.
//
// SQLite, PostgreSQL and MySQL/MariaDB are tested against the real ones; SQL Server (2012 and newer) and Oracle (12c
// and newer; Dameng speaks like it) after their manuals only.
#pragma once
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/rows/selection.h"

namespace adapters::rows {

/// A name as it is written in the database, capitals and all: "NAME". MySQL's sessions are told to read it so.
std::string quoted(std::string_view name);
/// An expression as text that reads back: times as ISO 8601 writes them, numbers with all their digits.
/// `bytes`: text as its bytes are stored (a charset that the database does not know of).
std::string as_text(Brand brand, std::string_view expression, bool bytes = false);
/// What ends a sorted SELECT of which only so many rows are wanted.
std::string limited_to(Brand brand, std::size_t count);
/// Can rows be compared, (a, b) > (?, ?)?
bool compares_rows(Brand brand);
/// SELECT of the column names of a table or view, in their order; its one argument is the table's name.
std::string columns_query(Brand brand, std::string_view argument);
/// What a new session is told first.
std::vector<std::string> settings(Brand brand, bool read_only, bool utf8);
/// What opens a transaction that reads of one moment, once the driver has begun it; may be empty.
std::string_view snapshot(Brand brand);

/// One statement that inserts a row, or updates the one with this key; empty: the brand has none that is safe, so it is
/// an UPDATE and, where that finds nothing, an INSERT. `arguments`: one for each column, keys first.
std::string upsert(Brand brand, std::string_view table, std::span<const std::string> key,
                   std::span<const std::string> values, std::span<const std::string> arguments);

}  // namespace adapters::rows
