// The intake's step that puts a message's records on the shelf: each resource on its own, under the organisation it
// came from, and the Bundle as a whole, so that partners can pull them.
#pragma once
#include "gateway/exchange/passage.h"

namespace gateway::exchange {

/// Adds them to the passage's commit. What belongs to another organisation is left as it is.
fhir::Result<void> shelve(const World& world, Passage& passage);

}  // namespace gateway::exchange
