// A referral's terms, written into its Tasks where it enters the network: until when it must be answered, and, when its
// route asks several sites at once, a Task for each of them (fhir/message/fan_out.h; docs/WORKFLOWS.md). The Tasks are
// stored with the referral, so what is owed later is read from the store and no later edit of the route changes it.
#pragma once
#include "gateway/exchange/passage.h"

namespace gateway::exchange {

/// dateTime on a Task: until then somebody should have answered.
inline constexpr std::string_view kAnswerBy = "https://causeway.example/StructureDefinition/answer-by";

/// The intake's step, after the route is known. Only a referral of this site's own.
fhir::Result<void> set_terms(const World& world, Passage& passage);

/// Task.partOf of a part, as this site keeps it: "Task/ID"; empty: it is none.
std::string_view part_of(fhir::JsonView task);
/// Does this Task stand for several?
bool is_whole(fhir::JsonView task);
/// The organisation that shall do it; empty: not said by our kind of identifier.
std::string_view owner_of(fhir::JsonView task);
/// The value of an extension, or absent.
fhir::JsonView extension(fhir::JsonView resource, std::string_view url, std::string_view value);

/// The Bundle as one peer gets it: of the Tasks only the one that is its own. Nothing when there are no parts in it.
fhir::Result<std::optional<fhir::Json>> only_theirs(fhir::JsonView bundle, const config::Peer& peer);

}  // namespace gateway::exchange
