// A path of the map language over HL7 v2, bound: made by dialect.cpp, followed by source.cpp.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "adapters/hl7v2/message.h"
#include "adapters/source.h"

namespace adapters::hl7v2 {

struct SourcePath final : BoundPath {
  bool relative = false;            // ".4.1": from the repetition we are at; `at` says which part
  std::vector<std::string> groups;  // PATIENT_RESULT, ORDER_OBSERVATION
  std::string segment;              // empty: the groups themselves
  bool every_z = false;             // Z*
  std::uint32_t occurrence = 0;     // 0: each
  Position at;                      // field 0: the segment itself
  bool every_repetition = false;    // PID-3, PID-3[*].1
};

}  // namespace adapters::hl7v2
