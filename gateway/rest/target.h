// A request target taken apart: path segments and query parameters, percent-decoded. Tolerates what real FHIR clients send
// raw in a query (`|`, `+` in a zone offset); refuses what hides something: bad escapes, %00, dot segments.
#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fhir/result.h"

namespace gateway::rest {

struct Target {
  std::vector<std::string> path;  // below the base
  std::vector<std::pair<std::string, std::string>> query;
};

/// `base` is "/fhir". not_found when the target lies elsewhere, invalid when it is malformed.
fhir::Result<Target> parse_target(std::string_view target, std::string_view base);

}  // namespace gateway::rest
