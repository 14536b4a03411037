// The timeline of a case at this site: every message that belongs to it, where each went, what was answered, and
// whether the loop is closed. Found by any id a person may hold: report or referral number, MSH-10, Bundle.id, msgId.
#pragma once
#include <string>
#include <vector>

#include "fhir/json.h"
#include "fhir/result.h"
#include "gateway/config/config.h"
#include "gateway/store/store.h"

namespace gateway::exchange {

struct Trace {
  fhir::JsonTree timeline;         // as shown and as --json prints it
  std::vector<std::string> cases;  // correlation ids found
  std::vector<std::string> peers;  // names of the peers that took part, to be asked for their view
};

/// `only_for` not empty: what the peer with this organisation id may see, which is cases it sent or received a message
/// of. not_found when nothing matches (or nothing that it may see).
fhir::Result<Trace> trace(const store::Store& store, const config::Config& config, std::string_view id,
                          std::string_view only_for);

}  // namespace gateway::exchange
