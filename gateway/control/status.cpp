// The state of the site in one word, and for everything that is not green the next step.
#include <fmt/format.h>

#include "gateway/control/commands.h"

namespace gateway::control {
namespace {

using fhir::JsonTree;

constexpr store::Millis kLongWait = 15 * 60 * 1000;  // in the queue: longer than a restart of the other side takes

enum class Light : std::uint8_t { green, yellow, red };

std::string_view name_of(Light light) {
  constexpr std::string_view kNames[] = {"green", "yellow", "red"};
  return kNames[static_cast<std::size_t>(light)];
}

class Findings {
 public:
  void add(Light light, std::string_view say, std::string_view next) {
    worst_ = std::max(worst_, light);
    list_.push(JsonTree::object({{"light", name_of(light)}, {"say", say}, {"next", next}}));
  }
  Light worst() const { return worst_; }
  JsonTree take() && { return std::move(list_); }

 private:
  Light worst_ = Light::green;
  JsonTree list_ = JsonTree::array();
};

void look_at_counts(Findings& findings, const store::Store::Counts& counts, const config::Config& config,
                    store::Millis now) {
  if (counts.dead != 0) {
    findings.add(Light::red, fmt::format("given up: {} of the deliveries", counts.dead),
                 "causeway dead why: the causes, and what to do about each");
  }
  if (counts.held != 0) {
    const bool late = now - counts.oldest_held > config.held_alarm.count();
    findings.add(late ? Light::red : Light::yellow, fmt::format("waiting for a person: {}", counts.held),
                 "causeway held ls: each with its reason; causeway held release when it is gone");
  }
  if (counts.oldest_waiting != 0 && now - counts.oldest_waiting > kLongWait) {
    findings.add(Light::yellow,
                 fmt::format("the oldest delivery has waited for {} min", (now - counts.oldest_waiting) / 60'000),
                 "causeway top: which destination it waits for");
  }
}

void look_at_pause(Findings& findings, const std::string& destination, const exchange::Courier::Pause& pause) {
  if (pause.who.empty()) {
    return findings.add(Light::red, fmt::format("{} is paused: {}", destination, pause.reason),
                        "mend what the reason names, there or in the configuration; it is tried again by itself");
  }
  findings.add(Light::yellow, fmt::format("{} is paused by {}: {}", destination, pause.who, pause.reason),
               "causeway peer resume, once the reason is gone");
}

// The queue and what is held are told above, with their counts.
void look_at_alert(Findings& findings, const operate::Alert& alert) {
  if (alert.key == "queue-age" || alert.key == "held") return;
  findings.add(Light::red, fmt::format("{}: {}", alert.key, alert.say), "docs/OPERATORS.md, Alerts: what ends it");
}

}  // namespace

void status(const Desk& desk, Asked, Reply reply) {
  const auto config = desk.world.config();
  const auto counts = desk.world.store.counts();
  if (!counts) return reply(failed(counts.error()));
  Findings findings;
  if (desk.world.store.failed())
    findings.add(Light::red, "the store has failed: nothing more is accepted", "causeway doctor, then a restart");
  look_at_counts(findings, *counts, *config, desk.world.clock.now());
  JsonTree paused = JsonTree::array();
  for (const auto& [destination, pause] : desk.courier.paused()) {
    JsonTree one = JsonTree::object({{"destination", destination}, {"reason", pause.reason}});
    if (!pause.who.empty()) one.set("who", pause.who);
    paused.push(std::move(one));
    look_at_pause(findings, destination, pause);
  }
  JsonTree raised = JsonTree::array();
  for (const auto& alert : desk.operations.alerts.active()) {
    raised.push(
        JsonTree::object({{"alert", alert.key}, {"say", alert.say}, {"since", exchange::instant(alert.since)}}));
    look_at_alert(findings, alert);
  }
  const bool differs = desk.operations.keeper.differs_from_files();
  if (differs) {
    findings.add(Light::yellow, "the files on disk are not the configuration in force",
                 "causeway check and causeway diff: put them right before an edit, a reload or a restart takes them");
  }
  JsonTree told = JsonTree::object({{"site", config->site},
                                    {"light", name_of(findings.worst())},
                                    {"config", config->hash},
                                    {"waiting", number(counts->waiting)},
                                    {"in_flight", number(counts->claimed)},
                                    {"dead", number(counts->dead)},
                                    {"held", number(counts->held)}});
  const auto shut = desk.world.gate->shut(exchange::Gate::Who::local);
  told.set("taking", JsonTree::boolean(!shut));
  told.set("findings", std::move(findings).take());
  told.set("paused", std::move(paused));
  told.set("generation", number(desk.operations.keeper.generation()));
  if (differs) told.set("files_differ", JsonTree::boolean(true));
  told.set("alerts", std::move(raised));
  if (const auto swept = desk.operations.sweeper.last()) told.set("sweep", operate::to_json(*swept));
  if (const auto at = desk.operations.backups.last(); at != 0) told.set("backup", exchange::instant(at));
  reply(json(200, told));
}

}  // namespace gateway::control
