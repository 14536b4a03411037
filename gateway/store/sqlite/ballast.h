// A file that holds room on the disk until it is needed: given up when the disk is full, so that what is already here
// can still be settled, delivered, swept and checkpointed. Thread-safe.
#pragma once
#include <cstdint>
#include <mutex>
#include <string>

namespace gateway::store::sqlite {

class Ballast {
 public:
  /// `bytes` 0: there is none, and nothing is ever done.
  Ballast(std::string file, std::uint64_t bytes) : file_(std::move(file)), bytes_(bytes) {}

  /// Real blocks, not a sparse file; true when it is there whole (or none is wanted).
  bool lay();
  /// Gives the room back to the file system; false when there is nothing to give.
  bool drop();

 private:
  const std::string file_;
  const std::uint64_t bytes_;
  std::mutex mutex_;  // of the file
};

}  // namespace gateway::store::sqlite
