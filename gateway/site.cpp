#include "gateway/site.h"

#include <fmt/format.h>

#include <filesystem>
#include <mutex>

#include "gateway/control/control.h"
#include "gateway/exchange/courier.h"
#include "gateway/exchange/doors.h"
#include "gateway/exchange/drop_folder.h"
#include "gateway/exchange/intake.h"
#include "gateway/observe/log.h"
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

constexpr auto kLook = 3s;  // how often the configuration's files are looked at

class RunningSite final : public Site {
 public:
  explicit RunningSite(std::shared_ptr<const config::Config> config)
      : config_(std::move(config)), reloader_(config_, {config::Level::files, {}, {}, {}}) {}

  ~RunningSite() override { stop(); }

  Result<void> open();
  bool broken() const override { return store_->failed(); }

  void stop() {
    if (courier_) courier_->stop();
    folders_.clear();
    listeners_.clear();
    pollers_.clear();
    if (net_) net_->stop();
    write_back_.reset();
    store_.reset();  // answers what was handed over, while those who wait for it still live
  }

 private:
  std::shared_ptr<const config::Config> config() const {
    const std::scoped_lock lock(mutex_);
    return config_;
  }
  Result<void> open_store();
  Result<void> listen();
  Result<void> take(Result<std::unique_ptr<net::Listener>> listener);
  Result<void> listen_door(const config::Door& door);
  void refused(const net::Refusal& refusal);
  void look();
  void look_at_files();
  void look_at_held();

  mutable std::mutex mutex_;
  std::shared_ptr<const config::Config> config_;
  config::Reloader reloader_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<trust::Pseudonyms> pseudonyms_;
  std::unique_ptr<trust::Roster> roster_;
  std::unique_ptr<exchange::World> world_;
  std::unique_ptr<exchange::Intake> intake_;
  std::unique_ptr<net::Net> net_;
  std::shared_ptr<exchange::Courier> courier_;
  std::vector<std::unique_ptr<net::HttpHandler>> http_;
  std::vector<std::unique_ptr<net::MllpHandler>> mllp_;
  std::vector<std::unique_ptr<net::Listener>> listeners_;
  std::vector<std::unique_ptr<exchange::DropFolder>> folders_;
  std::unique_ptr<rows::WriteBack> write_back_;
  std::vector<std::unique_ptr<rows::Poller>> pollers_;
  bool held_alarmed_ = false;
};

Result<void> RunningSite::open_store() {
  std::error_code failed;
  std::filesystem::create_directories(config_->data.parent_path(), failed);
  store::StoreOptions options;
  options.file = (config_->data / "causeway.db").string();
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
  roster_ = std::make_unique<trust::Roster>(config_, [this](const net::Refusal& refusal) { refused(refusal); });
  world_ = std::make_unique<exchange::World>(exchange::World{
      *store_, exchange::system_clock(), exchange::system_entropy(), [this] { return config(); },
      [this](std::string_view recipient, std::string_view patient) { return pseudonyms_->of(recipient, patient); }});
  intake_ = std::make_unique<exchange::Intake>(*world_, [this] { courier_->wake(); });
  net_ = net::make_net(2, [](const net::Note& note) {
    observe::log(Level::info, "connection.ended",
                 {{"remote", note.remote}, {"code", note.why.code}, {"say", note.why.say}});
  });
  const auto expect = [this](std::string_view peer) -> net::Gatekeeper* {
    return &roster_->expecting(std::string(peer));
  };
  write_back_ = std::make_unique<rows::WriteBack>();
  const auto write = [this](rows::WriteBack::Task task) { write_back_->submit(std::move(task)); };
  courier_ = std::make_shared<exchange::Courier>(*world_, *net_, expect, write);
  http_.push_back(std::make_unique<Control>(control::Desk{*world_, *intake_, *courier_, *net_, expect}));
  http_.push_back(std::make_unique<Admin>(*world_, *courier_, *net_));
  http_.push_back(std::make_unique<rest::Api>(
      *world_, *intake_, [this](const net::PeerCertificate& certificate) { return roster_->identify(certificate); }));
  if (auto listening = listen(); !listening) return listening;
  courier_->start();
  for (const auto& folder : folders_) folder->start();
  for (const auto& poller : pollers_) poller->start();
  look();
  return {};
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
  if (door.mllp) {
    mllp_.push_back(std::make_unique<exchange::MllpDoor>(*world_, *intake_, door.name));
    return take(net_->listen_mllp(door.listen, tls, nullptr, *mllp_.back(), limits));
  }
  http_.push_back(std::make_unique<exchange::HttpDoor>(*world_, *intake_, door.name));
  return take(net_->listen_http(door.listen, tls, nullptr, *http_.back(), limits));
}

// The control socket first: it fails when another gateway of this site runs. The FHIR API last: then we can serve.
Result<void> RunningSite::listen() {
  if (auto done = take(net_->listen_unix(config_->control_socket, *http_[0], {})); !done) return done;
  for (const auto& door : config_->doors) {
    if (door.rows) {
      pollers_.push_back(std::make_unique<rows::Poller>(*world_, *intake_, door));
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

void RunningSite::look() {
  look_at_files();
  look_at_held();
  net_->after(kLook, [this] { look(); });
}

void RunningSite::look_at_files() {
  auto attempt = reloader_.poll();
  if (!attempt) return;
  if (!attempt->config) {
    for (const auto& fault : attempt->faults) {
      observe::log(Level::error, "config.faulty",
                   {{"where", fmt::format("{}:{}:{}", fault.file, fault.line, fault.column)}, {"say", fault.say}});
    }
    return;
  }
  for (const auto& key : attempt->after_restart) observe::log(Level::warning, "config.after-restart", {{"key", key}});
  {
    const std::scoped_lock lock(mutex_);
    config_ = attempt->config;
  }
  roster_->update(attempt->config);
  store::Commit commit;
  commit.audit.push_back(
      {0, world_->clock.now(), "config", "gateway", JsonTree::object({{"hash", attempt->config->hash}}).dump(), ""});
  store_->submit(std::move(commit), [](Result<store::Committed>) {});
  observe::log(Level::info, "config.taken", {{"config", attempt->config->hash}});
  courier_->wake();
}

// One alarm when something has been held for too long, one line when it is over.
void RunningSite::look_at_held() {
  const auto counts = store_->counts();
  if (!counts) return;
  const auto age = counts->oldest_held == 0 ? 0 : world_->clock.now() - counts->oldest_held;
  const bool late = age > config()->held_alarm.count();
  if (late != held_alarmed_) {
    observe::log(late ? Level::alarm : Level::info, late ? "held.too-long" : "held.over",
                 {{"held", std::to_string(counts->held)}});
  }
  held_alarmed_ = late;
}

}  // namespace

Result<std::unique_ptr<Site>> Site::start(std::shared_ptr<const config::Config> config) {
  auto site = std::make_unique<RunningSite>(std::move(config));
  if (auto opened = site->open(); !opened) return fhir::pass(opened);
  return site;
}

}  // namespace gateway
