// Segments as a map makes them -> an HL7 v2 message.
#pragma once
#include <string>
#include <vector>

#include "fhir/json.h"

namespace adapters::map {

struct V2Segment {
  std::string name;
  /// {"3": [repetitions], "5": ...}; a repetition is text or {"1": component}; a component text or {"1": subcomponent}.
  fhir::JsonTree fields;
};

std::string write_v2(const std::vector<V2Segment>& segments);

}  // namespace adapters::map
