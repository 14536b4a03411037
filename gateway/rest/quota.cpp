#include "gateway/rest/quota.h"

#include <algorithm>
#include <cmath>

namespace gateway::rest {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr double kMostDebt = 30;         // seconds' worth: a flood that has ended is forgiven by then
constexpr double kLongestDelay = 5'000;  // ms
constexpr double kBusyDelay = 200;       // ms, when only too many are being worked on

/// Seconds' worth of the allowance that were taken and have not worn off.
double owed(double taken, std::size_t allowance) { return taken / static_cast<double>(allowance); }

double worn_off(double taken, std::size_t allowance, double elapsed) {
  const auto rate = static_cast<double>(allowance);
  return std::clamp(taken - elapsed * rate, 0.0, kMostDebt * rate);
}

}  // namespace

Quotas::Ticket::~Ticket() {
  if (!uses_) return;
  const std::scoped_lock lock(uses_->mutex);
  --uses_->by_caller[caller_].at_once;
}

Quotas::Answer Quotas::ask(const std::string& caller, std::size_t bytes, store::Millis now,
                           const config::Quota& quota) {
  const std::scoped_lock lock(uses_->mutex);
  Use& use = uses_->by_caller[caller];
  const double elapsed = static_cast<double>(std::max<store::Millis>(0, now - use.at)) / 1000;
  use.at = std::max(use.at, now);
  use.requests = worn_off(use.requests, quota.rate, elapsed);
  use.bytes = worn_off(use.bytes, quota.bytes, elapsed);
  // One second's worth may come at once; a body may be larger than that and passes when little is owed.
  const double over = std::max(owed(use.requests, quota.rate), owed(use.bytes, quota.bytes)) - 1;
  use.requests += 1;
  use.bytes += static_cast<double>(bytes);
  if (over < 0 && use.at_once < quota.at_once) {
    ++use.at_once;
    return {Ticket(uses_, caller), milliseconds{0}, seconds{0}};
  }
  const double delay = std::clamp(over * 1000, kBusyDelay, kLongestDelay);
  return {std::nullopt, milliseconds(static_cast<std::int64_t>(delay)),
          seconds(std::max<std::int64_t>(1, static_cast<std::int64_t>(std::ceil(over))))};
}

}  // namespace gateway::rest
