// `causeway dead`: what was given up, grouped by cause with what to do about it; sending again, and discarding. Each
// decision is one commit with its audit entry, by delivery, so a replay of many can stop anywhere and be gone on with.
#include <algorithm>
#include <map>
#include <tuple>

#include "gateway/control/commands.h"
#include "gateway/exchange/retry.h"

namespace gateway::control {
namespace {

using fhir::Fault;
using fhir::JsonTree;
using fhir::Result;
using store::Delivery;
using store::DeliveryState;

constexpr std::size_t kPage = 500;

JsonTree told(const Delivery& delivery) {
  return JsonTree::object({{"number", number(delivery.id)},
                           {"message", number(delivery.message)},
                           {"to", delivery.destination},
                           {"event", delivery.event},
                           {"case", delivery.correlation},
                           {"since", exchange::instant(delivery.settled_at)},
                           {"attempts", number(delivery.attempts)},
                           {"replays", number(delivery.replays)},
                           {"reason", delivery.reason}});
}

struct Filter {
  std::string_view destination;
  store::Millis since = 0;
  bool fresh = false;  // only those nobody has sent again yet

  bool passes(const Delivery& delivery) const {
    return (destination.empty() || destination == delivery.destination) && delivery.settled_at >= since &&
           !(fresh && delivery.replays != 0);
  }
};

// Goes through the dead in order of their numbers until `limit` pass, or all were seen.
Result<std::vector<Delivery>> dead(const store::Store& store, store::Id after, std::size_t limit,
                                   const Filter& filter) {
  std::vector<Delivery> found;
  while (found.size() < limit) {
    auto page = store.deliveries_in(DeliveryState::dead, after, kPage);
    if (!page) return page;
    for (auto& delivery : *page) {
      after = delivery.id;
      if (found.size() < limit && filter.passes(delivery)) found.push_back(std::move(delivery));
    }
    if (page->size() < kPage) break;
  }
  return found;
}

// "HTTP 422 invalid Bundle.entry[17].resource" is one cause, whichever entry it was.
std::string without_places(std::string_view reason) {
  std::string out;
  for (std::size_t i = 0; i < reason.size(); ++i) {
    out += reason[i];
    const auto end = reason.find_first_not_of("0123456789", i + 1);
    const bool place = reason[i] == '[' && end != std::string_view::npos && end > i + 1 && reason[end] == ']';
    if (place) out += "N";
    if (place) i = end - 1;
  }
  return out;
}

std::vector<store::DeadCause> merged(const std::vector<store::DeadCause>& causes) {
  std::map<std::pair<std::string, std::string>, store::DeadCause> found;
  for (const auto& cause : causes) {
    const std::string reason = without_places(cause.reason);
    auto [entry, fresh] = found.try_emplace({cause.destination, reason}, cause);
    entry->second.reason = reason;
    if (fresh) continue;
    entry->second.count += cause.count;
    entry->second.first = std::min(entry->second.first, cause.first);
    entry->second.last = std::max(entry->second.last, cause.last);
  }
  std::vector<store::DeadCause> all;
  for (auto& [key, cause] : found) all.push_back(std::move(cause));
  std::ranges::sort(all, {}, [](const auto& one) { return std::tuple(-one.count, one.destination, one.reason); });
  return all;
}

Result<Delivery> given_up(const Desk& desk, const std::string& text) {
  auto delivery = desk.world.store.delivery(id_of(text));
  if (!delivery) return fhir::pass(delivery);
  if (!*delivery || (*delivery)->state != DeliveryState::dead)
    return fhir::fail(Fault::not_found, "dead.none", text, "no dead delivery has this number");
  return std::move(**delivery);
}

constexpr std::string_view kRun = "replay", kLast = "last";

// How far a replay of many has come is stored with each decision: it can be gone on with from there.
void note_run(const Desk& desk, const Asked& asked, store::Id delivery, store::Commit& commit) {
  const auto run = asked.parameter("run");
  if (run.empty()) return;
  const JsonTree told = JsonTree::object({{"run", run}, {"after", number(delivery)}, {"who", asked.user}});
  commit.facts.push_back({std::string(kRun), std::string(kLast), desk.world.clock.now(), told.dump()});
}

// One person's decision about one dead delivery; answers when it is on disk.
void decide(const Desk& desk, const Asked& asked, store::Settlement decision, std::string event, JsonTree detail,
            Reply reply) {
  decision.at = desk.world.clock.now();
  decision.actor = asked.user;
  const store::Id id = decision.delivery;
  store::Commit commit;
  commit.settlements.push_back(std::move(decision));
  commit.audit.push_back(audited(desk, std::move(event), asked, detail));
  note_run(desk, asked, id, commit);
  desk.world.store.submit(std::move(commit), [id, courier = &desk.courier,
                                              reply = std::move(reply)](Result<store::Committed> done) mutable {
    if (!done) return reply(failed(done.error()));
    courier->wake();
    reply(json(200, JsonTree::object({{"number", number(id)}})));
  });
}

JsonTree detail_of(const Delivery& delivery) {
  return JsonTree::object({{"delivery", number(delivery.id)},
                           {"message", number(delivery.message)},
                           {"destination", delivery.destination},
                           {"was", delivery.reason}});
}

}  // namespace

void dead_list(const Desk& desk, Asked asked, Reply reply) {
  const Filter filter{asked.parameter("destination"), id_of(asked.parameter("since")),
                      asked.parameter("fresh") == "true"};
  const auto limit = static_cast<std::size_t>(std::clamp<store::Id>(id_of(asked.parameter("limit")), 1, 1000));
  const auto found = dead(desk.world.store, id_of(asked.parameter("after")), limit, filter);
  if (!found) return reply(failed(found.error()));
  JsonTree list = JsonTree::array();
  for (const auto& delivery : *found) list.push(told(delivery));
  JsonTree answer = JsonTree::object({{"dead", std::move(list)}});
  if (found->size() == limit) answer.set("next", number(found->back().id));
  reply(json(200, answer));
}

void dead_causes(const Desk& desk, Asked, Reply reply) {
  const auto causes = desk.world.store.dead_causes();
  if (!causes) return reply(failed(causes.error()));
  JsonTree list = JsonTree::array();
  for (const auto& cause : merged(*causes)) {
    list.push(JsonTree::object({{"to", cause.destination},
                                {"reason", cause.reason},
                                {"count", number(cause.count)},
                                {"first", exchange::instant(cause.first)},
                                {"last", exchange::instant(cause.last)},
                                {"example", number(cause.sample)},
                                {"fix", exchange::remedy(cause.reason)}}));
  }
  reply(json(200, JsonTree::object({{"causes", std::move(list)}})));
}

void dead_run(const Desk& desk, Asked, Reply reply) {
  const auto fact = desk.world.store.fact(kRun, kLast);
  if (!fact) return reply(failed(fact.error()));
  if (!*fact) return reply(failed({Fault::not_found, "dead.no-run", "", "no replay was interrupted"}));
  reply(json(200, parsed((*fact)->value)));
}

void dead_run_ended(const Desk& desk, Asked, Reply reply) {
  store::Commit commit;
  commit.facts.push_back({std::string(kRun), std::string(kLast), desk.world.clock.now(), "", true});
  desk.world.store.submit(std::move(commit), [reply = std::move(reply)](Result<store::Committed> done) mutable {
    reply(done ? json(200, JsonTree::object({})) : failed(done.error()));
  });
}

namespace {

void reroute(const Desk& desk, Asked asked, Reply reply) {
  const store::Id id = id_of(asked.path[0]);
  const std::string user = asked.user;
  desk.intake.reroute(id, user,
                      [id, &desk, asked = std::move(asked), reply = std::move(reply)](Result<void> done) mutable {
                        store::Commit commit;
                        note_run(desk, asked, id, commit);
                        desk.world.store.submit(std::move(commit), [](const Result<store::Committed>&) {});
                        reply(done ? json(200, JsonTree::object({{"number", number(id)}})) : failed(done.error()));
                      });
}

}  // namespace

void dead_replay(const Desk& desk, Asked asked, Reply reply) {
  if (asked.parameter("reroute") == "true") return reroute(desk, std::move(asked), std::move(reply));
  const auto delivery = given_up(desk, asked.path[0]);
  if (!delivery) return reply(failed(delivery.error()));
  const auto horizon = std::chrono::duration_cast<std::chrono::milliseconds>(desk.world.config()->retry.horizon);
  store::Settlement again;
  again.delivery = delivery->id;
  again.state = DeliveryState::waiting;
  again.reason = "sent again by " + asked.user;
  again.attempts = delivery->attempts;
  again.next_at = desk.world.clock.now();
  again.expires_at = again.next_at + horizon.count();
  again.replay = true;
  decide(desk, asked, std::move(again), "replayed", detail_of(*delivery), std::move(reply));
}

void dead_discard(const Desk& desk, Asked asked, Reply reply) {
  const std::string reason(asked.parameter("reason"));
  if (reason.empty())
    return reply(failed({Fault::invalid, "dead.reason", "--reason", "say why it may be given up; it is audited"}));
  const auto delivery = given_up(desk, asked.path[0]);
  if (!delivery) return reply(failed(delivery.error()));
  store::Settlement ended;
  ended.delivery = delivery->id;
  ended.state = DeliveryState::cancelled;
  ended.reason = "discarded by " + asked.user + ": " + reason;
  ended.attempts = delivery->attempts;
  JsonTree detail = detail_of(*delivery);
  detail.set("reason", reason);
  decide(desk, asked, std::move(ended), "discarded", std::move(detail), std::move(reply));
}

}  // namespace gateway::control
