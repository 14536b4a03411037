#include "tests/sim/site.h"

#include <fmt/format.h>

#include "fhir/message/message.h"
#include "gateway/exchange/doors.h"
#include "gateway/exchange/mailbox.h"
#include "gateway/rest/api.h"
#include "gateway/trust/roster.h"

namespace gateway::sim {
namespace {

class SeededEntropy final : public exchange::Entropy {
 public:
  explicit SeededEntropy(Random chance) : chance_(chance) {}
  std::string uuid() override {
    const auto high = (chance_.next() & ~0xf000U) | 0x4000U, low = (chance_.next() >> 2) | (std::uint64_t{1} << 63);
    return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", high >> 32, high >> 16 & 0xffff, high & 0xffff, low >> 48,
                       low & 0xffffffffffffU);
  }
  double unit() override { return chance_.unit(); }

 private:
  Random chance_;
};

Owner next_owner() {
  static Owner last = 0;
  return ++last;
}

}  // namespace

// In the order of gateway/site.cpp; taken apart in reverse.
struct Site::Process {
  Process(const Scheduler& scheduler, Random chance) : clock(scheduler), entropy(chance) {}

  std::shared_ptr<const config::Config> config;
  VirtualClock clock;
  SeededEntropy entropy;
  std::unique_ptr<store::Store> store;
  std::unique_ptr<trust::Roster> roster;
  std::unique_ptr<exchange::World> world;
  std::unique_ptr<exchange::Intake> intake;
  std::unique_ptr<ProcessNet> net;
  std::unique_ptr<exchange::Mailbox> mailbox;
  std::shared_ptr<exchange::Courier> courier;
  std::vector<std::unique_ptr<net::HttpHandler>> http;
  std::vector<std::unique_ptr<net::MllpHandler>> mllp;
  std::vector<std::unique_ptr<net::Listener>> listeners;

  void listen(Result<std::unique_ptr<net::Listener>> listener) {
    if (listener) listeners.push_back(*std::move(listener));
  }
  void open_doors() {
    for (const auto& door : config->doors) {
      if (door.rows || !door.folder.empty()) continue;  // files and databases are not of this world
      if (door.mllp) {
        mllp.push_back(std::make_unique<exchange::MllpDoor>(*world, *intake, door.name));
        listen(net->listen_mllp(door.listen, nullptr, nullptr, *mllp.back(), {}, {}));
      } else {
        http.push_back(std::make_unique<exchange::HttpDoor>(*world, *intake, door.name));
        listen(net->listen_http(door.listen, nullptr, nullptr, *http.back(), {}));
      }
    }
    http.push_back(std::make_unique<rest::Api>(
        *world, *intake, *mailbox, [this](const net::PeerCertificate& shown) { return roster->identify(shown); },
        [](const std::string&, auto) {}));
    listen(net->listen_http(config->fhir_listen, &config->tls, roster.get(), *http.back(), config->limits));
  }
};

Site::Site(std::string name, const SiteConfig& configs, const std::map<std::string, std::string>& fresh_store,
           std::string folder, Scheduler& scheduler, Wire& wire, Random chance, exchange::RowWriter rows)
    : name_(std::move(name)),
      configs_(configs),
      folder_(std::move(folder)),
      scheduler_(scheduler),
      wire_(wire),
      chance_(chance),
      rows_(std::move(rows)),
      disk_(folder_, chance_.fork()) {
  disk_.load(fresh_store);
}

Site::~Site() {
  crash(Loss::killed);
  tidy();
}

bool Site::start(bool rerouted) {
  tidy();
  owner_ = next_owner();
  ++starts_;
  rerouted_ = rerouted;
  disk_.power_on();
  auto process = std::make_unique<Process>(scheduler_, chance_.fork());
  process->config = rerouted ? configs_.rerouted : configs_.usual;
  store::StoreOptions options;
  options.file = folder_ + "/causeway.db";
  options.vfs = Disk::kVfs;
  options.executor = [this, owner = owner_](auto step) {
    scheduler_.after(chance_.between(0, 3), owner, std::move(step));
  };
  options.on_broken = [this](const store::Error&) { down(true); };  // the process ends, as main.cpp ends it
  auto store = store::open_sqlite(options);
  if (!store || !disk_.on()) {
    if (store) store->reset();
    if (disk_.on()) disk_.crash(Loss::killed);
    scheduler_.kill(owner_);
    return false;
  }
  process->store = *std::move(store);
  process->roster = std::make_unique<trust::Roster>(process->config, trust::Roster::Sink{},
                                                    [this] { return scheduler_.now() / 1000; });
  process->world = std::make_unique<exchange::World>(
      exchange::World{*process->store, process->clock, process->entropy, [p = process.get()] { return p->config; },
                      [this](std::string_view recipient, std::string_view patient) {
                        return fhir::message::sha256(fmt::format("{}|{}|{}", name_, recipient, patient)).substr(0, 24);
                      }});
  process->intake = std::make_unique<exchange::Intake>(*process->world, [p = process.get()] { p->courier->wake(); });
  process->net = std::make_unique<ProcessNet>(wire_, scheduler_, name_, owner_, configs_.certificate);
  process->mailbox = std::make_unique<exchange::Mailbox>(
      process->clock, [p = process.get()](auto delay, auto task) { p->net->after(delay, std::move(task)); },
      [p = process.get()] { p->courier->wake(); });
  process->courier = std::make_shared<exchange::Courier>(
      *process->world, *process->net,
      [p = process.get()](std::string_view peer) -> net::Gatekeeper* {
        return &p->roster->expecting(std::string(peer));
      },
      *process->mailbox, rows_);
  process->open_doors();
  process->courier->start();
  process_ = std::move(process);
  return true;
}

void Site::down(bool told) {
  if (!scheduler_.alive(owner_)) return;
  scheduler_.kill(owner_);
  wire_.vanish(owner_, told);
  if (disk_.on()) disk_.crash(Loss::killed);
  if (on_down && process_ != nullptr) on_down();
}

void Site::plan_crash(std::int64_t nth, Count what, Loss loss) {
  disk_.crash_at(nth, what, loss, [this, loss] { down(loss == Loss::killed); });
}

void Site::crash(Loss loss) {
  if (!running()) return;
  if (disk_.on()) disk_.crash(loss);
  scheduler_.kill(owner_);
  wire_.vanish(owner_, loss == Loss::killed);
}

void Site::tidy() {
  if (process_ == nullptr || scheduler_.alive(owner_)) return;
  scheduler_.bury();
  process_->store.reset();  // answers what was handed over, while those who wait for it still live
  process_.reset();
}

// What it holds is answered while those who wait for it still live; then the network forgets it.
void Site::stop() {
  if (!running()) return;
  process_->courier->stop();
  process_->listeners.clear();
  process_->net->stop();
  process_->store.reset();
  if (!scheduler_.alive(owner_)) return;  // it crashed on the way out
  scheduler_.kill(owner_);
  wire_.vanish(owner_, true);
  disk_.crash(Loss::killed);
}

store::Store& Site::store() const { return *process_->store; }
exchange::Intake& Site::intake() const { return *process_->intake; }
std::shared_ptr<const config::Config> Site::config() const { return process_->config; }

}  // namespace gateway::sim
