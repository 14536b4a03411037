// record -> FHIR -> record: which of its values come back. For `roundtrip:` in the tests beside maps.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "adapters/map/map.h"

namespace adapters::map {

struct RoundTrip {
  std::size_t valued = 0;         // values of the record
  std::vector<std::string> lost;  // places whose text does not stand there again, without occurrences: "PID-5.7"
  std::string local;              // the record that came back
};

/// `outcome`: what the map made of `record`. Fails when the way back does.
Result<RoundTrip> round_trip(const Map& map, std::string_view record, const Outcome& outcome, const Site& site);

}  // namespace adapters::map
