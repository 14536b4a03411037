// $reconcile: what we have of what a peer itself sent us, for its own account. `period` is FROM/UNTIL/AFTER: Unix
// milliseconds, and the number of the last line it has seen (0: from the first). Told are the ids the peer gave, the
// case, when it came and what became of it; nothing of the content, and nothing of anybody else's.
#pragma once
#include <string_view>

#include "fhir/json.h"
#include "gateway/store/store.h"

namespace gateway::rest {

/// `invalid` for a period that is not well written or longer than 32 days.
fhir::Result<store::Stretch> read_period(std::string_view text);

/// {"site", "messages": [{"id", "case", "event", "at", "at_ms", "state", "keys"}], "next"}; `next` is absent on the
/// last page.
fhir::Result<fhir::JsonTree> account(const store::Store& store, std::string_view site, const store::Stretch& stretch);

}  // namespace gateway::rest
