// What a request asks for: path and query of a request target, split strictly (RFC 3986; FHIR R4 http.html#general).
// A raw | and a raw + are taken as they stand, since FHIR clients send both; everything else outside of RFC 3986 is
// refused, as are broken escapes, control characters and what is not UTF-8 once decoded. Pure.
#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fhir/result.h"

namespace gateway::rest {

struct Target {
  std::vector<std::string> path;                           // decoded segments below the base
  std::vector<std::pair<std::string, std::string>> query;  // decoded, in order

  /// The parameter's value, or "".
  std::string_view parameter(std::string_view name) const;
};

/// `base`: "/fhir". `not_found` when the target lies elsewhere, `invalid` when it cannot be read.
fhir::Result<Target> read_target(std::string_view target, std::string_view base);

/// A token of a search: system|value, |value (of no system), value (of any).
struct Token {
  bool any_system = true;
  std::string system, value;
};
/// Escapes (\| \, \$ \\) undone. A list (a,b), an empty token and system| alone are `unsupported`.
fhir::Result<Token> read_token(std::string_view text);

}  // namespace gateway::rest
