// How much the way out holds back for the way in: what has piled up for a peer has time, the laboratory that waits for
// its acknowledgement has not. While local senders are answered about as fast as ever, each destination gets its whole
// limit; when they begin to wait, what is in flight to it is halved, and grows again step by step once they do not.
// That is how LEDBAT keeps a download out of the way of a call (RFC 6817): by the delay over the least one seen of
// late.
//
// Pure but for its lock: time is given by the caller. Thread-safe.
#pragma once
#include <array>
#include <cstddef>
#include <mutex>

#include "gateway/exchange/ports.h"

namespace gateway::exchange {

class Courtesy {
 public:
  Courtesy();

  /// A local sender had its answer at `now`, after `took`. Only senders that wait for it and messages of usual size:
  /// what is long by itself says nothing about others.
  void answered(Millis took, Millis now);

  /// What may be in flight to one destination, whose own limit is `most`; never none.
  std::size_t window(std::size_t most, Millis now) const;

 private:
  Millis least() const;
  void note_least(Millis took, Millis now);

  mutable std::mutex mutex_;  // of those below
  double window_;
  Millis last_ = 0, cut_ = 0;    // when a sender was answered, and when the window was last cut
  std::array<Millis, 2> least_;  // of the stretch before this one, and of this one
  Millis stretch_ = 0;           // when this one began; 0: nothing was measured yet
};

}  // namespace gateway::exchange
