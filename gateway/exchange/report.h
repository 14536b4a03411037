// The report's state machine (fhir/message/report.h) applied to what arrives: a newer version reaches everybody who had
// an earlier one, also where today's routes would not send it; a withdrawn report takes its results with it; what is
// older than the version known here is kept as a message and changes nothing.
//
// Who had it is read from the store: the deliveries of every accepted message with this report's number, of the same
// organisation, in whatever case it travelled (an expert got it inside a referral). Policy is asked for each of them.
#pragma once
#include "gateway/exchange/passage.h"

namespace gateway::exchange {

/// Refusals (`conflict`): report.transition, report.other-patient. A status that is none is left to the structure
/// check. In other messages than a `report` only what is outdated is left out of the shelf.
fhir::Result<void> apply_report(const World& world, Passage& passage);

/// What is remembered of a pull, so that a correction can tell who has read the old version.
store::Fact pulled(const store::StoredResource& resource, std::string_view partner, Millis at);
/// Is a pull of this type remembered?
bool remembers_pull(std::string_view type);

}  // namespace gateway::exchange
