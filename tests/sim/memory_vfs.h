// A disk in memory under SQLite: of each file what the process sees, what is durable, and the writes between the two.
// A sync makes them durable; a power cut keeps some of them, in part, in whole sectors; a kill keeps all of them (the
// kernel has them). The write-ahead log's shared memory is in the heap and never survives.
//
// A Disk stands for the folder whose name it is given: a store opened with `vfs = Disk::kVfs` on a file of that folder
// lives on it. (The store also makes the folder, an empty file and its lock there: those are real.) When no power is
// on, every operation fails; handles from before the cut fail for ever. One thread.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/sim/random.h"

namespace gateway::sim {

/// What a crash does to writes that were not synced.
enum class Loss : std::uint8_t { killed, power_cut };
/// What is counted until a planned crash: a commit is some forty writes and one sync.
enum class Count : std::uint8_t { operations, syncs };

struct MemoryFile;

class Disk {
 public:
  static constexpr const char* kVfs = "causeway-memory";

  /// `chance` decides what a cut keeps.
  Disk(std::string folder, Random chance);
  ~Disk();
  Disk(const Disk&) = delete;
  Disk& operator=(const Disk&) = delete;

  void crash(Loss loss);
  void power_on() { on_ = true; }
  bool on() const { return on_; }

  /// The `nth` operation (write, truncation, removal or sync) or sync from now is where it crashes (a sync: before or
  /// after it); then `crashed` is called, in the middle of whatever SQLite is doing.
  void crash_at(std::int64_t nth, Count what, Loss loss, std::function<void()> crashed);
  /// The next sync fails, and what it was to make durable is lost without a further word, as Linux does it.
  void fail_next_sync() { sync_fails_ = true; }
  /// Writes that need room fail until it is lifted.
  void set_full(bool full) { full_ = full; }
  /// Nothing that was planned for it happens any more.
  void be_good() {
    full_ = sync_fails_ = false;
    crash_in_ = 0;
  }

  /// Durable bytes of every file, to begin other disks with: a fresh store need be made only once.
  std::map<std::string, std::string> image() const;
  void load(const std::map<std::string, std::string>& image);

  std::int64_t operations() const { return operations_; }

 private:
  friend struct Vfs;
  bool spoil(Count what = Count::operations);  // counts an operation; true: it must not happen
  void keep_some(MemoryFile& file);
  void apply_torn(std::string& bytes, std::size_t at, std::string_view write);

  const std::string folder_;
  Random chance_;
  std::map<std::string, std::shared_ptr<MemoryFile>> files_;  // by name within the folder
  bool on_ = true, full_ = false, sync_fails_ = false;
  std::uint64_t life_ = 1;
  std::int64_t operations_ = 0, crash_in_ = 0;
  Count crash_counts_ = Count::operations;
  Loss crash_loss_ = Loss::killed;
  std::function<void()> crashed_;
};

/// The source of SQLite's own randomness from here on.
void seed_sqlite(std::uint64_t seed);

}  // namespace gateway::sim
