// Virtual time and everything that is to happen, on one thread. What happens at the same millisecond happens in an
// order drawn by the seed: threads promise no other. Each task belongs to an owner (one life of one process, or the
// world itself, 0); what belongs to a dead one never runs.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "gateway/store/store.h"
#include "tests/sim/random.h"

namespace gateway::sim {

using store::Millis;
using Owner = std::int64_t;

class Scheduler {
 public:
  using Task = std::move_only_function<void()>;
  explicit Scheduler(Random chance) : chance_(chance) {}

  Millis now() const { return now_; }
  void after(Millis delay, Owner owner, Task task) {
    queue_.emplace(Place{now_ + delay, chance_.next(), ++count_}, Event{owner, std::move(task)});
  }
  /// What it was to do is dropped; what is being done goes on to its end.
  void kill(Owner owner) { dead_.insert(owner); }
  bool alive(Owner owner) const { return !dead_.contains(owner); }
  /// Destroys the tasks of the dead. Not from a task of a dead process.
  void bury() {
    std::erase_if(queue_, [&](const auto& one) { return !alive(one.second.owner); });
  }

  /// The next thing; false when nothing is left before `until`.
  bool step(Millis until) {
    if (queue_.empty() || std::get<0>(queue_.begin()->first) > until) {
      now_ = until;
      return false;
    }
    auto next = queue_.extract(queue_.begin());
    now_ = std::get<0>(next.key());
    ++steps_;
    if (alive(next.mapped().owner)) next.mapped().task();
    return true;
  }
  std::uint64_t steps() const { return steps_; }

 private:
  using Place = std::tuple<Millis, std::uint64_t, std::uint64_t>;
  struct Event {
    Owner owner;
    Task task;
  };

  Random chance_;
  Millis now_ = 1'773'106'215'000;  // 2026-03-10T01:30:15Z
  std::uint64_t count_ = 0, steps_ = 0;
  std::map<Place, Event> queue_;
  std::set<Owner> dead_;
};

}  // namespace gateway::sim
