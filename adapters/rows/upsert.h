// One row written into a staging database, so that doing it twice is doing it once: inserted, or, when a row with this
// key is there, updated. What a map makes of a message for it, as JSON:
//
//   {"table": "GW_STATUS", "key": {"CFHM": "CF0880021", "LX": "dispense"}, "values": {"ZT": "completed", "SJ": null}}
//
// The key's columns must be unique together in that table.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "adapters/rows/database.h"

namespace adapters::rows {

struct Upsert {
  std::string table;
  std::vector<std::pair<std::string, Value>> key, values;
};

/// rows.upsert: not of the form above.
Result<Upsert> parse_upsert(std::string_view json);

/// rows.table: not one of `allowed`. Otherwise what the database says.
Result<void> execute(Database& database, const Upsert& upsert, std::span<const std::string> allowed);

/// The same in two statements and one transaction, for brands that have no one statement for it (brand.h). The database
/// must count the rows that an UPDATE finds, not those that it changes.
Result<void> update_or_insert(Database& database, const Upsert& upsert);

}  // namespace adapters::rows
