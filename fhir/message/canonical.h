// One spelling for equal JSON: members sorted by name, no spaces, numbers with the digits they came with. Two values
// with the same canonical form say the same, whatever order their writer chose.
#pragma once
#include <functional>
#include <string>
#include <string_view>

#include "fhir/json.h"

namespace fhir::message {

/// Appends the canonical form of `value` to `out`. `keep` is asked for every member of every object (depth 0: the value
/// itself); members it refuses are left out. `flush` may empty `out` between two values, so that a long document need
/// not be in memory twice; an empty `flush` keeps all.
struct Canonical {
  std::string& out;
  std::function<bool(std::size_t depth, std::string_view name)> keep;
  std::function<void(std::string& out)> flush;

  void write(JsonView value, std::size_t depth = 0) const;
};

/// Do both say the same? Absent equals only absent.
bool same(JsonView one, JsonView other);

}  // namespace fhir::message
