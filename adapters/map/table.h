// A code table: a CSV file that hospital IT edits in a spreadsheet (mappings/codes/*.csv).
//
//   # 性别, GB/T 2261.1 -> administrative-gender          at least one comment line: where the codes come from
//   from,code,display                                      names of the columns; the first is always `from`
//   1,male,男
//   *,unknown,                                             optional: for every code that has no row
//
// A column `preferred` marks, with any text, the row that is meant when the table is read backwards and several rows
// have one value; without a mark it is the first.
//
// UTF-8, fields quoted as in RFC 4180 when they hold commas or quotes. Immutable once loaded.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/map/faults.h"

namespace adapters::map {

class Table {
 public:
  static std::shared_ptr<const Table> parse(std::string name, std::string_view csv, std::uint32_t file, Faults& faults);

  const std::string& name() const { return name_; }
  /// Columns after `from`.
  const std::vector<std::string>& columns() const { return columns_; }
  std::optional<std::size_t> column(std::string_view name) const;
  bool has_default() const { return default_.has_value(); }
  /// The row's value in a column, or the default row's; nullptr when there is neither. White space around the code does
  /// not count, and full-width letters count as the plain ones where the code as written has no row.
  const std::string* find(std::string_view from, std::size_t column) const;
  /// Every value of a column, for checks against value sets.
  std::vector<std::string_view> values(std::size_t column) const;
  /// The codes that have this value in a column: the preferred one first, then the one that is the value itself, then
  /// the others as the file has them.
  std::vector<std::string_view> sources(std::string_view value, std::size_t column) const;
  /// Values of a column that several codes share, each with its codes: what reading backwards cannot tell apart.
  std::vector<std::pair<std::string_view, std::vector<std::string_view>>> shared(std::size_t column) const;

 private:
  using Row = std::vector<std::string>;
  std::string name_;
  std::vector<std::string> columns_;
  std::map<std::string, Row, std::less<>> rows_;
  std::optional<Row> default_;
  std::vector<std::string> order_;  // the codes as the file has them
};

}  // namespace adapters::map
