// CSV as spreadsheets and case agencies write it (RFC 4180), decoded to UTF-8 before it comes here: the charset is the
// door's configuration (Excel in China writes GBK, or UTF-8 with a byte order mark, which is skipped).
//
// The first row names the columns; each further row is a record of its own, and its text (header and row, byte for
// byte) is what is kept and what a map reads. Fields between quotes may hold commas, line ends (given as LF) and
// doubled quotes. Lines end with CR LF, LF or CR; lines without a single value are no rows.
//
// Nothing is guessed: a quote in an unquoted field, a row with fewer fields than the header or with more values, a
// column without a name or twice the same, a control character are errors at `line:column` (from 1; the column counts
// characters). So is a long number that a spreadsheet turned into 5.10199E+17: its last digits are lost, and it was an
// identifier.
//
// Values, no state, any thread; returned views live as long as the text.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/json.h"
#include "fhir/result.h"

namespace adapters::files {

using fhir::Result;

/// Where one record stands in its file.
struct CsvRecord {
  std::size_t line = 0;  // of its first character, from 1
  std::string text;      // header line and row, as they were written
};

/// The records of a file, split and not yet looked into: one bad row does not stop the others. Fails for what makes the
/// split itself doubtful (csv.quote), and for a file without header.
Result<std::vector<CsvRecord>> split_csv(std::string_view text);

/// One record as the row record that maps read (adapters/rows/row_source.h): {"table": first column, "row": {...}}.
/// A blank field is null. csv.header, csv.fields, csv.quote, csv.control, csv.scientific at `line:column`.
Result<fhir::Json> read_csv(std::string_view record);

}  // namespace adapters::files
