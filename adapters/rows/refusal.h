// What a database or its driver said when it refused, as an error of ours: what the caller does next, and a code, never
// the values it went wrong with.
#pragma once
#include <string>
#include <string_view>

#include "adapters/rows/selection.h"
#include "fhir/result.h"

namespace adapters::rows {

/// Five letters that SQL's standard defines, and the database's own number.
struct Diagnosis {
  std::string state;
  long number = 0;
};

fhir::Fault fault_of_state(std::string_view state);
/// By MySQL's numbers: its states say HY000 to nearly everything.
fhir::Fault fault_of_mysql(const Diagnosis& found);
/// What came through ODBC.
fhir::Fault fault_of_odbc(const Diagnosis& found, Brand brand);

/// rows.unavailable, rows.forbidden or rows.refused; `kind`: what to say where there is no state.
fhir::Error refusal(fhir::Fault fault, const Diagnosis& found, std::string_view kind);

}  // namespace adapters::rows
