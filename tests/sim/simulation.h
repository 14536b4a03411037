// One run: three sites, their local systems and a network, and everything that goes wrong, all drawn from one seed. A
// first phase is unsafe: crashes, power cuts, partitions, lost answers, failing disks; what must never happen is judged
// at every step. Then faults stop, and within bounded time everything must have arrived: what must happen in the end.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "tests/sim/network.h"

namespace gateway::sim {

struct Outcome {
  std::vector<std::string> violations;  // the first is why; empty: it held
  std::uint64_t hash = 0;               // of everything that happened: the same seed, the same hash
  std::uint64_t steps = 0;
  std::int64_t milliseconds = 0;  // virtual
  int acknowledged = 0, effects = 0, repeats = 0, refusals = 0, crashes = 0;
};

/// `folder`: an empty one of this process, for the locks of the stores. `trace`: a line on standard output for each
/// thing that happens.
Outcome run(std::uint64_t seed, const Network& network, const std::string& folder, bool trace);

}  // namespace gateway::sim
