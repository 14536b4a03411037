// A line on standard error that redraws itself, on a terminal only: how far something long is, and how long it will
// still take at the pace so far.
#pragma once
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace gateway::cli {

class Progress {
 public:
  /// `what`: "copying", "sent again".
  void show(std::string_view what, std::uint64_t done, std::uint64_t of);
  /// Ends the line, so that what is printed next stands alone.
  void end();
  ~Progress() { end(); }
  Progress() = default;
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

 private:
  using Clock = std::chrono::steady_clock;
  std::string_view what_;
  Clock::time_point began_ = Clock::now();
  bool shown_ = false;
};

/// "3 s", "4 min 10 s", "2 h 5 min".
std::string time_left(std::chrono::seconds left);

}  // namespace gateway::cli
