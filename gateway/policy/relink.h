// Whether the way back (policy.h, relink) has anything to do. Pure, from any thread.
#pragma once
#include "fhir/json.h"

namespace gateway::policy {

/// False: nothing in it could be a pseudonym of ours, so relink() would change nothing. Copies nothing.
bool may_relink(fhir::JsonView bundle);

}  // namespace gateway::policy
