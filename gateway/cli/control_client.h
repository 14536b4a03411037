// Asks the running gateway of a site over its control socket: the command line never opens the store itself.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "fhir/json.h"
#include "fhir/result.h"
#include "gateway/cli/commands.h"
#include "gateway/net/percent.h"

namespace gateway::cli {

/// The path of the control socket: `conf` is a site's configuration folder, or the socket itself.
fhir::Result<std::string> control_socket(const std::string& conf);

/// One request, waiting for the answer (90 s at most). An answer that is not 200 becomes its error.
fhir::Result<fhir::Json> ask(const std::string& socket, const std::string& method, const std::string& target);

using net::percent_encoded;

/// What to ask of a running site. Parameters with an empty value are left out.
struct Question {
  std::string conf;  // a site's configuration folder, or its control socket
  std::string method = "GET", path = {};
  std::vector<std::pair<std::string, std::string>> parameters = {};
};

/// The answer; without one, the error is printed and the exit code set: 1 when the site says no, 2 when it was not
/// reached.
std::optional<fhir::Json> ask_site(Context& context, const Question& question);
/// The answer with every control character in its texts replaced: ids and names in it came from other systems, and a
/// terminal would obey what is hidden in them.
fhir::Json printable(const fhir::Json& answer);
/// The same, shown: as it is with --json, else by `print`, made printable.
void show_answer(Context& context, const Question& question, const std::function<void(fhir::JsonView)>& print);

/// "30m", "2h", "3d" before now, or a date or an instant (UTC when it names no zone), as Unix milliseconds.
fhir::Result<std::int64_t> since(const std::string& text);

}  // namespace gateway::cli
