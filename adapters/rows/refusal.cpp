#include "adapters/rows/refusal.h"

#include <fmt/format.h>

#include <algorithm>

namespace adapters::rows {

using fhir::Fault;

namespace {

bool is_among(long number, std::initializer_list<long> numbers) {
  return std::ranges::find(numbers, number) != numbers.end();
}

}  // namespace

// PostgreSQL 15, appendix A: the first two characters are the class.
Fault fault_of_state(std::string_view state) {
  constexpr std::string_view kLater[] = {"08", "40", "53", "55", "57", "58"};
  const auto kind = state.substr(0, 2);
  if (state.empty() || std::ranges::find(kLater, kind) != std::end(kLater)) return Fault::unavailable;
  return kind == "28" || state == "42501" ? Fault::forbidden : Fault::invalid;
}

// "Server Error Message Reference"; from 2000 to 2999 stand the client's, which mean that the connection is lost.
Fault fault_of_mysql(const Diagnosis& found) {
  if (is_among(found.number, {1044, 1045, 1142, 1143, 1227, 1290, 1370, 1698, 1792})) return Fault::forbidden;
  const bool client = found.number >= 2000 && found.number < 3000;
  const bool later =
      is_among(found.number, {0, 1040, 1053, 1152, 1158, 1159, 1160, 1161, 1203, 1205, 1213, 1317, 1927, 1969, 3024});
  return client || later ? Fault::unavailable : Fault::invalid;
}

Fault fault_of_odbc(const Diagnosis& found, Brand brand) {
  if (brand == Brand::mysql) return fault_of_mysql(found);
  if (brand == Brand::sqlite) {  // the driver says HY000 and SQLite's own code
    if (is_among(found.number, {3, 8, 23})) return Fault::forbidden;
    return is_among(found.number, {1, 18, 19, 20, 25}) ? Fault::invalid : Fault::unavailable;
  }
  const auto kind = std::string_view(found.state).substr(0, 2);
  if (kind == "HY" || kind == "IM" || kind == "01") return Fault::unavailable;  // time-outs, drivers that are not there
  return fault_of_state(found.state);
}

fhir::Error refusal(Fault fault, const Diagnosis& found, std::string_view kind) {
  const std::string_view code = fault == Fault::invalid     ? "rows.refused"
                                : fault == Fault::forbidden ? "rows.forbidden"
                                                            : "rows.unavailable";
  const std::string number = found.number == 0 ? std::string() : fmt::format(", {}", found.number);
  const std::string what = found.state.empty() ? std::string(kind) : fmt::format("SQLSTATE {}{}", found.state, number);
  return {fault, std::string(code), "", fmt::format("the staging database says: {}", what)};
}

}  // namespace adapters::rows
