// What came in and went out since the start, counted by the other side: what `causeway top` and the metrics show.
// Thread-safe; only counts, no ids. Names are bounded by the configuration: doors, peers, systems.
#pragma once
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace gateway::exchange {

class Tally {
 public:
  struct Line {
    std::int64_t in = 0;      // messages accepted from there, repeats included
    std::int64_t turned = 0;  // held, refused or told to come again
    std::int64_t out = 0;     // delivered to there
    std::int64_t failed = 0;  // tries that did not deliver
  };

  void came(std::string_view from, bool taken) { count(from, taken ? &Line::in : &Line::turned); }
  void went(std::string_view to, bool delivered) { count(to, delivered ? &Line::out : &Line::failed); }
  std::map<std::string, Line, std::less<>> lines() const {
    const std::scoped_lock lock(mutex_);
    return lines_;
  }

 private:
  void count(std::string_view name, std::int64_t Line::* what) {
    const std::scoped_lock lock(mutex_);
    auto found = lines_.find(name);
    if (found == lines_.end()) found = lines_.emplace(name, Line{}).first;
    ++(found->second.*what);
  }

  mutable std::mutex mutex_;
  std::map<std::string, Line, std::less<>> lines_;
};

}  // namespace gateway::exchange
