#include "gateway/site.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <thread>

#include "gateway/control/control.h"
#include "gateway/exchange/clock.h"
#include "gateway/exchange/collector.h"
#include "gateway/exchange/courier.h"
#include "gateway/exchange/doors.h"
#include "gateway/exchange/drop_folder.h"
#include "gateway/exchange/intake.h"
#include "gateway/exchange/service.h"
#include "gateway/observe/log.h"
#include "gateway/operate/escalation.h"
#include "gateway/operate/operations.h"
#include "gateway/operate/pressure.h"
#include "gateway/operate/watch.h"
#include "gateway/rest/api.h"
#include "gateway/rows/poller.h"
#include "gateway/rows/write_back.h"
#include "gateway/trust/pseudonym.h"
#include "gateway/trust/roster.h"

namespace gateway {
namespace {

using namespace std::chrono_literals;
using fhir::Error;
using fhir::Fault;
using fhir::JsonTree;
using fhir::Result;
using observe::Level;

constexpr auto kLook = 3s;            // how often the configuration's files are looked at
constexpr auto kLookAtPressure = 1s;  // how often the water marks are

class RunningSite final : public Site {
 public:
  explicit RunningSite(std::shared_ptr<const config::Config> config) : config_(std::move(config)) {}

  ~RunningSite() override { stop(); }

  Result<void> open();
  bool broken() const override { return store_->failed(); }
  void reload(const std::string& who) override;

  void stop() {
    if (courier_) courier_->stop();
    if (collector_) collector_->stop();
    if (mailbox_) mailbox_->close();
    folders_.clear();
    if (world_) world_->gate->close();  // those who wait there are answered while their connections live
    changes_.stop();
    if (forecasts_) forecasts_->stop();
    if (backups_) backups_->stop();
    if (sweeper_) sweeper_->stop();
    if (reconciler_) reconciler_->stop();
    if (tests_) tests_->stop();
    listeners_.clear();
    pollers_.clear();
    if (net_) net_->stop();
    for (const auto& door : mllp_) door->stop();
    write_back_.reset();
    store_.reset();  // answers what was handed over, while those who wait for it still live
  }

 private:
  std::shared_ptr<const config::Config> config() const { return keeper_->config(); }
  Result<void> open_store();
  Result<void> make_operations(const exchange::Expectation& expect);
  void make_collector(rest::Api& api, const exchange::Expectation& expect);
  Result<void> listen();
  Result<void> take(Result<std::unique_ptr<net::Listener>> listener);
  Result<void> listen_door(const config::Door& door);
  void refused(const net::Refusal& refusal);
  void look();
  void look_at_pressure();
  void say_what_time_owes();
  void tell(const Result<operate::Keeper::Outcome>& outcome);
  void taken(const std::shared_ptr<const config::Config>& config);

  const std::shared_ptr<const config::Config> config_;  // what we started with: sockets, store, who we are
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<operate::Keeper> keeper_;
  std::unique_ptr<trust::Pseudonyms> pseudonyms_;
  std::unique_ptr<trust::Roster> roster_;
  std::unique_ptr<exchange::World> world_;
  std::unique_ptr<exchange::Intake> intake_;
  std::unique_ptr<exchange::Mailbox> mailbox_;
  std::unique_ptr<net::Net> net_;
  std::shared_ptr<exchange::Courier> courier_;
  std::shared_ptr<exchange::Collector> collector_;
  std::unique_ptr<operate::Alerts> alerts_;
  std::unique_ptr<operate::Watch> watch_;
  std::unique_ptr<operate::Pressure> pressure_;
  std::unique_ptr<operate::Escalation> escalation_;
  std::unique_ptr<operate::Forecasts> forecasts_;
  std::unique_ptr<operate::PeerTests> tests_;
  std::unique_ptr<operate::Backups> backups_;
  std::unique_ptr<operate::Sweeper> sweeper_;
  std::unique_ptr<operate::Reconciler> reconciler_;
  std::vector<std::unique_ptr<net::HttpHandler>> http_;
  std::vector<std::unique_ptr<exchange::MllpDoor>> mllp_;
  std::vector<std::unique_ptr<net::Listener>> listeners_;
  std::vector<std::unique_ptr<exchange::DropFolder>> folders_;
  std::unique_ptr<rows::WriteBack> write_back_;
  std::vector<std::unique_ptr<rows::Poller>> pollers_;
  operate::Worker changes_;  // last: its tasks use everything above
};

Result<void> RunningSite::open_store() {
  std::error_code failed;
  std::filesystem::create_directories(config_->data.parent_path(), failed);
  store::StoreOptions options;
  options.file = (config_->data / "causeway.db").string();
  options.ballast = config_->pressure.ballast;
  options.on_broken = [](const Error& error) {
    observe::log(Level::alarm, "store.broken", {{"code", error.code}, {"say", error.say}});
  };
  auto store = store::open_sqlite(options);
  if (!store) return fhir::pass(store);
  store_ = *std::move(store);
  auto pseudonyms = trust::Pseudonyms::open(config_->data / "pseudonym.key");
  if (!pseudonyms) return fhir::pass(pseudonyms);
  pseudonyms_ = std::make_unique<trust::Pseudonyms>(*std::move(pseudonyms));
  return {};
}

Result<void> RunningSite::open() {
  if (auto opened = open_store(); !opened) return opened;
  keeper_ = std::make_unique<operate::Keeper>(config_, *store_, exchange::system_clock(),
                                              [this](const auto& config) { taken(config); });
  if (auto begun = keeper_->begin(); !begun) return begun;
  roster_ = std::make_unique<trust::Roster>(config_, [this](const net::Refusal& refusal) { refused(refusal); });
  world_ = std::make_unique<exchange::World>(exchange::World{
      *store_, exchange::system_clock(), exchange::system_entropy(), [this] { return config(); },
      [this](std::string_view recipient, std::string_view patient) { return pseudonyms_->of(recipient, patient); }});
  intake_ = std::make_unique<exchange::Intake>(*world_, [this] { courier_->wake(); });
  // Handlers map, validate and ask the store where they run: one thread for each core, within reason.
  net_ = net::make_net(std::clamp(std::thread::hardware_concurrency(), 2U, 16U), [](const net::Note& note) {
    observe::log(Level::info, "connection.ended",
                 {{"remote", note.remote}, {"code", note.why.code}, {"say", note.why.say}});
  });
  const auto expect = [this](std::string_view peer) -> net::Gatekeeper* {
    return &roster_->expecting(std::string(peer));
  };
  write_back_ = std::make_unique<rows::WriteBack>();
  const auto write = [this](rows::WriteBack::Task task) { write_back_->submit(std::move(task)); };
  mailbox_ = std::make_unique<exchange::Mailbox>(
      world_->clock, [this](auto delay, auto task) { net_->after(delay, std::move(task)); },
      [this] { courier_->wake(); });
  courier_ = std::make_shared<exchange::Courier>(*world_, *net_, expect, *mailbox_, write);
  if (auto ready = make_operations(expect); !ready) return ready;
  http_.push_back(std::make_unique<Control>(
      control::Desk{*world_,
                    *intake_,
                    *courier_,
                    *net_,
                    expect,
                    {*keeper_, changes_, *forecasts_, *tests_, *alerts_, *backups_, *sweeper_, *reconciler_}}));
  http_.push_back(std::make_unique<Admin>(*world_, *courier_, *net_, *alerts_));
  auto api = std::make_unique<rest::Api>(
      *world_, *intake_, *mailbox_,
      [this](const net::PeerCertificate& certificate) { return roster_->identify(certificate); },
      [this](const std::string& peer, auto done) { tests_->probe(peer, std::move(done)); },
      [this](auto delay, auto task) { net_->after(delay, std::move(task)); });
  make_collector(*api, expect);
  http_.push_back(std::move(api));
  if (auto listening = listen(); !listening) return listening;
  courier_->start();
  collector_->start();
  for (const auto& folder : folders_) folder->start();
  for (const auto& poller : pollers_) poller->start();
  look();
  look_at_pressure();
  return {};
}

Result<void> RunningSite::make_operations(const exchange::Expectation& expect) {
  const auto in_force = [this] { return config(); };
  alerts_ = std::make_unique<operate::Alerts>(*store_, world_->clock, *net_, in_force);
  if (auto begun = alerts_->begin(); !begun) return begun;
  watch_ = std::make_unique<operate::Watch>(*world_, *courier_, *roster_, *alerts_);
  escalation_ = std::make_unique<operate::Escalation>(*world_, *intake_, *alerts_);
  forecasts_ = std::make_unique<operate::Forecasts>(*world_, *keeper_);
  tests_ = std::make_unique<operate::PeerTests>(*net_, expect, in_force);
  backups_ = std::make_unique<operate::Backups>(*world_);
  sweeper_ = std::make_unique<operate::Sweeper>(*world_, *net_);
  reconciler_ = std::make_unique<operate::Reconciler>(*world_, *net_, expect, *alerts_);
  pressure_ = std::make_unique<operate::Pressure>(*world_, *alerts_);
  return {};
}

void RunningSite::make_collector(rest::Api& api, const exchange::Expectation& expect) {
  const auto deliver = [&api](const config::Peer& peer, exchange::Letter letter, exchange::Collector::Answer answer) {
    api.take(peer, std::move(letter), std::move(answer));
  };
  const auto tell = [this](const std::string& peer, const Error* why) {
    alerts_->set("mailbox:" + peer, why != nullptr,
                 why != nullptr ? "cannot be collected: " + why->say : "is collected again");
  };
  collector_ = std::make_shared<exchange::Collector>(*world_, *net_, expect, deliver, tell);
}

Result<void> RunningSite::take(Result<std::unique_ptr<net::Listener>> listener) {
  if (!listener) return fhir::pass(listener);
  listeners_.push_back(*std::move(listener));
  return {};
}

Result<void> RunningSite::listen_door(const config::Door& door) {
  const net::TlsFiles* tls = door.tls ? &*door.tls : nullptr;
  if (!door.folder.empty()) {
    folders_.push_back(std::make_unique<exchange::DropFolder>(*world_, *intake_, door.name));
    return {};
  }
  net::Limits limits = config_->limits;
  limits.body = door.limit;
  limits.idle_time = door.idle;
  if (door.mllp) {
    mllp_.push_back(std::make_unique<exchange::MllpDoor>(*world_, *intake_, door.name));
    return take(net_->listen_mllp(door.listen, tls, nullptr, *mllp_.back(), limits, {door.release, door.framing}));
  }
  if (door.service) {
    http_.push_back(std::make_unique<exchange::ServiceDoor>(*world_, *intake_, door.name));
  } else {
    http_.push_back(std::make_unique<exchange::HttpDoor>(*world_, *intake_, door.name));
  }
  return take(net_->listen_http(door.listen, tls, nullptr, *http_.back(), limits));
}

// The control socket first: it fails when another gateway of this site runs. The FHIR API last: then we can serve.
Result<void> RunningSite::listen() {
  if (auto done = take(net_->listen_unix(config_->control_socket, *http_[0], {})); !done) return done;
  for (const auto& door : config_->doors) {
    if (door.rows) {
      pollers_.push_back(std::make_unique<rows::Poller>(
          *world_, *intake_, door, [this, key = "staging:" + door.name](const Error* why) {
            alerts_->set(key, why != nullptr, why != nullptr ? "cannot be read: " + why->code : "can be read again");
          }));
    } else if (auto done = listen_door(door); !done) {
      return done;
    }
  }
  if (auto done =
          take(net_->listen_http(config_->fhir_listen, &config_->tls, roster_.get(), *http_[2], config_->limits));
      !done)
    return done;
  if (auto done = take(net_->listen_http(config_->admin_listen, nullptr, nullptr, *http_[1], {})); !done) return done;
  observe::log(Level::info, "site.started",
               {{"config", config_->hash},
                {"fhir", fmt::format("{}:{}", config_->fhir_listen.host, config_->fhir_listen.port)}});
  return {};
}

// Everybody who was not let in: in the log, and in the audit.
void RunningSite::refused(const net::Refusal& refusal) {
  observe::log(Level::warning, "connection.refused",
               {{"remote", refusal.remote},
                {"code", refusal.why.code},
                {"say", refusal.why.say},
                {"certificate", refusal.certificate.fingerprint}});
  store::Commit commit;
  JsonTree detail = JsonTree::object({{"remote", refusal.remote},
                                      {"code", refusal.why.code},
                                      {"rule", refusal.why.say},
                                      {"certificate", refusal.certificate.fingerprint}});
  commit.audit.push_back({0, world_->clock.now(), "connection-refused", "gateway", detail.dump(), ""});
  store_->submit(std::move(commit), [](Result<store::Committed>) {});
}

void RunningSite::look_at_pressure() {
  changes_.post([this] { pressure_->look(); });
  net_->after(kLookAtPressure, [this] { look_at_pressure(); });
}

void RunningSite::look() {
  changes_.post([this] {
    if (const auto outcome = keeper_->poll()) tell(*outcome);
    watch_->look();
    sweeper_->look();
    reconciler_->look();
    escalation_->look();
  });
  say_what_time_owes();
  net_->after(kLook, [this] { look(); });
}

void RunningSite::say_what_time_owes() {
  for (exchange::Arrival& arrival : exchange::owed_by_time(*world_, config())) {
    intake_->take(std::move(arrival), [](exchange::Judgement judged) {
      observe::log(judged.error ? Level::warning : Level::info, "clock.said",
                   {{"case", judged.correlation}, {"code", judged.error ? judged.error->code : ""}});
    });
  }
}

void RunningSite::reload(const std::string& who) {
  changes_.post([this, who] { tell(keeper_->reload(who, "signal", false)); });
}

// Nobody waits for the answer: the log has it.
void RunningSite::tell(const Result<operate::Keeper::Outcome>& outcome) {
  if (!outcome) return observe::log(Level::error, "config.unrecorded", {{"code", outcome.error().code}});
  for (const auto& fault : outcome->faults) {
    if (fault.warning) continue;
    observe::log(Level::error, "config.faulty",
                 {{"where", fmt::format("{}:{}:{}", fault.file, fault.line, fault.column)}, {"say", fault.say}});
  }
  for (const auto& key : outcome->after_restart) observe::log(Level::warning, "config.after-restart", {{"key", key}});
}

void RunningSite::taken(const std::shared_ptr<const config::Config>& config) {
  roster_->update(config);
  observe::log(Level::info, "config.taken",
               {{"config", config->hash}, {"generation", std::to_string(keeper_->generation())}});
  courier_->wake();
}

}  // namespace

Result<std::unique_ptr<Site>> Site::start(std::shared_ptr<const config::Config> config) {
  auto site = std::make_unique<RunningSite>(std::move(config));
  if (auto opened = site->open(); !opened) return fhir::pass(opened);
  return site;
}

}  // namespace gateway
