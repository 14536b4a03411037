// One destination's circuit breaker and slow start: how many deliveries may be in flight to it now. After a few
// failures in a row it is left alone for a while (open); then one delivery is tried (the probe), and each that arrives
// doubles what may be in flight, up to its limit. A destination that asks for a pause (429 with Retry-After) gets it.
//
// A pure state machine: time and chance are given by the caller. Not thread-safe: the courier guards it.
#pragma once
#include <cstddef>

#include "gateway/exchange/ports.h"

namespace gateway::exchange {

class Breaker {
 public:
  struct Limits {
    std::size_t in_flight = 64;  // at most
    std::size_t open_after = 5;  // failures in a row
    Millis rest_first = 1'000;   // how long it is left alone: doubled each time the probe fails, with full jitter
    Millis rest_longest = 15'000;
  };

  /// How many more may be claimed at `now`.
  std::size_t room(Millis now, const Limits& limits) const;
  void began() { ++in_flight_; }

  /// It answered, whatever it said about the message itself.
  void answered(const Limits& limits);
  /// A transient failure, or no answer; `chance` in [0, 1) spreads the probes of many gateways. True: this opened it.
  bool failed(Millis now, const Limits& limits, double chance);
  /// The attempt says nothing about the other side (policy, a message that is gone).
  void ended();
  /// The other side refuses all of us: nothing until then, then a probe.
  void stop_until(Millis until);
  /// It wants to be left alone until then.
  void rest_until(Millis until);
  /// A person looked into it: try at once, one first.
  void try_now();

  bool open() const { return open_; }
  Millis until() const { return until_; }
  std::size_t in_flight() const { return in_flight_; }

 private:
  std::size_t in_flight_ = 0;
  std::size_t failures_ = 0;  // in a row
  std::size_t rests_ = 0;     // in a row
  std::size_t window_ = 0;    // slow start: what may be in flight; 0: no limit but the destination's own
  bool open_ = false;
  Millis until_ = 0;
};

}  // namespace gateway::exchange
