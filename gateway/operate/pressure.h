// The water marks: shuts the gate (exchange/gate.h) when the queue is too long or the disk too full, opens it again at
// the lower mark, tells people both times, and lays the store's ballast again when there is room. One thread at a time,
// about once a second; cheap: a count and one look at the disk.
#pragma once
#include <functional>

#include "gateway/exchange/passage.h"
#include "gateway/operate/alerts.h"

namespace gateway::operate {

class Pressure {
 public:
  /// Bytes free where the store is; nothing when that cannot be told. Empty: asks the file system.
  using FreeSpace = std::function<std::optional<std::uint64_t>()>;
  /// All outlive it.
  Pressure(const exchange::World& world, Alerts& alerts, FreeSpace free_space = {});

  void look();

 private:
  void at_queue(const config::Pressure& marks);
  void at_disk(const config::Pressure& marks);
  void tell(const config::Pressure& marks);

  const exchange::World& world_;
  Alerts& alerts_;
  const FreeSpace free_space_;
  std::int64_t queue_ = 0;
  std::uint64_t free_ = 0;
  bool queue_shut_ = false, peers_shut_ = false, disk_shut_ = false;
};

}  // namespace gateway::operate
