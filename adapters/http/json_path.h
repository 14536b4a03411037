// A path of the map language over JSON, bound: made and followed by json_source.cpp, written to by json_writable.cpp.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "adapters/source.h"

namespace adapters::http {

struct JsonStep {
  enum class Kind : std::uint8_t { member, item, items };
  Kind kind = Kind::member;
  std::string name;
  std::uint32_t index = 0;
};

struct JsonPath final : BoundPath {
  bool from_top = false;
  std::vector<JsonStep> steps;
  std::vector<std::uint32_t> in_sample;  // where it leads in the sample, if there is one
};

}  // namespace adapters::http
