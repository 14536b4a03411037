// Who has had something before: the destinations of earlier messages about the same report or referral, read from the
// store. A delivery that was held or cancelled reached nobody; a dead one may have, and counts.
#pragma once
#include "gateway/exchange/passage.h"

namespace gateway::exchange {

/// An earlier message of the same organisation, and where it went.
struct Earlier {
  store::Id message = 0;
  std::string event, correlation;
  std::vector<std::string> to;
};

/// The organisation a message came from: of a local door, this site's own.
std::string origin_of(std::string_view door, std::string_view sender, const config::Config& config);

/// Newest first, a thousand at most. `keys`: all of them; empty: every message of the passage's case.
fhir::Result<std::vector<Earlier>> earlier_messages(const World& world, const Passage& passage,
                                                    std::vector<store::Key> keys);

/// Adds a destination, each once; one that is there already in the passage's own case stays as it is.
void add_further(Passage& passage, const Earlier& earlier, std::string_view because);

}  // namespace gateway::exchange
