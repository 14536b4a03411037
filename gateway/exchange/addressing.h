// From one accepted message to the exact bytes each destination will get: for a peer the policy, the minimised Bundle
// and its envelope; for a local system the map backwards and the system's charset. What policy does not let out becomes
// a delivery that is *held* with its reason, never one that is missing.
#pragma once
#include "gateway/exchange/passage.h"

namespace gateway::exchange {

/// One delivery of the passage's Bundle to `to` ("peer:NAME", "local:NAME"). Its explanation is appended to `explain`.
/// Fails when the local form cannot be made (a value the map refuses).
fhir::Result<store::Delivery> address(const World& world, const Passage& passage, std::string_view to,
                                      fhir::JsonTree& explain, store::Commit& commit);

/// The same for somebody beside the route who had what this message changes, in the case in which it had it. What
/// cannot be made becomes a held delivery; only a destination that is no longer configured fails, with an alarm.
fhir::Result<store::Delivery> address_further(const World& world, const Passage& passage, const Further& further,
                                              fhir::JsonTree& explain, store::Commit& commit);

/// Asks policy again for a stored message, as the courier does before it sends: consent may have ended since.
policy::Decision policy_now(const World& world, const config::Config& config, const store::Message& message,
                            fhir::JsonView bundle, const config::Peer& peer, std::string_view purpose);

/// The destination of a route that only keeps the record here.
inline constexpr std::string_view kKeep = "keep";

/// "peer:hongkong" -> {"peer", "hongkong"}
std::pair<std::string_view, std::string_view> split_destination(std::string_view destination);

}  // namespace gateway::exchange
