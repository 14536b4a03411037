// One site of a simulated run: the shipped store, intake, courier, doors and FHIR API, composed as gateway/site.cpp
// composes them, on a disk in memory, the Wire, virtual time and seeded randomness. It can be killed at any moment,
// also in the middle of a commit, and started again on what its disk then holds.
#pragma once
#include <deque>
#include <memory>
#include <string>

#include "gateway/exchange/courier.h"
#include "gateway/exchange/intake.h"
#include "gateway/store/store.h"
#include "tests/sim/memory_vfs.h"
#include "tests/sim/network.h"
#include "tests/sim/wire.h"

namespace gateway::sim {

class Site {
 public:
  /// `folder`: a real, empty folder; the store makes its lock there.
  Site(std::string name, const SiteConfig& configs, const std::map<std::string, std::string>& fresh_store,
       std::string folder, Scheduler& scheduler, Wire& wire, Random chance, exchange::RowWriter rows);
  ~Site();
  Site(const Site&) = delete;
  Site& operator=(const Site&) = delete;

  /// False when the start itself failed or was cut short: try again.
  bool start(bool rerouted);
  /// At once, whatever it was doing. What is left of it goes away when the world next runs tidy().
  void crash(Loss loss);
  /// The same at the `nth` operation or sync of its disk from now.
  void plan_crash(std::int64_t nth, Count what, Loss loss);
  /// As an administrator does it: what is in progress ends, the log is moved into the database file.
  void stop();
  /// From the world's own tasks only: frees what crashed.
  void tidy();

  bool running() const { return process_ != nullptr && scheduler_.alive(owner_); }
  const std::string& name() const { return name_; }
  Disk& disk() { return disk_; }
  store::Store& store() const;
  exchange::Intake& intake() const;
  std::shared_ptr<const config::Config> config() const;
  Owner owner() const { return owner_; }
  int starts() const { return starts_; }
  bool rerouted() const { return rerouted_; }

  /// Called when it goes down by itself: at a planned point of the disk, or because the disk failed.
  std::function<void()> on_down;

 private:
  struct Process;
  void down(bool told);

  const std::string name_;
  const SiteConfig& configs_;
  const std::string folder_;
  Scheduler& scheduler_;
  Wire& wire_;
  Random chance_;
  exchange::RowWriter rows_;
  Disk disk_;
  bool rerouted_ = false;
  int starts_ = 0;
  Owner owner_ = 0;
  std::unique_ptr<Process> process_;
};

/// Virtual time as the sites see it.
class VirtualClock final : public exchange::Clock {
 public:
  explicit VirtualClock(const Scheduler& scheduler) : scheduler_(scheduler) {}
  Millis now() const override { return scheduler_.now(); }

 private:
  const Scheduler& scheduler_;
};

}  // namespace gateway::sim
