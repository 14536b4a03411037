#include "gateway/exchange/courier.h"

#include <fmt/format.h>

#include <algorithm>

#include "adapters/hl7v2/ack.h"
#include "fhir/message/message.h"
#include "gateway/exchange/notice.h"
#include "gateway/exchange/retry.h"
#include "gateway/exchange/service.h"
#include "gateway/exchange/signed_record.h"
#include "gateway/observe/failpoint.h"
#include "gateway/observe/log.h"

namespace gateway::exchange {
namespace {

using namespace std::chrono_literals;
using fhir::Error;
using fhir::Fault;
using fhir::Json;
using fhir::JsonTree;
using fhir::JsonView;
using fhir::Result;
using observe::failpoint;
using observe::Level;
using std::chrono::milliseconds;

constexpr std::size_t kAtOnce = 64;  // deliveries claimed together
constexpr Millis kLease = 900'000;   // longer than any `timeout` may be configured: a claim outlives its attempt
constexpr auto kSettleAgain = 500ms, kSettleAgainLongest = 30'000ms;
constexpr auto kTick = 250ms;  // how soon a retry that became due is noticed
constexpr Millis kPauseFirst = 5'000, kPauseLongest = 300'000;
constexpr Millis kRestLongest = 15'000;

milliseconds backoff(const config::Retry& retry, int attempts, double unit) {
  const int doublings = std::min(attempts, 20);
  const auto ceiling = std::min(retry.longest, retry.first * (std::int64_t{1} << doublings));
  return milliseconds(static_cast<std::int64_t>(unit * static_cast<double>(ceiling.count()))) + 50ms;
}

Breaker::Limits limits_of(const config::Config& config, std::string_view destination) {
  const Millis longest = std::min<Millis>(kRestLongest, config.retry.longest.count());
  Breaker::Limits limits{16, config.retry.open_after, config.retry.first.count(), longest};
  const auto [kind, name] = split_destination(destination);
  if (const auto* peer = kind == "peer" ? config.peer(name) : nullptr) limits.in_flight = peer->in_flight;
  if (const auto* system = kind == "local" ? config.system(name) : nullptr) limits.in_flight = system->in_flight;
  return limits;
}

}  // namespace

struct Courier::Outcome {
  Next what = Next::again;
  std::string reason = {}, answer = {};
  milliseconds retry_after{0};
  bool throttled = false;  // the destination takes nothing at all for `retry_after`
  bool asked = true;       // the other side was asked; else this says nothing about it
};

Courier::Courier(World world, net::Net& net, Expectation expect, Mailbox& mailbox, RowWriter write_row)
    : world_(std::move(world)),
      net_(net),
      expect_(std::move(expect)),
      mailbox_(mailbox),
      write_row_(std::move(write_row)) {}

void Courier::start() {
  remember_pauses();
  tick();
}

void Courier::stop() { stopping_ = true; }

std::map<std::string, Courier::Pause, std::less<>> Courier::paused() const {
  const std::scoped_lock lock(mutex_);
  auto all = held_back_;
  all.insert(paused_.begin(), paused_.end());
  return all;
}

std::map<std::string, Courier::Health, std::less<>> Courier::health() const {
  std::map<std::string, Health, std::less<>> all;
  {
    const std::scoped_lock lock(mutex_);
    all = health_;
  }
  for (const auto& destination : uncollected())
    all[destination] = {mailbox_.last_there(destination.substr(destination.find(':') + 1)),
                        "the peer does not come to collect"};
  return all;
}

// Peers that would have to come and are not here: what is for them waits, untried.
std::vector<std::string> Courier::uncollected() const {
  std::vector<std::string> absent;
  for (const auto& peer : world_.config()->peers)
    if (peer.mailbox == config::Mailbox::here && !mailbox_.present(peer.name)) absent.push_back("peer:" + peer.name);
  return absent;
}

void Courier::wake() {
  if (stopping_) return;
  if (claiming_.exchange(true)) {
    again_ = true;
    return;
  }
  const Millis now = world_.clock.now();
  const Millis lease = observe::planted("short-lease") ? 300 : kLease;
  world_.store.claim(now, now + lease, kAtOnce, rooms(now),
                     [self = shared_from_this()](auto claims) { self->claimed(std::move(claims)); });
}

// A person's pause and a peer that does not collect come first: the store takes the first that names a destination.
std::vector<store::Room> Courier::rooms(Millis now) const {
  const auto config = world_.config();
  auto absent = uncollected();
  std::vector<store::Room> all;
  const std::scoped_lock lock(mutex_);
  for (const auto& [destination, pause] : held_back_) all.push_back({destination, 0});
  for (auto& destination : absent) all.push_back({std::move(destination), 0});
  const auto add = [&](std::string destination) {
    auto limits = limits_of(*config, destination);
    const auto known = breakers_.find(destination);
    limits.in_flight = world_.courtesy->window(limits.in_flight, now);
    const std::size_t room = known == breakers_.end() ? limits.in_flight : known->second.room(now, limits);
    all.push_back({std::move(destination), room});
  };
  for (const auto& peer : config->peers) add("peer:" + peer.name);
  for (const auto& system : config->systems) add("local:" + system.name);
  for (const auto& [destination, breaker] : breakers_) add(destination);  // those no longer configured, too
  return all;
}

void Courier::tick() {
  if (stopping_) return;
  wake();
  net_.after(kTick, [self = shared_from_this()] { self->tick(); });
}

void Courier::claimed(Result<std::vector<store::Claim>> claims) {
  if (claims) {
    const std::scoped_lock lock(mutex_);
    for (const store::Claim& claim : *claims) breakers_[claim.delivery.destination].began();
  }
  claiming_ = false;
  if (!claims) {
    observe::log(Level::error, "courier.claim-failed", {{"code", claims.error().code}});
    return;
  }
  const bool more = claims->size() == kAtOnce || again_.exchange(false);
  for (store::Claim& claim : *claims) {
    // off the writer thread: sending must not hold up the next commit
    net_.after(0ms,
               [self = shared_from_this(), claim = std::move(claim)]() mutable { self->attempt(std::move(claim)); });
  }
  if (more) net_.after(0ms, [self = shared_from_this()] { self->wake(); });
}

namespace {

// A planted mistake: where the routes of today would send it. The stored destination is the one that was accepted.
std::string by_route_in_force(const config::Config& config, const store::Delivery& delivery) {
  for (const auto& route : config.routes) {
    const bool takes = std::ranges::find(route.events, delivery.event) != route.events.end();
    if (takes && std::ranges::find(route.to, delivery.destination) == route.to.end()) return route.to.front();
  }
  return delivery.destination;
}

}  // namespace

void Courier::attempt(store::Claim claim) {
  if (stopping_) return;  // the lease runs out and the next start claims it again
  failpoint("courier.claimed");
  if (observe::planted("rerouted-recovery"))
    claim.delivery.destination = by_route_in_force(*world_.config(), claim.delivery);
  if (claim.delivery.expires_at != 0 && claim.delivery.expires_at < world_.clock.now()) {
    return settle(std::move(claim),
                  {Next::give_up, "expired: not delivered within its horizon", "", 0ms, false, false});
  }
  const auto [kind, name] = split_destination(claim.delivery.destination);
  const std::string owned(name);
  if (kind == "peer") return to_peer(std::move(claim), owned);
  return to_system(std::move(claim), owned);
}

namespace {

JsonView first_issue(JsonView body) {
  const bool bare = body["resourceType"].text() == "OperationOutcome";
  return (bare ? body : fhir::message::first(body, "OperationOutcome"))["issue"].at(0);
}

std::string first_detail(JsonView body) {
  const JsonView issue = first_issue(body);
  return fmt::format("{} {} {}", issue["code"].text(), issue["expression"].at(0).text(),
                     issue["details"]["coding"].at(0)["code"].text());
}

}  // namespace

namespace {

// For what purpose the route sent it, as decided at acceptance. None on record: policy holds it.
std::string purpose_of(const store::Message& message) {
  const auto explain = Json::parse(message.explain);
  return explain ? std::string(explain->root()["route"]["purpose"].text()) : std::string{};
}

}  // namespace

void Courier::to_peer(store::Claim claim, std::string_view name) {
  const auto config = world_.config();
  const config::Peer* peer = config->peer(name);
  if (peer == nullptr || !peer->enabled) {
    return settle(std::move(claim),
                  {Next::pause, peer == nullptr ? "the peer is no longer configured" : "the peer is switched off"});
  }
  const auto message = world_.store.message(claim.delivery.message);
  if (!message || !*message)
    return settle(std::move(claim), {Next::again, "the message could not be read", "", 0ms, false, false});
  // A notice is about the message, and policy is asked about what is sent.
  const auto bundle = Json::parse(is_notice_event(claim.delivery.event) ? claim.delivery.bytes : (*message)->bundle);
  if (!bundle)
    return settle(std::move(claim), {Next::give_up, "the stored Bundle is unreadable", "", 0ms, false, false});
  store::Message asked = **message;
  asked.correlation = claim.delivery.correlation;  // a correction goes on in the case in which the peer had the first
  const auto decision = policy_now(world_, *config, asked, bundle->root(), *peer, purpose_of(**message));
  if (decision.verdict != policy::Verdict::permit) {
    return settle(std::move(claim), {Next::ask, decision.code + ": " + decision.reason, "", 0ms, false, false});
  }

  failpoint("courier.before-send");
  post_to(*config, *peer, std::move(claim));
}

// What came back on a message posted to a peer.
Courier::Outcome Courier::read_reply(const store::Delivery& delivery, const net::HttpResponse& response) const {
  const auto body = Json::parse(response.body);
  const JsonView view = body ? body->root() : JsonView{};
  Outcome outcome{Next::again, "", response.body, asked_to_wait(response), response.status == 429};
  if (response.status / 100 == 2) {
    const auto ack = fhir::message::read_envelope(view);
    const bool names_it = ack && fhir::message::answers(*ack, delivery.control_id, delivery.request_id);
    if (names_it) outcome.what = after_ack(ack->response_code);
    if (!names_it) outcome.reason = "the reply does not acknowledge this message";
  } else {
    outcome.what = after_http(response.status, first_issue(view)["code"].text());
  }
  if (outcome.what != Next::done && outcome.reason.empty()) {
    outcome.reason = fmt::format("HTTP {} {}", response.status, first_detail(view));
  }
  return outcome;
}

// A peer that opens no port gets the same from its mailbox.
void Courier::post_to(const config::Config& config, const config::Peer& peer, store::Claim claim) {
  net::HttpRequest request;
  request.method = "POST";
  request.target = peer.base + "/$process-message";
  request.headers = {{"content-type", "application/fhir+json"},
                     {"accept", "application/fhir+json"},
                     {"x-request-id", claim.delivery.request_id},
                     {"x-correlation-id", claim.delivery.correlation}};
  request.body = claim.delivery.bytes;
  Letter letter{claim.delivery.request_id, claim.delivery.correlation, {}};
  auto done = [self = shared_from_this(), claim = std::move(claim)](Result<net::HttpResponse> response) mutable {
    failpoint("courier.answered");
    Outcome outcome = response ? self->read_reply(claim.delivery, *response)
                               : Outcome{after_fault(response.error().fault), fhir::to_string(response.error())};
    self->settle(std::move(claim), std::move(outcome));
  };
  if (peer.mailbox == config::Mailbox::here) {
    letter.body = std::move(request.body);
    return mailbox_.post(peer.name, std::move(letter), peer.timeout, std::move(done));
  }
  net_.send_http(peer.address, &config.tls, expect_(peer.name), std::move(request), peer.timeout, std::move(done));
}

void Courier::to_system(store::Claim claim, std::string_view name) {
  const auto config = world_.config();
  const config::System* system = config->system(name);
  if (system == nullptr) return settle(std::move(claim), {Next::pause, "the system is no longer configured"});
  failpoint("courier.before-send");
  if (system->rows) return to_rows(std::move(claim), *system);
  const net::TlsFiles* tls = system->tls ? &*system->tls : nullptr;
  if (system->mllp) {
    std::string bytes = claim.delivery.bytes;
    auto done = [self = shared_from_this(), claim = std::move(claim),
                 stored_is_enough = system->manner.stored_is_enough,
                 retry_on = system->retry_on](Result<std::string> answer) mutable {
      failpoint("courier.answered");
      if (!answer)
        return self->settle(std::move(claim), {after_fault(answer.error().fault), fhir::to_string(answer.error())});
      if (answer->empty() && stored_is_enough) return self->settle(std::move(claim), {Next::done, "", ""});
      const auto message = adapters::hl7v2::Message::parse(*answer);
      const auto read = message ? adapters::hl7v2::read_acknowledgement(*message) : std::unexpected(message.error());
      Outcome outcome{Next::again, "", *answer};
      if (!read) {
        outcome.reason = "the answer is no acknowledgement: " + read.error().say;
      } else if (read->control_id != claim.delivery.control_id) {
        outcome.reason = "the acknowledgement names another message (MSA-2)";
      } else {
        outcome.what = after_msa(read->code, retry_on);
        if (outcome.what != Next::done) outcome.reason = "acknowledged " + read->code;
      }
      self->settle(std::move(claim), std::move(outcome));
    };
    return net_.send_mllp(system->address, tls, nullptr, std::move(bytes), system->manner, system->timeout,
                          std::move(done));
  }
  if (system->service) return to_service(std::move(claim), *system);
  std::string body = claim.delivery.bytes;
  if (system->signature) {
    auto written = sign_record(*system->signature, std::move(body), {world_.clock.now(), config->zone});
    if (!written)
      return settle(std::move(claim), {after_fault(written.error().fault), fhir::to_string(written.error())});
    body = *std::move(written);
  }
  net::HttpRequest request;
  request.method = "POST";
  request.target = system->path;
  request.headers = {{"content-type", claim.delivery.content_type},
                     {"x-request-id", claim.delivery.request_id},
                     {"x-correlation-id", claim.delivery.correlation}};
  request.body = std::move(body);
  auto done = [self = shared_from_this(), claim = std::move(claim)](Result<net::HttpResponse> response) mutable {
    failpoint("courier.answered");
    if (!response)
      return self->settle(std::move(claim), {after_fault(response.error().fault), fhir::to_string(response.error())});
    const bool taken = response->status / 100 == 2;
    const std::string_view word = Json::parse(response->body) ? "answered" : "";  // its own JSON, or a proxy's page
    Outcome outcome{taken ? Next::done : after_http(response->status, word), "", response->body,
                    self->asked_to_wait(*response), response->status == 429};
    if (outcome.what != Next::done) outcome.reason = fmt::format("HTTP {}", response->status);
    self->settle(std::move(claim), std::move(outcome));
  };
  net_.send_http(system->address, tls, nullptr, std::move(request), system->timeout, std::move(done));
}

void Courier::to_service(store::Claim claim, const config::System& system) {
  auto request = service_request(system, claim.delivery);
  auto done = [self = shared_from_this(), claim = std::move(claim),
               system](Result<net::HttpResponse> response) mutable {
    failpoint("courier.answered");
    if (!response)
      return self->settle(std::move(claim), {after_fault(response.error().fault), fhir::to_string(response.error())});
    auto verdict = read_service_answer(system, claim.delivery, *response);
    Outcome outcome{verdict.next, std::move(verdict.reason), response->body, self->asked_to_wait(*response),
                    response->status == 429};
    self->settle(std::move(claim), std::move(outcome));
  };
  const net::TlsFiles* tls = system.tls ? &*system.tls : nullptr;
  net_.send_http(system.address, tls, nullptr, std::move(request), system.timeout, std::move(done));
}

void Courier::to_rows(store::Claim claim, const config::System& system) {
  if (!write_row_) return settle(std::move(claim), {Next::pause, "no staging database is written to here"});
  RowTask task{system.name, *system.rows, claim.delivery.bytes, system.timeout, {}};
  task.done = [self = shared_from_this(), claim = std::move(claim)](Result<void> written) mutable {
    failpoint("courier.answered");
    if (written) return self->settle(std::move(claim), {Next::done, "", ""});
    self->settle(std::move(claim), {after_fault(written.error().fault), fhir::to_string(written.error())});
  };
  write_row_(std::move(task));
}

milliseconds Courier::asked_to_wait(const net::HttpResponse& response) const {
  return retry_after(net::header(response.headers, "retry-after"), world_.clock.now());
}

// What was in flight when it began fails the same way: that is one reason for one pause.
void Courier::pause(const std::string& destination, const std::string& reason) {
  const std::scoped_lock lock(mutex_);
  Pause& entry = paused_[destination];
  if (entry.until > world_.clock.now()) return;
  const Millis length = std::min(kPauseLongest, kPauseFirst << std::min(entry.failures, 10));
  if (entry.failures == 0)
    observe::log(Level::alarm, "destination.paused", {{"destination", destination}, {"reason", reason}});
  ++entry.failures;
  entry.reason = reason;
  entry.until = world_.clock.now() + length;
  breakers_[destination].stop_until(entry.until);
}

void Courier::resume(const std::string& destination) {
  const std::scoped_lock lock(mutex_);
  if (paused_.erase(destination) != 0) observe::log(Level::info, "destination.resumed", {{"destination", destination}});
}

// ---- a person's pause

namespace {

constexpr std::string_view kPause = "pause";

store::Fact pause_fact(const std::string& destination, const Courier::Pause& pause) {
  return {std::string(kPause), destination, pause.since,
          JsonTree::object({{"who", pause.who}, {"reason", pause.reason}}).dump()};
}

store::Commit pause_commit(store::Fact fact, const Courier::Pause& pause, Millis now) {
  JsonTree detail = JsonTree::object({{"destination", fact.key}});
  if (!pause.reason.empty()) detail.set("reason", pause.reason);
  store::Commit commit;
  commit.audit.push_back({0, now, fact.gone ? "resumed" : "paused", pause.who, detail.dump(), ""});
  commit.facts.push_back(std::move(fact));
  return commit;
}

}  // namespace

void Courier::remember_pauses() {
  const auto facts = world_.store.facts(kPause);
  if (!facts) return observe::log(Level::error, "courier.pauses-unread", {{"code", facts.error().code}});
  const std::scoped_lock lock(mutex_);
  for (const auto& fact : *facts) {
    const auto told = Json::parse(fact.value);
    const JsonView view = told ? told->root() : JsonView{};
    Pause& pause = held_back_[fact.key];
    pause.who = view["who"].text();
    pause.reason = view["reason"].text();
    pause.since = fact.at;
  }
}

// Nothing more is claimed from the moment it is asked; undone when it could not be stored.
void Courier::hold_back(const std::string& destination, const std::string& reason, const std::string& who, Done done) {
  Pause pause;
  pause.who = who;
  pause.reason = reason;
  pause.since = world_.clock.now();
  {
    const std::scoped_lock lock(mutex_);
    held_back_[destination] = pause;
  }
  auto stored = [self = shared_from_this(), destination, done = std::move(done)](auto committed) mutable {
    if (!committed) {
      const std::scoped_lock lock(self->mutex_);
      self->held_back_.erase(destination);
    }
    if (!committed) return done(std::unexpected(std::move(committed).error()));
    observe::log(Level::warning, "destination.held-back", {{"destination", destination}});
    done({});
  };
  world_.store.submit(pause_commit(pause_fact(destination, pause), pause, pause.since), std::move(stored));
}

void Courier::let_go(const std::string& destination, const std::string& who, Done done) {
  {
    const std::scoped_lock lock(mutex_);
    if (!held_back_.contains(destination))
      return done(fhir::fail(Fault::not_found, "pause.none", destination, "nobody has paused this destination"));
  }
  Pause end;
  end.who = who;
  store::Fact fact = pause_fact(destination, end);
  fact.gone = true;
  auto stored = [self = shared_from_this(), destination, done = std::move(done)](auto committed) mutable {
    if (!committed) return done(std::unexpected(std::move(committed).error()));
    {
      const std::scoped_lock lock(self->mutex_);
      self->held_back_.erase(destination);
      self->paused_.erase(destination);  // a person looked into it: try at once
      self->breakers_[destination].try_now();
    }
    observe::log(Level::info, "destination.let-go", {{"destination", destination}});
    done({});
    self->wake();
  };
  world_.store.submit(pause_commit(std::move(fact), end, world_.clock.now()), std::move(stored));
}

// ---- settling

// What policy or the clock decided without asking the other side says nothing about it.
void Courier::note_health(const std::string& destination, const Outcome& outcome) {
  const bool failing = outcome.what == Next::again || outcome.what == Next::pause;
  const bool answered = outcome.what == Next::done || !outcome.answer.empty();
  if (!failing && !answered) return;
  const std::scoped_lock lock(mutex_);
  Health& health = health_[destination];
  if (!failing) {
    health = {};
  } else {
    if (health.failing_since == 0) health.failing_since = world_.clock.now();
    health.reason = outcome.reason;
  }
}

// The breaker's side of it.
void Courier::note_flow(const std::string& destination, const Outcome& outcome) {
  const auto limits = limits_of(*world_.config(), destination);
  const Millis now = world_.clock.now();
  const double chance = world_.entropy.unit();
  bool opened = false;
  {
    const std::scoped_lock lock(mutex_);
    Breaker& breaker = breakers_[destination];
    if (!outcome.asked || outcome.what == Next::pause) {
      breaker.ended();
    } else if (outcome.what != Next::again) {
      breaker.answered(limits);
    } else {
      opened = breaker.failed(now, limits, chance);
    }
    if (outcome.throttled) breaker.rest_until(now + outcome.retry_after.count());
  }
  if (opened)
    observe::log(Level::warning, "destination.resting", {{"destination", destination}, {"reason", outcome.reason}});
}

namespace {

store::DeliveryState state_after(Next what) {
  switch (what) {
    case Next::done: return store::DeliveryState::delivered;
    case Next::give_up: return store::DeliveryState::dead;
    case Next::ask: return store::DeliveryState::held;
    default: return store::DeliveryState::waiting;
  }
}

store::AuditEntry audit_of(const store::Delivery& delivery, store::DeliveryState state, const std::string& reason,
                           Millis at) {
  JsonTree detail = JsonTree::object({{"destination", delivery.destination},
                                      {"message", std::to_string(delivery.message)},
                                      {"case", delivery.correlation}});
  if (!reason.empty()) detail.set("reason", reason);
  return {0, at, std::string(to_string(state)), "gateway", detail.dump(), ""};
}

}  // namespace

void Courier::settle(store::Claim claim, Outcome outcome) {
  const store::Delivery& delivery = claim.delivery;
  const Millis now = world_.clock.now();
  const auto state = state_after(outcome.what);
  const int attempts = delivery.attempts + 1;
  const auto wait = std::max(outcome.retry_after, backoff(world_.config()->retry, attempts, world_.entropy.unit()));

  world_.tally->went(delivery.destination, state == store::DeliveryState::delivered);
  store::Settlement settlement;
  settlement.delivery = delivery.id;
  settlement.state = state;
  settlement.reason = outcome.reason;
  settlement.answer = outcome.answer;
  settlement.attempts = attempts;
  settlement.at = now;
  settlement.next_at = now + wait.count();
  settlement.lease = claim.lease;
  note_health(delivery.destination, outcome);
  note_flow(delivery.destination, outcome);
  if (outcome.what == Next::pause) {
    pause(delivery.destination, outcome.reason);
  } else if (outcome.what != Next::again && outcome.asked) {
    resume(delivery.destination);
  }
  store::Commit commit;
  commit.settlements.push_back(std::move(settlement));
  if (state == store::DeliveryState::dead) commit.deliveries = notices_of(world_, delivery, outcome.reason);
  if (state != store::DeliveryState::waiting) commit.audit.push_back(audit_of(delivery, state, outcome.reason, now));
  const Level level = state == store::DeliveryState::delivered ? Level::info
                      : state == store::DeliveryState::waiting ? Level::warning
                                                               : Level::alarm;
  observe::log(level, "delivery.settled",
               {{"destination", delivery.destination},
                {"delivery", std::to_string(delivery.id)},
                {"attempts", std::to_string(attempts)},
                {"state", std::string(to_string(state))},
                {"reason", outcome.reason}});
  failpoint("courier.settling");
  store_outcome(std::make_shared<const store::Commit>(std::move(commit)), kSettleAgain);
}

// The outcome is known, so a store that is full or busy for a while is asked again rather than the claim left to run
// out: its lane would stand still until then.
void Courier::store_outcome(std::shared_ptr<const store::Commit> commit, milliseconds again_after) {
  auto stored = [self = shared_from_this(), commit, again_after](Result<store::Committed> done) {
    if (!done && again_after == kSettleAgain)
      observe::log(Level::error, "courier.settle-failed", {{"code", done.error().code}});
    if (!done && done.error().fault == Fault::unavailable && !self->stopping_) {
      const auto longer = std::min<milliseconds>(2 * again_after, kSettleAgainLongest);
      return self->net_.after(again_after, [self, commit, longer] { self->store_outcome(commit, longer); });
    }
    if (done && done->lease_lost) observe::log(Level::warning, "courier.lease-lost", {});
    self->wake();
  };
  world_.store.submit(store::Commit(*commit), std::move(stored));
}

}  // namespace gateway::exchange
