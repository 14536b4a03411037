// Errors as values. A fault is named by what the caller does next, so that a program can act on it;
// `say` is for people and never holds a data value (names, results and identifiers stay out of logs).
#pragma once
#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace fhir {

enum class Fault {
  invalid,       // the input is wrong: sending it again is pointless
  unsupported,   // well-formed, but asks for what is not offered here
  too_large,     // over a stated limit
  not_found,     // nothing there, or nothing this caller may see
  conflict,      // contradicts what is stored (same id with other content, stale version)
  forbidden,     // identity or policy says no
  unavailable,   // not now: try again later
  in_doubt,      // it may or may not have happened: ask before repeating
  needs_person,  // held until somebody decides
  broken,        // our own failure (disk, memory, a broken invariant)
};

struct Error {
  Fault fault = Fault::invalid;
  std::string code;   // stable and short, for programs and docs: "E0312", "hl7v2.no-msh"
  std::string where;  // the place: file:line:column, OBX[3]-5.1, or a FHIR element path; may be empty
  std::string say;    // one sentence for a person; no data values
};

template <class T>
using Result = std::expected<T, Error>;

inline std::unexpected<Error> fail(Fault fault, std::string code, std::string where, std::string say) {
  return std::unexpected(Error{fault, std::move(code), std::move(where), std::move(say)});
}

/// Passes an error on unchanged: `if (!r) return pass(r);`
template <class T>
std::unexpected<Error> pass(Result<T>& result) {
  return std::unexpected(std::move(result).error());
}

/// "where: say [code]", the form used in logs and on the command line.
std::string to_string(const Error& error);
std::string_view to_string(Fault fault);

}  // namespace fhir
