// The disk in memory (tests/sim/memory_vfs.h) under the shipped store, and the store's writer without a thread.
#include "tests/sim/memory_vfs.h"

#include <deque>

#include "tests/gateway/store/temp_store.h"

using namespace gateway;
using namespace gateway::store;
using sim::Disk;
using sim::Loss;
using sim::Random;

namespace {

/// A store on a disk in memory, on one thread: what is submitted is written by pump().
class Machine {
 public:
  explicit Machine(std::uint64_t seed) : disk((folder_.path()).string(), Random(seed)) { start(); }

  void start() {
    disk.power_on();
    StoreOptions options;
    options.file = (folder_.path() / "store.db").string();
    options.vfs = Disk::kVfs;
    options.executor = [this](auto step) { steps_.push_back(std::move(step)); };
    options.on_broken = [this](const Error&) { broken = true; };
    store = must(open_sqlite(options));
  }
  void stop() {
    store.reset();
    steps_.clear();
  }
  void restart_after(Loss loss) {
    if (disk.on()) disk.crash(loss);
    stop();
    start();
  }

  /// One commit; true when it was acknowledged.
  bool put(const std::string& id) {
    bool stored = false;
    store->submit(sample_commit(id), [&](Result<Committed> result) { stored = result.has_value(); });
    pump();
    return stored;
  }
  void pump() {
    while (!steps_.empty()) {
      auto step = std::move(steps_.front());
      steps_.pop_front();
      step();
    }
  }
  bool has(const std::string& id) const { return must(store->seen("tmucih", id)).has_value(); }

 private:
  TempFolder folder_;
  std::deque<std::move_only_function<void()>> steps_;

 public:
  Disk disk;
  std::unique_ptr<Store> store;
  bool broken = false;
};

}  // namespace

TEST_CASE("with an executor nothing is written before a step runs, and answers keep their order", "[sim]") {
  Machine machine(1);
  std::vector<int> order;
  bool waiting = true;
  for (int i = 0; i < 3; ++i) {
    machine.store->submit(sample_commit("m" + std::to_string(i)), [&, i](Result<Committed> done) {
      CHECK(done);
      CHECK_FALSE(waiting);
      order.push_back(i);
    });
  }
  CHECK(order.empty());
  waiting = false;
  machine.pump();
  CHECK(order == std::vector{0, 1, 2});
}

TEST_CASE("what was handed over is written when a store with an executor is closed", "[sim]") {
  Machine machine(2);
  bool stored = false;
  machine.store->submit(sample_commit("last"), [&](Result<Committed> done) { stored = done.has_value(); });
  machine.stop();
  CHECK(stored);
  machine.start();
  CHECK(machine.has("last"));
}

TEST_CASE("a power cut at any write or sync of a commit keeps what was acknowledged, whole, and the audit chain",
          "[sim]") {
  std::size_t cuts = 0, kept_unacknowledged = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    Machine machine(seed);
    Random chance(seed);
    std::vector<std::string> acknowledged, unsure;
    for (int life = 0; life < 3; ++life) {
      const bool syncs = chance.chance(0.5);
      machine.disk.crash_at(syncs ? chance.between(1, 5) : chance.between(1, 40),
                            syncs ? sim::Count::syncs : sim::Count::operations,
                            chance.chance(0.7) ? Loss::power_cut : Loss::killed, [&] { ++cuts; });
      for (int i = 0; i < 8 && machine.disk.on(); ++i) {
        const auto id = std::to_string(life) + "-" + std::to_string(i);
        (machine.put(id) ? acknowledged : unsure).push_back(id);
      }
      machine.restart_after(Loss::power_cut);
      INFO("seed " << seed << ", life " << life);
      for (const auto& id : acknowledged) REQUIRE(machine.has(id));
      const auto entries = must(machine.store->verify_audit());
      std::size_t stored = acknowledged.size();
      for (const auto& id : unsure) stored += machine.has(id) ? 1 : 0;
      REQUIRE(static_cast<std::size_t>(entries) == stored);
    }
    for (const auto& id : unsure) kept_unacknowledged += machine.has(id) ? 1 : 0;
  }
  CHECK(cuts > 100);
  CHECK(kept_unacknowledged > 0);  // it is also cut after the sync, before the answer
}

TEST_CASE("without a sync at the commit a power cut loses what was acknowledged: the disk in memory is no toy",
          "[sim]") {
  TempFolder folder;
  std::size_t lost = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Disk disk(folder.path().string(), Random(seed));
    StoreOptions options;
    options.file = (folder.path() / "store.db").string();
    options.vfs = Disk::kVfs;
    options.unsafe_synchronous_normal = true;
    std::move_only_function<void()> step;
    options.executor = [&](auto next) { step = std::move(next); };
    {
      auto store = must(open_sqlite(options));
      bool stored = false;
      store->submit(sample_commit("m"), [&](Result<Committed> done) { stored = done.has_value(); });
      std::exchange(step, {})();
      REQUIRE(stored);
      disk.crash(Loss::power_cut);
    }
    disk.power_on();
    lost += must(must(open_sqlite(options))->seen("tmucih", "m")) ? 0 : 1;
  }
  CHECK(lost > 0);
}

TEST_CASE("after a failed fsync nothing is acknowledged, and the next start has what was", "[sim]") {
  Machine machine(7);
  REQUIRE(machine.put("before"));
  machine.disk.fail_next_sync();
  CHECK_FALSE(machine.put("during"));
  CHECK(machine.broken);
  CHECK(machine.store->failed());
  CHECK_FALSE(machine.put("after"));
  machine.restart_after(Loss::killed);
  CHECK(machine.has("before"));
  CHECK_FALSE(machine.has("after"));
}

TEST_CASE("a full disk refuses and takes again when there is room", "[sim]") {
  Machine machine(8);
  REQUIRE(machine.put("before"));
  machine.disk.set_full(true);
  CHECK_FALSE(machine.put("full"));
  CHECK_FALSE(machine.store->failed());
  machine.disk.set_full(false);
  CHECK(machine.put("full"));
}
