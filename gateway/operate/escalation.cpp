#include "gateway/operate/escalation.h"

#include <fmt/format.h>

#include <set>

#include "gateway/exchange/notice.h"
#include "gateway/exchange/urgent.h"
#include "gateway/observe/log.h"

namespace gateway::operate {
namespace {

using exchange::Unread;

constexpr std::string_view kAlert = "unread:";
constexpr store::Millis kWaited = 7 * 86'400'000LL;

std::string alert_of(const Unread& one) { return fmt::format("{}{} {}", kAlert, one.message, one.destination); }

/// The message as this site stored it; 0: it is gone.
store::Id find_message(const store::Store& store, const Unread& one) {
  store::Query query;
  query.business_id = one.message;
  query.state = store::MessageState::accepted;
  const auto found = store.messages(query);
  if (!found) return 0;
  for (const auto& message : *found) {
    if (!exchange::is_notice_event(message.event) && message.correlation == one.correlation) return message.id;
  }
  return 0;
}

}  // namespace

void Escalation::look() {
  const auto waited = exchange::unread(world_.store);
  if (!waited) return;
  const auto now = world_.clock.now();
  std::set<std::string> late;
  for (const Unread& one : *waited) {
    if (one.due > now) continue;
    if (now - one.due > kWaited) {
      give_up(one);
      continue;
    }
    late.insert(alert_of(one));
    alerts_.raise(alert_of(one), fmt::format("an urgent message of route '{}' to {} has not been read in time",
                                             one.route, one.destination));
    if (!one.escalated) escalate(one);
  }
  for (const auto& alert : alerts_.active()) {
    if (alert.key.starts_with(kAlert) && !late.contains(alert.key))
      alerts_.clear(alert.key, "nobody is waited for any more");
  }
}

void Escalation::give_up(const Unread& one) {
  store::Commit commit;
  commit.facts.push_back(one.fact(true));
  const fhir::JsonTree detail =
      fhir::JsonTree::object({{"case", one.correlation}, {"destination", one.destination}, {"message", one.message}});
  commit.audit.push_back({0, world_.clock.now(), "unread", "gateway", detail.dump(), ""});
  world_.store.submit(std::move(commit), [](fhir::Result<store::Committed>) {});
}

void Escalation::escalate(Unread one) {
  one.escalated = true;
  const store::Id message = find_message(world_.store, one);
  if (message == 0 || one.escalate_to.empty()) return;
  intake_.also_to(message, one.escalate_to, {one.fact()}, "gateway:escalation", [](fhir::Result<void> done) {
    if (!done) observe::log(observe::Level::error, "urgent.not-escalated", {{"code", done.error().code}});
  });
}

}  // namespace gateway::operate
