#include "tests/sim/simulation.h"

#include <fmt/format.h>

#include "tests/sim/actors.h"
#include "tests/sim/oracle.h"
#include "tests/sim/site.h"

namespace gateway::sim {
namespace {

constexpr Millis kSlice = 200;         // how often the end is looked for
constexpr Millis kPatience = 240'000;  // a claim whose settling failed is due again after its lease of two minutes

class Simulation {
 public:
  Simulation(std::uint64_t seed, const Network& network, const std::string& folder, bool trace)
      : chance_(seed),
        scheduler_(chance_.fork()),
        wire_(scheduler_, chance_.fork()),
        oracle_(scheduler_, trace),
        stage_{scheduler_, wire_, network, oracle_, chance_.fork()},
        network_(network) {
    watch_wire();
    for (const auto& [name, configs] : network.sites) make_site(name, configs, folder);
    laboratory_ = std::make_unique<Laboratory>(stage_);
    prescriber_ = std::make_unique<Prescriber>(stage_);
    pharmacies_ = std::make_unique<Pharmacies>(stage_);
    beijing_ = std::make_unique<BeijingHis>(stage_, *sites_.at("beijing"));
    his_ = records("his", "hainan", "his");
    archive_ = records("archive", "beijing", "archive");
    pharmacy_ = records("pharmacy", "hainan", "pharmacy");
    pharmacy_->on_first = [this](const std::string& rde) { pharmacies_->see(rde); };
  }

  // Nothing may be left that would speak when the wire is gone.
  ~Simulation() {
    scheduler_.kill(0);
    sites_.clear();
    scheduler_.bury();
  }
  Simulation(const Simulation&) = delete;
  Simulation& operator=(const Simulation&) = delete;

  Outcome run();

 private:
  void watch_wire();
  void make_site(const std::string& name, const SiteConfig& configs, const std::string& folder);
  std::unique_ptr<Records> records(const std::string& name, const std::string& site, const std::string& system);
  void plan_work();
  void plan_faults();
  void plan_crash(Site& site, Millis at);
  void plan_partition();
  void bring_up(Site& site);
  void let_down(Site& site);
  void calm_down();
  bool converged() const;
  void go_on(Millis until) {
    while (oracle_.violations().empty() && scheduler_.step(until)) {
    }
  }
  Site& any_site() {
    auto it = sites_.begin();
    std::advance(it, chance_.below(static_cast<std::int64_t>(sites_.size())));
    return *it->second;
  }
  void at(Millis delay, Scheduler::Task task) { scheduler_.after(delay, 0, std::move(task)); }

  Random chance_;
  Scheduler scheduler_;
  Wire wire_;
  Oracle oracle_;
  Stage stage_;
  const Network& network_;
  std::map<std::string, std::unique_ptr<Site>> sites_;
  std::unique_ptr<Laboratory> laboratory_;
  std::unique_ptr<Prescriber> prescriber_;
  std::unique_ptr<Pharmacies> pharmacies_;
  std::unique_ptr<BeijingHis> beijing_;
  std::unique_ptr<Records> his_, archive_, pharmacy_;
  std::set<std::string> rerouted_;  // sites that start with the other routes from now on
  std::set<std::string> resting_;   // those that are down and will come up
  Millis unsafe_ = 0;               // how long faults go on
  int crashes_ = 0;
};

void Simulation::watch_wire() {
  wire_.on_sent = [this](const auto& from, const auto& to, const auto& request) { oracle_.sent(from, to, request); };
  wire_.on_ended = [this](const auto& from, const auto& to, const auto& request) { oracle_.ended(from, to, request); };
  wire_.on_arrived = [this](const auto& ear, const auto& request) { return oracle_.arrived(ear, request); };
  wire_.on_answer = [this](const auto& ear, const auto& request, const auto& response, std::int64_t mark) {
    oracle_.answered(ear, request, response, mark);
  };
  oracle_.rerouted = [this](const std::string& machine) { return sites_.at(machine)->rerouted(); };
}

void Simulation::make_site(const std::string& name, const SiteConfig& configs, const std::string& folder) {
  auto rows = [this, name](exchange::RowTask task) { beijing_->put_row(std::move(task), sites_.at(name)->owner()); };
  auto site = std::make_unique<Site>(name, configs, network_.fresh_store, folder + "/" + name, scheduler_, wire_,
                                     chance_.fork(), std::move(rows));
  site->on_down = [this, at = site.get()] { let_down(*at); };
  sites_.emplace(name, std::move(site));
}

std::unique_ptr<Records> Simulation::records(const std::string& name, const std::string& site,
                                             const std::string& system) {
  const config::System& at = network_.system(site, system);
  return std::make_unique<Records>(stage_, name, at.address, at.mllp);
}

// ---- what happens

void Simulation::plan_work() {
  const Millis within = unsafe_ * 2 / 3;
  for (auto n = chance_.between(0, 3); n > 0; --n) laboratory_->write(within, static_cast<int>(chance_.between(1, 3)));
  for (auto n = chance_.between(0, 2); n > 0; --n) prescriber_->write(within, chance_.chance(0.5), chance_.chance(0.5));
  for (auto n = chance_.between(0, 1); n > 0; --n) beijing_->write(within);
}

// Not everything in every run: what one fault hides, another run without it shows.
void Simulation::plan_faults() {
  const auto sometimes = [this](double most) { return chance_.chance(0.5) ? chance_.unit() * most : 0.0; };
  wire_.weather = {sometimes(0.2), sometimes(0.1),  sometimes(0.2),
                   sometimes(0.1), sometimes(0.15), chance_.between(1, 60)};
  for (Records* one : {his_.get(), archive_.get(), pharmacy_.get()}) one->moody = sometimes(0.4);
  for (auto n = chance_.between(0, 5); n > 0; --n) plan_crash(any_site(), chance_.between(0, unsafe_));
  for (auto n = chance_.between(0, 2); n > 0; --n) plan_partition();
  if (chance_.chance(0.15)) {
    at(chance_.between(0, unsafe_), [site = &any_site()] { site->disk().fail_next_sync(); });
  }
  if (chance_.chance(0.1)) {
    Site& site = any_site();
    const Millis begin = chance_.between(0, unsafe_);
    at(begin, [&site] { site.disk().set_full(true); });
    at(begin + chance_.between(100, 1500), [&site] { site.disk().set_full(false); });
  }
}

void Simulation::plan_crash(Site& site, Millis when) {
  const Loss loss = chance_.chance(0.6) ? Loss::power_cut : Loss::killed;
  const auto kind = chance_.below(5);
  const Count what = chance_.chance(0.6) ? Count::syncs : Count::operations;
  const auto nth = chance_.between(1, what == Count::syncs ? 4 : 100);
  const bool reroute = site.name() == "tianjin" && chance_.chance(0.4);
  at(when, [this, &site, loss, kind, nth, what, reroute] {
    if (!site.running()) return;
    if (reroute) rerouted_.insert(site.name());
    if (kind != 4) site.plan_crash(nth, what, loss);
    if (kind <= 1) return;
    kind == 4 ? site.crash(loss) : site.stop();  // stopped in good order, perhaps cut short while its log is moved
    if (!site.running()) let_down(site);
  });
}

void Simulation::plan_partition() {
  const std::string one = any_site().name(), other = any_site().name();
  const bool both = chance_.chance(0.7);
  const Millis begin = chance_.between(0, unsafe_);
  at(begin, [this, one, other, both] {
    wire_.cut(one, other);
    if (both) wire_.cut(other, one);
  });
  at(begin + chance_.between(200, 3000), [this] { wire_.heal(); });
}

void Simulation::let_down(Site& site) {
  if (!resting_.insert(site.name()).second) return;
  ++crashes_;
  oracle_.note(site.name() + " is down");
  const Millis rest = chance_.chance(0.7) ? chance_.between(10, 500) : chance_.between(500, 2500);
  at(rest, [this, &site] { bring_up(site); });
}

void Simulation::bring_up(Site& site) {
  if (site.running()) return;
  if (!stage_.calm && chance_.chance(0.15)) {  // perhaps before it is up: its recovery is cut short
    site.plan_crash(chance_.between(1, 60), Count::operations, Loss::power_cut);
  }
  if (!site.start(rerouted_.contains(site.name()))) {
    at(chance_.between(10, 300), [this, &site] { bring_up(site); });
    return;
  }
  resting_.erase(site.name());
  oracle_.note(site.name() + (site.rerouted() ? " is up with other routes" : " is up"));
  if (site.starts() == 1) return;
  oracle_.restarted(site);
  oracle_.look_at_audit(site);
}

// ---- the two phases

void Simulation::calm_down() {
  oracle_.note("calm");
  stage_.calm = true;
  wire_.weather = {};
  wire_.heal();
  for (auto& [name, site] : sites_) site->disk().be_good();
}

bool Simulation::converged() const {
  if (stage_.open != 0) return false;
  for (const auto& [name, site] : sites_) {
    if (!site->running()) return false;
    const auto counts = site->store().counts();
    if (!counts || counts->waiting + counts->claimed != 0) return false;
  }
  return true;
}

Outcome Simulation::run() {
  const Millis began = scheduler_.now();
  unsafe_ = chance_.between(2'000, 9'000);
  for (auto& [name, site] : sites_) bring_up(*site);
  plan_work();
  plan_faults();
  go_on(began + unsafe_);
  calm_down();
  const Millis end = scheduler_.now() + kPatience;
  while (oracle_.violations().empty() && scheduler_.now() < end && !converged()) go_on(scheduler_.now() + kSlice);
  if (oracle_.violations().empty() && stage_.open != 0) {
    oracle_.violation(fmt::format("I3: {} conversations have not ended", stage_.open));
  }
  if (oracle_.violations().empty()) oracle_.look_at_end(sites_, *beijing_);
  Outcome outcome{oracle_.violations(), oracle_.hash(), scheduler_.steps(), scheduler_.now() - began};
  outcome.acknowledged = oracle_.counts.acknowledged;
  outcome.effects = oracle_.counts.effects;
  outcome.repeats = oracle_.counts.repeats;
  outcome.refusals = oracle_.counts.refusals;
  outcome.crashes = crashes_;
  return outcome;
}

}  // namespace

Outcome run(std::uint64_t seed, const Network& network, const std::string& folder, bool trace) {
  seed_sqlite(seed);
  return Simulation(seed, network, folder, trace).run();
}

}  // namespace gateway::sim
