// The CapabilityStatement (FHIR R4 capabilitystatement.html), made from the table. Pure.
#pragma once
#include <chrono>
#include <string_view>

#include "fhir/json.h"

namespace gateway::rest {

/// `url`: how others reach the base; `date`: an instant.
fhir::JsonTree capability_statement(std::string_view site, std::string_view url, std::string_view date,
                                    std::chrono::minutes remembered);

}  // namespace gateway::rest
