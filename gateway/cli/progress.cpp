#include "gateway/cli/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

namespace gateway::cli {

std::string time_left(std::chrono::seconds left) {
  const auto s = left.count();
  if (s < 60) return fmt::format("{} s", s);
  if (s < 3600) return fmt::format("{} min {} s", s / 60, s % 60);
  return fmt::format("{} h {} min", s / 3600, s % 3600 / 60);
}

void Progress::show(std::string_view what, std::uint64_t done, std::uint64_t of) {
  if (what != what_) began_ = Clock::now();  // another stage has a pace of its own
  what_ = what;
  if (::isatty(STDERR_FILENO) == 0) return;
  shown_ = true;
  if (of == 0) {
    fmt::print(stderr, "\r{} ...\x1b[K", what);
  } else {
    const double share = static_cast<double>(done) / static_cast<double>(of);
    const double spent = std::chrono::duration<double>(Clock::now() - began_).count();
    const auto left = std::chrono::seconds(share > 0 ? static_cast<std::int64_t>(spent / share * (1 - share)) : 0);
    const auto bars = static_cast<int>(share * 30);
    fmt::print(stderr, "\r{} [{:=<{}}{:<{}}] {:3.0f} %, {} left\x1b[K", what, "", bars, "", 30 - bars, share * 100,
               time_left(left));
  }
  std::fflush(stderr);
}

void Progress::end() {
  if (shown_) fmt::print(stderr, "\r\x1b[K");
  shown_ = false;
}

}  // namespace gateway::cli
