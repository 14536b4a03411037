#include "gateway/operate/alerts.h"

#include <fmt/format.h>

#include "fhir/json.h"
#include "gateway/observe/log.h"

namespace gateway::operate {
namespace {

using namespace std::chrono_literals;
using fhir::JsonTree;
using fhir::Result;
using observe::Level;

constexpr std::string_view kFact = "alert";
constexpr std::size_t kMostPosts = 200;  // waiting to be posted
constexpr int kTries = 5;
constexpr auto kFirstPause = 1s;  // then four times as long each

std::string detail_of(const Alert& alert, bool begins, std::string_view say) {
  return JsonTree::object({{"alert", alert.key},
                           {"state", begins ? "raised" : "over"},
                           {"say", say},
                           {"since", exchange::instant(alert.since)}})
      .dump();
}

}  // namespace

Alerts::Alerts(store::Store& store, exchange::Clock& clock, net::Net& net, InForce config)
    : store_(store), clock_(clock), net_(net), config_(std::move(config)) {}

Result<void> Alerts::begin() {
  auto facts = store_.facts(kFact);
  if (!facts) return fhir::pass(facts);
  const std::scoped_lock lock(mutex_);
  for (const auto& fact : *facts) active_[fact.key] = {fact.key, fact.value, fact.at};
  return {};
}

void Alerts::set(std::string_view key, bool bad, std::string say) {
  bad ? raise(key, std::move(say)) : clear(key, std::move(say));
}

void Alerts::raise(std::string_view key, std::string say) {
  const Alert alert{std::string(key), say, clock_.now()};
  {
    const std::scoped_lock lock(mutex_);
    if (!active_.try_emplace(alert.key, alert).second) return;
  }
  tell(alert, true, std::move(say));
}

void Alerts::clear(std::string_view key, std::string say) {
  Alert alert;
  {
    const std::scoped_lock lock(mutex_);
    const auto found = active_.find(key);
    if (found == active_.end()) return;
    alert = std::move(found->second);
    active_.erase(found);
  }
  tell(alert, false, std::move(say));
}

std::vector<Alert> Alerts::active() const {
  const std::scoped_lock lock(mutex_);
  std::vector<Alert> all;
  for (const auto& [key, alert] : active_) all.push_back(alert);
  return all;
}

void Alerts::tell(const Alert& alert, bool begins, std::string say) {
  observe::log(begins ? Level::alarm : Level::info, begins ? "alert.raised" : "alert.over",
               {{"alert", alert.key}, {"say", say}});
  const auto now = clock_.now();
  store::Commit commit;
  commit.facts.push_back({std::string(kFact), alert.key, alert.since, alert.say, !begins});
  commit.audit.push_back({0, now, "alarm", "gateway", detail_of(alert, begins, say), ""});
  store_.submit(std::move(commit), [](Result<store::Committed> stored) {
    if (!stored) observe::log(Level::error, "alert.unstored", {{"code", stored.error().code}});
  });
  const auto config = config_();
  if (!config->alerts.webhook) return;
  enqueue(JsonTree::object({{"site", config->site},
                            {"alert", alert.key},
                            {"state", begins ? "raised" : "over"},
                            {"say", say},
                            {"since", exchange::instant(alert.since)},
                            {"at", exchange::instant(now)}})
              .dump());
}

// ---- the webhook: one post after the other, in the order they were told

void Alerts::enqueue(std::string body) {
  {
    const std::scoped_lock lock(mutex_);
    if (posts_.size() >= kMostPosts) {
      observe::log(Level::error, "alert.dropped", {{"why", "too many wait for the webhook"}});
      return;
    }
    posts_.push_back({std::move(body)});
    if (std::exchange(posting_, true)) return;
  }
  post();
}

void Alerts::post() {
  const auto config = config_();
  const auto& alerts = config->alerts;
  std::string body;
  {
    const std::scoped_lock lock(mutex_);
    if (!alerts.webhook) posts_.clear();  // taken out of the configuration meanwhile
    if (posts_.empty()) {
      posting_ = false;
      return;
    }
    ++posts_.front().tries;
    body = posts_.front().body;
  }
  net::HttpRequest request;
  request.method = "POST";
  request.target = alerts.webhook->path;
  request.headers = {{"content-type", "application/json"}, {"user-agent", "causeway"}};
  request.body = std::move(body);
  const net::TlsFiles* tls = !alerts.webhook->secure ? nullptr : alerts.tls ? &*alerts.tls : &config->tls;
  net_.send_http(alerts.webhook->address, tls, nullptr, std::move(request), alerts.timeout,
                 [this](Result<net::HttpResponse> answer) { posted(std::move(answer)); });
}

void Alerts::posted(Result<net::HttpResponse> answer) {
  const bool taken = answer && answer->status / 100 == 2;
  auto pause = 0ms;
  {
    const std::scoped_lock lock(mutex_);
    const int tries = posts_.front().tries;
    const bool ended = taken || tries >= kTries;
    if (ended) posts_.pop_front();
    for (int i = 1; !ended && i <= tries; ++i) pause = i == 1 ? kFirstPause : pause * 4;
    if (ended && !taken)
      observe::log(Level::error, "alert.unposted",
                   {{"why", answer ? fmt::format("HTTP {}", answer->status) : answer.error().code}});
  }
  net_.after(pause, [this] { post(); });
}

}  // namespace gateway::operate
