// Production and test are kept apart (HL7 v2 §2.9.2, MSH-11; FHIR security label HTEST): what a message says it is must
// be what the place it reaches takes, and what leaves a test site says so. What arrives marked otherwise is refused as
// HL7 wants it for MSH-11: AR or CR, HTTP 403.
#pragma once
#include "gateway/exchange/passage.h"

namespace gateway::exchange {

/// `forbidden`: processing.test (test data at production), processing.production (the other way), processing.unknown (a
/// MSH-11 that HL7 does not know).
fhir::Result<void> check_processing(const World& world, Passage& passage);

/// May our data go to that peer: are both production, or both a test?
bool same_processing(const config::Config& config, const config::Peer& peer);

/// "P", "T", "D": MSH-11 and HL7 table 0103.
std::string_view processing_id(config::Processing processing);

/// Marks a Bundle as test data; of production nothing is changed.
void mark_test(fhir::JsonTree& bundle, config::Processing processing);

}  // namespace gateway::exchange
