// A path of the map language over HL7 v2, bound: made by dialect.cpp, followed by source.cpp.
#pragma once
#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "adapters/hl7v2/groups.h"
#include "adapters/hl7v2/message.h"
#include "adapters/source.h"

namespace adapters::hl7v2 {

struct SourcePath final : BoundPath {
  bool relative = false;            // ".4.1": from the repetition we are at; `at` says which part
  std::vector<std::string> groups;  // PATIENT_RESULT, ORDER_OBSERVATION
  std::string segment;              // empty: the groups themselves
  NameKey key = 0;                  // the segment's
  bool every_z = false;             // Z*
  std::uint32_t occurrence = 0;     // 0: each
  Position at;                      // field 0: the segment itself
  bool every_repetition = false;    // PID-3, PID-3[*].1
};

/// Paths as bits: which fields of which segments, which parts of the repetition we are at. Bit 63 stands for all from
/// there on.
struct SourcePathSet final : PathSet {
  struct Fields {
    NameKey segment;
    std::uint64_t bits;
  };
  static std::uint64_t bit(std::uint32_t n) { return std::uint64_t{1} << std::min(n, 63u); }

  bool always = false;           // one of the paths cannot be told by bits
  std::uint64_t parts = 0;       // of relative paths
  std::vector<Fields> in_reach;  // PID-5, from where we stand
  std::vector<Fields> anywhere;  // OBX[2]-5, OBSERVATION.OBX-5: asked of the whole message
};

}  // namespace adapters::hl7v2
