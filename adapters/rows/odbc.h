// A connection through an ODBC driver. Not through Poco: its ODBC cuts long values without a word, and binds none
// longer than 255 bytes. Belongs to one thread at a time; nothing is thrown; only odbc.cpp knows ODBC.
#pragma once
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "adapters/rows/line.h"
#include "adapters/rows/selection.h"
#include "fhir/result.h"

namespace adapters::rows {

class Odbc {
 public:
  /// `words`: the driver's connection string, with the password.
  static fhir::Result<std::unique_ptr<Odbc>> connect(const std::string& words, Brand brand);
  virtual ~Odbc() = default;

  virtual fhir::Result<std::vector<Line>> query(const std::string& sql, std::span<const Value> values,
                                                std::size_t width) = 0;
  /// Rows changed.
  virtual fhir::Result<std::size_t> run(const std::string& sql, std::span<const Value> values) = 0;
  virtual fhir::Result<void> begin() = 0;
  virtual fhir::Result<void> end(bool commit) = 0;
};

}  // namespace adapters::rows
