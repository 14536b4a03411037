#include "gateway/operate/watch.h"

#include <fmt/format.h>

#include <filesystem>

#include "gateway/exchange/addressing.h"
#include "gateway/exchange/clock.h"
#include "gateway/exchange/notice.h"
#include "gateway/net/tls_certificate.h"

namespace gateway::operate {
namespace {

using exchange::Millis;

constexpr std::string_view kDown = "peer-down:", kUnanswered = "referral-unanswered:";

/// "3 min", "5 h", "2 days": as a person says it.
std::string age_text(Millis milliseconds) {
  const auto seconds = milliseconds / 1000;
  if (seconds < 120) return fmt::format("{} s", seconds);
  if (seconds < 7200) return fmt::format("{} min", seconds / 60);
  if (seconds < 172'800) return fmt::format("{} h", seconds / 3600);
  return fmt::format("{} days", seconds / 86'400);
}

bool is_configured(const config::Config& config, std::string_view destination) {
  const auto [kind, name] = exchange::split_destination(destination);
  return kind == "peer" ? config.peer(name) != nullptr : config.system(name) != nullptr;
}

}  // namespace

void Watch::look() {
  const auto config = world_.config();
  at_destinations(*config);
  at_queue(*config);
  at_referrals(*config);
  at_dead();
  at_certificates(*config);
  at_disk(*config);
}

// One that was not tried since the start keeps its alert: nothing says that it is over.
void Watch::at_destinations(const config::Config& config) {
  const auto now = world_.clock.now();
  for (const auto& [destination, health] : courier_.health()) {
    const std::string key = std::string(kDown) + destination;
    if (health.failing_since == 0) {
      alerts_.clear(key, destination + " takes deliveries again");
    } else if (now - health.failing_since >= config.alerts.peer_down.count()) {
      alerts_.raise(key, fmt::format("{} takes no deliveries: {}", destination, health.reason));
    }
  }
  for (const auto& alert : alerts_.active()) {
    const std::string_view key = alert.key;
    if (key.starts_with(kDown) && !is_configured(config, key.substr(kDown.size())))
      alerts_.clear(key, "no longer configured");
  }
}

void Watch::at_queue(const config::Config& config) {
  const auto counts = world_.store.counts();
  if (!counts) return;
  const auto now = world_.clock.now();
  const auto age = [&](Millis since) { return since == 0 ? 0 : now - since; };
  const Millis waiting = age(counts->oldest_waiting), held = age(counts->oldest_held);
  alerts_.set("queue-age", waiting > config.alerts.queue_age.count(),
              fmt::format("{} deliveries wait, the oldest for {}", counts->waiting, age_text(waiting)));
  alerts_.set("held", held > config.held_alarm.count(),
              fmt::format("{} records wait for a person, the oldest for {}", counts->held, age_text(held)));
}

void Watch::at_referrals(const config::Config& config) {
  const auto unanswered = exchange::unanswered_referrals(world_, config);
  for (const auto& [organization, one] : unanswered) {
    alerts_.raise(std::string(kUnanswered) + organization,
                  fmt::format("{} referrals wait for an answer, the oldest for {} too long", one.count,
                              age_text(world_.clock.now() - one.since)));
  }
  for (const auto& alert : alerts_.active()) {
    const std::string_view key = alert.key;
    if (key.starts_with(kUnanswered) && !unanswered.contains(std::string(key.substr(kUnanswered.size()))))
      alerts_.clear(key, "all are answered");
  }
}

void Watch::at_dead() {
  constexpr Millis kDay = 86'400'000;
  const auto counts = world_.store.counts();
  if (!counts) return;
  alerts_.set("dead", counts->dead > 0, fmt::format("{} deliveries were given up: causeway dead ls", counts->dead));
  store::Query notices;
  notices.event = exchange::kDeliveryFailed;
  notices.state = store::MessageState::accepted;
  notices.since = world_.clock.now() - kDay;
  const auto told = world_.store.messages(notices);
  if (!told) return;
  alerts_.set(
      "undelivered", !told->empty(),
      fmt::format("peers gave up {} messages in the last day: causeway msg ls --event delivery-failed", told->size()));
}

void Watch::at_certificate(const config::Config& config, const std::string& whose, std::int64_t ends) {
  const Millis left = ends * 1000 - world_.clock.now();
  const Millis limit = std::chrono::duration_cast<std::chrono::milliseconds>(config.alerts.certificate).count();
  alerts_.set("certificate:" + whose, left < limit,
              left < 0 ? "has expired" : fmt::format("ends in {}", age_text(left)));
}

void Watch::at_certificates(const config::Config& config) {
  if (const auto own = net::tls::read_certificate(config.tls.certificate))
    at_certificate(config, "own", own->not_after);
  for (const auto& [party, ends] : roster_.certificates_end()) at_certificate(config, party, ends);
}

void Watch::at_disk(const config::Config& config) {
  std::error_code failed;
  const auto space = std::filesystem::space(config.data, failed);
  if (failed) return;
  alerts_.set("disk", space.available < config.alerts.disk_free,
              fmt::format("{} MiB are free for the store", space.available >> 20u));
}

}  // namespace gateway::operate
