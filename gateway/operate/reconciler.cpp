#include "gateway/operate/reconciler.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <utility>

#include "fhir/primitives.h"
#include "gateway/observe/log.h"

namespace gateway::operate {
namespace {

using namespace std::chrono_literals;
using fhir::Fault;
using fhir::JsonTree;
using fhir::JsonView;
using fhir::Result;
using store::Delivery;
using store::DeliveryState;
using store::Millis;

constexpr std::string_view kFact = "reconciliation", kNight = "reconciliation-night";
constexpr Millis kDay = 86'400'000, kSlack = 3'600'000;  // slack: clocks differ, and midnight is crossed on the way
constexpr std::size_t kNamed = 200;                      // of what is missing; the others are counted

JsonTree number(std::int64_t n) { return JsonTree::number(std::to_string(n)); }
JsonTree number(std::size_t n) { return JsonTree::number(std::to_string(n)); }

Millis millis_of(JsonView value) {
  Millis number = 0;
  const auto text = value.text();
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

/// What a peer says it has.
struct There {
  std::string correlation, event, state;
  Millis at = 0;
  JsonTree keys = JsonTree::array();
};

/// One thing that is on one side only.
struct Missing {
  std::string event, correlation;
  JsonTree keys = JsonTree::array();
  store::Id message = 0;  // ours; 0: we do not have it
};

JsonTree told(const std::vector<Missing>& list) {
  JsonTree tree = JsonTree::array();
  for (const Missing& one : list) {
    if (tree.children().size() >= kNamed) break;
    JsonTree line = JsonTree::object({{"event", one.event}, {"case", one.correlation}});
    line.set("keys", one.keys);
    if (one.message != 0) line.set("message", number(one.message));
    tree.push(std::move(line));
  }
  return tree;
}

JsonTree keys_of(const store::Message& message) {
  JsonTree keys = JsonTree::array();
  for (const auto& id : message.business_ids) keys.push(id);
  return keys;
}

}  // namespace

/// One comparison on its way from peer to peer.
struct Reconciler::Work {
  std::shared_ptr<const config::Config> config;
  Day day;
  Done done;
  JsonTree report, peers = JsonTree::array();
  std::vector<std::string> left;  // peers still to be asked, last one first
  // of the peer that is being asked
  std::map<std::string, Delivery> ours;  // by the id it went out under
  std::map<std::string, There> theirs;
  Millis until = 0;  // of the question
  std::int64_t after = 0;
};

Reconciler::Reconciler(const exchange::World& world, net::Net& net, exchange::Expectation expect, Alerts& alerts)
    : world_(world), net_(net), expect_(std::move(expect)), alerts_(alerts) {}

Result<Reconciler::Day> Reconciler::day(const std::string& name) const {
  const auto zone = world_.config()->zone;
  const std::string text = name.empty() ? exchange::local_instant(world_.clock.now(), zone).substr(0, 10) : name;
  const auto read = fhir::DateTime::parse(text + "T00:00:00" + (zone.empty() ? "Z" : zone));
  const auto moment = read && text.size() == 10 ? read->moment() : std::nullopt;
  if (!moment) return fhir::fail(Fault::invalid, "reconcile.day", name, "a day is written 2026-03-10");
  const Millis from = moment->time_since_epoch().count();
  return Day{text, from, from + kDay};
}

void Reconciler::look() {
  const auto config = world_.config();
  if (!config->reconciliation.nightly) return;
  const Millis now = world_.clock.now(), due = exchange::latest(now, config->zone, config->reconciliation.at);
  {
    const std::scoped_lock lock(mutex_);
    if (!last_) {
      const auto night = world_.store.fact(kNight, "last");
      last_ = night && *night ? (*night)->at : now;
    }
    if (going_on_ || *last_ >= due) return;
    last_ = now;
    going_on_ = true;
  }
  const auto yesterday = day(exchange::local_instant(due - kDay, config->zone).substr(0, 10));
  if (!yesterday) return;
  compare(*yesterday, "", [this, day = *yesterday](Result<JsonTree> report) {
    if (report) store_report(day, *report);
    const std::scoped_lock lock(mutex_);
    going_on_ = false;
  });
}

// ---- from peer to peer

void Reconciler::compare(const Day& day, const std::string& peer, Done done) {
  auto work = std::make_shared<Work>();
  work->config = world_.config();
  work->day = day;
  work->done = std::move(done);
  if (!peer.empty() && work->config->peer(peer) == nullptr)
    return work->done(fhir::fail(Fault::not_found, "reconcile.peer", peer, "no peer has this name"));
  for (const auto& one : work->config->peers)
    if (peer.empty() ? one.enabled : one.name == peer) work->left.push_back(one.name);
  std::ranges::reverse(work->left);
  worker_.post([this, work] { start(work); });
}

// What came, by door and by what became of it.
void Reconciler::start(std::shared_ptr<Work> work) {
  std::map<std::string, std::map<std::string, std::int64_t>> came;
  store::Stretch stretch{work->day.from, work->day.until, {}, 0, 500};
  for (;;) {
    const auto page = world_.store.came(stretch);
    if (!page) return work->done(std::unexpected(page.error()));
    for (const auto& message : *page) {
      const auto state = std::string(to_string(message.state));
      ++came[message.door == "fhir" ? "fhir:" + message.sender : message.door][state];
    }
    if (page->size() < stretch.limit) break;
    stretch.after = page->back().id;
  }
  JsonTree doors = JsonTree::object({});
  for (const auto& [door, states] : came) {
    JsonTree& line = doors[door];
    line = JsonTree::object({});
    for (const auto& [state, count] : states) line.set(state, number(count));
  }
  work->report = JsonTree::object({{"day", work->day.name},
                                   {"from", exchange::instant(work->day.from)},
                                   {"until", exchange::instant(work->day.until)},
                                   {"made", exchange::instant(world_.clock.now())}});
  work->report.set("came", std::move(doors));
  next_peer(std::move(work));
}

void Reconciler::next_peer(std::shared_ptr<Work> work) {
  if (work->left.empty()) return conclude(std::move(work));
  const std::string name = work->left.back();
  const config::Peer* peer = work->config->peer(name);
  work->ours.clear();
  work->theirs.clear();
  work->until = work->day.until + kSlack;
  work->after = 0;
  store::Stretch stretch{work->day.from, work->day.until, {}, 0, 500};
  for (;;) {
    const auto page = world_.store.came(stretch);
    const auto went = world_.store.went(stretch, "peer:" + name);
    if (!page || !went) return work->done(std::unexpected(page ? went.error() : page.error()));
    for (const auto& delivery : *went) {
      work->until = std::max(work->until, delivery.settled_at + kSlack);
      work->ours.emplace(delivery.control_id, delivery);
    }
    if (page->size() < stretch.limit) break;
    stretch.after = page->back().id;
  }
  if (peer->mailbox == config::Mailbox::here) {
    work->peers.push(JsonTree::object({{"peer", name}, {"unreachable", "it opens no port: compare there"}}));
    work->left.pop_back();
    return next_peer(std::move(work));
  }
  ask(std::move(work));
}

void Reconciler::ask(std::shared_ptr<Work> work) {
  const config::Peer* peer = work->config->peer(work->left.back());
  net::HttpRequest request;
  request.method = "GET";
  request.target =
      fmt::format("{}/$reconcile?period={}/{}/{}", peer->base, work->day.from - kSlack, work->until, work->after);
  request.headers = {{"accept", "application/json"}, {"x-request-id", world_.entropy.uuid()}};
  net_.send_http(peer->address, &work->config->tls, expect_(peer->name), std::move(request), peer->timeout,
                 [this, work](Result<net::HttpResponse> answer) mutable {
                   worker_.post([this, work, answer = std::move(answer)]() mutable {
                     answered(std::move(work), std::move(answer));
                   });
                 });
}

void Reconciler::answered(std::shared_ptr<Work> work, Result<net::HttpResponse> answer) {
  const auto json = answer && answer->status == 200
                        ? fhir::Json::parse(answer->body)
                        : fhir::Result<fhir::Json>(fhir::fail(Fault::unavailable, "", "", ""));
  if (!json) {
    const std::string why = !answer                 ? fhir::to_string(answer.error())
                            : answer->status != 200 ? fmt::format("HTTP {}", answer->status)
                                                    : "its answer cannot be read";
    work->peers.push(JsonTree::object({{"peer", work->left.back()}, {"unreachable", why}}));
    work->left.pop_back();
    return next_peer(std::move(work));
  }
  for (const JsonView line : json->root()["messages"]) {
    There there{std::string(line["case"].text()), std::string(line["event"].text()), std::string(line["state"].text()),
                millis_of(line["at_ms"]), JsonTree::array()};
    for (const JsonView key : line["keys"]) there.keys.push(JsonTree::from(key));
    work->theirs.emplace(line["id"].text(), std::move(there));
  }
  const Millis next = millis_of(json->root()["next"]);
  if (next > work->after) {
    work->after = next;
    return ask(std::move(work));
  }
  judge(std::move(work));
}

namespace {

/// Did this go out to that destination on another day? Found by the case.
bool known(const store::Store& store, const std::string& destination, const std::string& id, const There& there) {
  store::Query query;
  query.correlation = there.correlation;
  query.limit = 1000;
  const auto messages = store.messages(query);
  if (!messages || there.correlation.empty()) return false;
  return std::ranges::any_of(*messages, [&](const store::Message& message) {
    const auto deliveries = store.deliveries(message.id);
    return deliveries && std::ranges::any_of(*deliveries, [&](const Delivery& one) {
             return one.destination == destination && one.control_id == id;
           });
  });
}

JsonTree keys_of(const store::Store& store, store::Id message) {
  const auto found = store.message(message);
  return found && *found ? keys_of(**found) : JsonTree::array();
}

}  // namespace

void Reconciler::judge(std::shared_ptr<Work> work) {
  const std::string name = work->left.back(), destination = "peer:" + name;
  std::vector<Missing> there, here;
  std::map<std::string, std::int64_t> open;
  std::int64_t delivered = 0, at_peer = 0;
  for (const auto& [id, delivery] : work->ours) {
    const bool arrived = work->theirs.contains(id);
    at_peer += arrived ? 1 : 0;
    if (delivery.state == DeliveryState::delivered) {
      ++delivered;
      if (!arrived)
        there.push_back(
            {delivery.event, delivery.correlation, keys_of(world_.store, delivery.message), delivery.message});
    } else if (!arrived) {
      ++open[std::string(to_string(delivery.state))];
    }
  }
  for (const auto& [id, one] : work->theirs) {
    const bool of_the_day = one.at >= work->day.from && one.at < work->day.until;
    if (!of_the_day || work->ours.contains(id) || known(world_.store, destination, id, one)) continue;
    here.push_back({one.event, one.correlation, one.keys, 0});
  }
  JsonTree line = JsonTree::object({{"peer", name},
                                    {"to_send", number(work->ours.size())},
                                    {"delivered", number(delivered)},
                                    {"at_peer", number(at_peer)}});
  JsonTree still = JsonTree::object({});
  for (const auto& [state, count] : open) still.set(state, number(count));
  line.set("not_delivered", std::move(still));
  line.set("missing_there_count", number(there.size()));
  line.set("missing_there", told(there));
  line.set("missing_here_count", number(here.size()));
  line.set("missing_here", told(here));
  work->peers.push(std::move(line));
  work->left.pop_back();
  next_peer(std::move(work));
}

void Reconciler::conclude(std::shared_ptr<Work> work) {
  work->report.set("peers", std::move(work->peers));
  alarm(work->report);
  work->done(std::move(work->report));
}

// ---- what people are told

// A peer that was not reached has an alert of its own; what was said of it before stays.
void Reconciler::alarm(const JsonTree& report) {
  const auto json = fhir::Json::parse(report.dump());
  if (!json) return;
  for (const JsonView peer : json->root()["peers"]) {
    if (peer["unreachable"]) continue;
    const bool missing = peer["missing_there_count"].text() != "0" || peer["missing_here_count"].text() != "0";
    alerts_.set(fmt::format("reconcile:{}", peer["peer"].text()), missing,
                fmt::format("{}: {} missing there, {} missing here", json->root()["day"].text(),
                            peer["missing_there_count"].text(), peer["missing_here_count"].text()));
  }
}

void Reconciler::store_report(const Day& day, const JsonTree& report) {
  const Millis now = world_.clock.now();
  store::Commit commit;
  commit.facts.push_back({std::string(kFact), day.name, now, report.dump()});
  commit.facts.push_back({std::string(kNight), "last", now, "{}"});
  const auto keep = std::chrono::milliseconds(world_.config()->reconciliation.keep).count();
  if (auto old = world_.store.facts(kFact)) {
    for (auto& one : *old) {
      if (one.at >= now - keep) continue;
      one.gone = true;
      commit.facts.push_back(std::move(one));
    }
  }
  commit.audit.push_back({0, now, "reconciled", "gateway", JsonTree::object({{"day", day.name}}).dump(), ""});
  world_.store.submit(std::move(commit), [](const Result<store::Committed>& stored) {
    if (!stored) observe::log(observe::Level::error, "reconcile.unstored", {{"code", stored.error().code}});
  });
}

Result<std::vector<JsonTree>> Reconciler::reports() const {
  auto facts = world_.store.facts(kFact);
  if (!facts) return fhir::pass(facts);
  std::vector<JsonTree> all;
  for (auto one = facts->rbegin(); one != facts->rend(); ++one) {
    if (const auto json = fhir::Json::parse(one->value)) all.push_back(JsonTree::from(json->root()));
  }
  return all;
}

}  // namespace gateway::operate
