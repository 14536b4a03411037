// Asks the running gateway of a site over its control socket: the command line never opens the store itself.
#pragma once
#include <string>

#include "fhir/json.h"
#include "fhir/result.h"

namespace gateway::cli {

/// The path of the control socket: `conf` is a site's configuration folder, or the socket itself.
fhir::Result<std::string> control_socket(const std::string& conf);

/// One request, waiting for the answer (30 s at most). An answer that is not 200 becomes its error.
fhir::Result<fhir::Json> ask(const std::string& socket, const std::string& method, const std::string& target);

/// Percent-encodes everything but unreserved characters.
std::string percent_encoded(std::string_view text);

}  // namespace gateway::cli
