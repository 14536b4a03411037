#include "gateway/exchange/breaker.h"

#include <algorithm>

namespace gateway::exchange {

std::size_t Breaker::room(Millis now, const Limits& limits) const {
  if (now < until_) return 0;
  const std::size_t window = open_ ? 1 : window_ == 0 ? limits.in_flight : std::min(window_, limits.in_flight);
  return window > in_flight_ ? window - in_flight_ : 0;
}

void Breaker::ended() {
  if (in_flight_ != 0) --in_flight_;
}

// Also a late answer to what was sent before it opened says that somebody is there.
void Breaker::answered(const Limits& limits) {
  ended();
  failures_ = rests_ = 0;
  if (open_) {
    open_ = false;
    until_ = 0;
    window_ = 1;
  }
  if (window_ == 0) return;
  window_ *= 2;
  if (window_ >= limits.in_flight) window_ = 0;
}

// What was in flight when it opened fails as well: that is one reason to rest, not many.
bool Breaker::failed(Millis now, const Limits& limits, double chance) {
  ended();
  ++failures_;
  if (now < until_) return false;
  if (!open_ && failures_ < limits.open_after) return false;
  const bool opens = !open_;
  const auto doublings = std::min<std::size_t>(rests_++, 20);
  const Millis ceiling = std::min(limits.rest_longest, limits.rest_first << doublings);
  open_ = true;
  until_ = now + ceiling / 2 + static_cast<Millis>(chance * static_cast<double>(ceiling) / 2);
  return opens;
}

void Breaker::stop_until(Millis until) {
  open_ = true;
  until_ = std::max(until_, until);
}

void Breaker::rest_until(Millis until) { until_ = std::max(until_, until); }

void Breaker::try_now() {
  open_ = true;
  until_ = 0;
  rests_ = 0;
}

}  // namespace gateway::exchange
