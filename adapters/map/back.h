// Runs a map to FHIR backwards: a message Bundle that the map made -> the local record. The way back is not written by
// anybody: it is the compiled plan read the other way round (inverse.h, unmaker.h), with `back:` where that is not
// enough. Pure; any number of threads may run one plan.
//
// The report accounts for the values of the Bundle: carried are those that the map would make again of the record.
#pragma once
#include <string>
#include <string_view>

#include "adapters/map/inverse.h"
#include "adapters/map/map.h"
#include "adapters/map/plan.h"

namespace adapters::map {

/// Errors: of the JSON; map.back-format: this format is not written yet; map.back-bundle: no MessageHeader that this
/// map made; map.budget: the Bundle takes too many steps.
Result<Outcome> run_back(const Plan& plan, const Inverse& inverse, std::string_view bundle, const Site& site);

/// The kind of record the Bundle was made of ("ORU^R01"), if this map made its header; empty: it did not.
std::string back_kind(const Plan& plan, const Inverse& inverse, std::string_view bundle, const Site& site);

}  // namespace adapters::map
