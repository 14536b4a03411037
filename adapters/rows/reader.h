// Reads records of a staging database: which rows changed, and each with the rows that belong to it.
//
// Two steps on purpose. changes() and keys() only name rows; read() then fetches them again by key, whole, in one
// snapshot, so what is sent is never what a writer had only begun (and perhaps took back). Not thread-safe.
#pragma once
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "adapters/rows/database.h"
#include "adapters/rows/row_source.h"
#include "fhir/json.h"

namespace adapters::rows {

using Key = std::vector<std::string>;  // the values of Selection::key

struct Change {
  std::string changed;  // value of the change column
  Key key;              // of the record it concerns
  bool operator==(const Change&) const = default;
};

struct Record {
  Key key;
  fhir::JsonTree row;                  // columns and lists of related rows (row_source.h)
  std::optional<fhir::Error> trouble;  // cannot be carried as it is: undecodable bytes, too many related rows
};

class Reader {
 public:
  Reader(Database& database, const Selection& selection) : database_(database), selection_(selection) {}

  /// Learns the columns from the database's catalogue. rows.no-column names the first one that the selection or the
  /// shape (what maps read; its tables may be fewer) needs and the database does not have.
  Result<void> learn(std::span<const Shape> shapes);

  /// Tables that tell of changes: the record's own, then related ones that have a change column. None: only keys().
  std::vector<std::string> streams() const;
  /// Up to `count` changes of a stream in order. After `last`, or from the change value `from` on; both empty: from the
  /// beginning. None behind `until`. Rows whose change column is NULL are not among them.
  Result<std::vector<Change>> changes(std::string_view stream, const std::string& from,
                                      const std::optional<Change>& last, std::size_t count,
                                      const std::optional<Change>& until = std::nullopt);
  /// Keys of all rows, in the database's order, `count` at a time.
  Result<std::vector<Key>> keys(const std::optional<Key>& last, std::size_t count);
  /// Those of `keys` that are there, in any order.
  Result<std::vector<Record>> read(std::span<const Key> keys);

 private:
  Result<std::vector<std::string>> columns_of(const std::string& table);
  Result<std::vector<Record>> read_snapshot(std::span<const Key> keys);
  Result<std::vector<Line>> select(const std::string& table, std::span<const std::string> by, std::span<const Key> keys,
                                   std::span<const std::string> order, std::size_t most);
  Result<void> attach(const Related& related, std::vector<Record>& records);
  Result<bool> attach_to(const Related& related, std::span<Record> records, std::size_t most);

  Database& database_;
  const Selection& selection_;
  std::vector<std::pair<std::string, std::vector<std::string>>> columns_;  // by table
};

/// The rows of `path` ("" the row itself, "MS_CF02", "MS_CF02.YK_TYPK") in a record's row.
std::vector<const fhir::JsonTree*> rows_at(const fhir::JsonTree& row, std::string_view path);

}  // namespace adapters::rows
