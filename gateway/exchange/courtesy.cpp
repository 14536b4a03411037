#include "gateway/exchange/courtesy.h"

#include <algorithm>
#include <limits>

namespace gateway::exchange {
namespace {

constexpr double kWidest = 64;
constexpr double kNarrowest = 1;
constexpr double kStep = 0.2;         // wider by this with each answer in time
constexpr Millis kPatience = 8;       // over the least: what nobody notices
constexpr Millis kBetweenCuts = 200;  // what is in flight must end before its lack is felt
constexpr Millis kNobody = 5'000;     // without an answer for so long, nobody is waiting
constexpr Millis kStretch = 300'000;  // the least of the last five to ten minutes counts
constexpr Millis kUnknown = std::numeric_limits<Millis>::max();

}  // namespace

Courtesy::Courtesy() : window_(kWidest), least_{kUnknown, kUnknown} {}

Millis Courtesy::least() const { return std::min(least_[0], least_[1]); }

void Courtesy::note_least(Millis took, Millis now) {
  if (stretch_ == 0 || now - stretch_ >= kStretch) {
    least_ = {least_[1], kUnknown};
    stretch_ = now;
  }
  least_[1] = std::min(least_[1], took);
}

void Courtesy::answered(Millis took, Millis now) {
  const std::scoped_lock lock(mutex_);
  note_least(took, now);
  last_ = now;
  if (took - least() <= kPatience) {
    window_ = std::min(kWidest, window_ + kStep);
  } else if (now - cut_ >= kBetweenCuts) {
    window_ = std::max(kNarrowest, window_ / 2);
    cut_ = now;
  }
}

std::size_t Courtesy::window(std::size_t most, Millis now) const {
  const std::scoped_lock lock(mutex_);
  if (now - last_ > kNobody) return most;
  return std::clamp<std::size_t>(static_cast<std::size_t>(window_), 1, most);
}

}  // namespace gateway::exchange
