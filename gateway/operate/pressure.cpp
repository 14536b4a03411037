#include "gateway/operate/pressure.h"

#include <fmt/format.h>

#include <filesystem>

namespace gateway::operate {
namespace {

using fhir::Error;
using fhir::Fault;

/// Shut at `high`, open again at `low`, as it was between.
bool with_hysteresis(bool shut, std::int64_t value, std::int64_t high, std::int64_t low) {
  return value >= high || (shut && value > low);
}

}  // namespace

Pressure::Pressure(const exchange::World& world, Alerts& alerts, FreeSpace free_space)
    : world_(world), alerts_(alerts), free_space_(free_space ? std::move(free_space) : [&world] {
        std::error_code failed;
        const auto space = std::filesystem::space(world.config()->data, failed);
        return failed ? std::nullopt : std::optional<std::uint64_t>(space.available);
      }) {}

void Pressure::look() {
  const auto config = world_.config();
  at_queue(config->pressure);
  at_disk(config->pressure);
  tell(config->pressure);
  world_.gate->expire(world_.clock.now());
}

void Pressure::at_queue(const config::Pressure& marks) {
  const auto counts = world_.store.counts();
  if (!counts) return;
  const auto high = static_cast<std::int64_t>(marks.queue_high), low = static_cast<std::int64_t>(marks.queue_low);
  queue_ = counts->waiting + counts->claimed;
  queue_shut_ = with_hysteresis(queue_shut_, queue_, high, low);
  peers_shut_ = with_hysteresis(peers_shut_, queue_, 2 * high, high);
}

// The ballast comes back first: a store without it takes nothing.
void Pressure::at_disk(const config::Pressure& marks) {
  const auto free = free_space_();
  if (!free) return;
  free_ = *free;
  const std::uint64_t missing = world_.store.full() ? marks.ballast : 0;
  if (free_ < marks.disk_stop || world_.store.full()) disk_shut_ = true;
  if (!disk_shut_ || free_ < marks.disk_resume + missing) return;
  disk_shut_ = !world_.store.refill();
}

void Pressure::tell(const config::Pressure& marks) {
  alerts_.set("pressure:queue", queue_shut_,
              fmt::format("{} deliveries wait; nothing is taken in above {}, until {}", queue_, marks.queue_high,
                          marks.queue_low));
  alerts_.set("pressure:disk", disk_shut_,
              fmt::format("{} MiB are free; nothing is taken in below {} MiB, until {} MiB", free_ >> 20u,
                          marks.disk_stop >> 20u, marks.disk_resume >> 20u));
  if (disk_shut_) {
    world_.gate->shut({Fault::unavailable, "pressure.disk", "", "the disk is nearly full: come again later"}, true);
  } else if (queue_shut_) {
    world_.gate->shut({Fault::unavailable, "pressure.queue", "", "too much waits to be delivered: come again later"},
                      peers_shut_);
  } else {
    world_.gate->open();
  }
}

}  // namespace gateway::operate
