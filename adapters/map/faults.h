// Faults of map files, collected so that a person sees all of them at once, each at its place and once only
// (a sub-map that is used five times is wrong once).
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/map/map.h"

namespace adapters::map {

/// Where something was written. `file` counts in the order in which a load read its files; line 0: nowhere.
struct Mark {
  std::uint32_t file = 0, line = 0, column = 0;
  bool operator==(const Mark&) const = default;
};

class Faults {
 public:
  explicit Faults(std::vector<FileFault>& out) : out_(out) {}

  /// Names the next file; marks refer to it by the returned number.
  std::uint32_t add_file(std::string name);
  const std::vector<std::string>& files() const { return files_; }

  void error(Mark mark, std::string_view code, std::string say, std::string hint = {}, FileFault::Related also = {});
  void warn(Mark mark, std::string_view code, std::string say, std::string hint = {}, FileFault::Related also = {});
  /// The second place of a fault: "first given here".
  FileFault::Related also(Mark mark, std::string say) const;
  bool failed() const { return errors_ > 0; }
  std::size_t errors() const { return errors_; }
  /// "file:line:column"
  std::string place(Mark mark) const;

 private:
  void add(Mark mark, FileFault&& fault);

  std::vector<FileFault>& out_;
  std::vector<std::string> files_;
  std::size_t errors_ = 0;
};

/// "did you mean 'x'?" for the nearest of `known`, or "" when none is near. Counts characters, not bytes.
std::string did_you_mean(std::string_view word, std::span<const std::string_view> known);

}  // namespace adapters::map
