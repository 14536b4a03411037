// What the two halves of the intake share: intake.cpp, the way in, and intake_again.cpp, what becomes of messages that
// are stored already.
#pragma once
#include <string>

#include "gateway/exchange/passage.h"

namespace gateway::exchange {

/// Decides who gets it, and writes into `explain` which routes were tried. `needs_person` when no route takes it.
fhir::Result<void> route_passage(const World& world, Passage& passage);

/// Adds an audit entry to the passage's commit: by its actor, with its door and configuration.
void account(Passage& passage, std::string event, fhir::JsonTree detail);

}  // namespace gateway::exchange
