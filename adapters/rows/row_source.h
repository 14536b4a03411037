// A row of a staging database with the rows that belong to it, behind the map engine's view (adapters/source.h).
//
// The record, as the poller writes it (gateway/rows) and `causeway map run` reads it from a file:
//
//   {"table": "MS_CF01", "key": {"CFSB": "880021"}, "version": 1, "deleted": false, "why": "",
//    "row": {"CFSB": "880021", "KFRQ": "2026-03-14 09:30:00", "BZ": null,
//            "MS_BRDA": [{"BRID": "100231"}],
//            "MS_CF02": [{"SBXH": "1", "YCJL": "2.5", "YK_TYPK": [{"YPMC": "..."}]}]}}
//
// Values are text exactly as the database writes them, or null; numbers are allowed in files written by hand. A related
// table is a list of rows under its name, in the row it belongs to, also when there is only one.
//
// Paths. `KFRQ` is a column of the row; `MS_CF02` its rows of that table (for `each:`), `MS_CF02.YCJL` a column of
// them, `MS_CF02[0].YCJL` of the first. Inside `each: MS_CF02` a path starts at that row: `YCJL`, `YK_TYPK.YPMC`;
// `$.KFRQ` is a column of the record's own row from anywhere. A name with other characters than letters, digits and `_`
// of any script goes between back-ticks. `$version` counts the states of this row that were taken, this one included
// (1, 2
// ...); `$deleted` is `true` for a row that is to be withdrawn and `$why` says why (deleted, vanished, rejected);
// `$table` and `$key.CFSB` are the rest.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "adapters/source.h"
#include "adapters/writable.h"
#include "fhir/json.h"

namespace adapters::rows {

/// What a map declares about its records: paths are checked against it when the map is loaded.
struct Shape {
  struct Table {
    std::string path;  // "": the row itself; "MS_CF02"; "MS_CF02.YK_TYPK"
    std::vector<std::string> columns;
  };
  /// Texts that stand for "nothing" in a column that must not be null: '', 0, 1900-01-01, 不详.
  struct Empty {
    std::string column;  // "CSRQ", "MS_CF02.YCJL"; "*": every column
    std::vector<std::string> texts;
  };
  std::string table;          // the row's own; "": not declared, then nothing is checked
  std::vector<Table> tables;  // outer ones before inner ones
  std::vector<Empty> empty;
};

std::unique_ptr<Dialect> make_dialect(const Shape& shape);
/// rows.record: not of the form above.
Result<std::unique_ptr<Source>> make_source(fhir::Json record, const Shape& shape);
/// An empty record of this shape, to be written.
std::unique_ptr<Writable> make_writable(const Shape& shape);

}  // namespace adapters::rows
