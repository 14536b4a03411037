// Profile P2, across a border: the patient by name, birth date and sex under a pseudonym; nothing by which anybody
// outside could find the person, no relatives, no genomic findings without a permit (domain.md §5.2, §5 HGR).
#pragma once
#include "gateway/policy/policy.h"

namespace gateway::policy {

fhir::Result<Minimised> cross_border(fhir::JsonView bundle, const config::Organization& own, const config::Peer& peer,
                                     const PseudonymMaker& pseudonym);

}  // namespace gateway::policy
