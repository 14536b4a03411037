// Runs a plan on one record. Pure: everything it needs comes with the call; any number of threads may run one plan.
#pragma once
#include <memory>
#include <string_view>

#include "adapters/map/map.h"
#include "adapters/map/plan.h"
#include "adapters/map/rules.h"

namespace adapters::map {

/// The errors of Map::run: of the codec ("hl7v2.no-msh"), or
///   map.refused    a value that a rule may not drop cannot be carried; `where` names source place and rule
///   map.formula    a formula failed on this record
///   map.identity   a resource has nothing to be known by
/// `trace`: takes note of the rules that made something; nullptr: nobody asks.
Result<Outcome> run_plan(const Plan& plan, std::string_view record, const Site& site, Trace* trace = nullptr);

/// The record as the plan's paths are asked of it; the errors of its codec. Not for maps from FHIR.
Result<std::unique_ptr<Source>> open_source(const Plan& plan, std::string_view record);

}  // namespace adapters::map
