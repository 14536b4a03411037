// Looks at what people must know of and raises or clears its alert: destinations that fail, the age of the queue and of
// what is held, referrals nobody answers, certificates that end, the disk. Cheap: a few counts and one look at the
// disk. One thread at a time.
#pragma once
#include "gateway/exchange/courier.h"
#include "gateway/exchange/passage.h"
#include "gateway/operate/alerts.h"
#include "gateway/trust/roster.h"

namespace gateway::operate {

class Watch {
 public:
  /// All outlive it.
  Watch(const exchange::World& world, const exchange::Courier& courier, const trust::Roster& roster, Alerts& alerts)
      : world_(world), courier_(courier), roster_(roster), alerts_(alerts) {}

  void look();

 private:
  void at_destinations(const config::Config& config);
  void at_queue(const config::Config& config);
  void at_referrals(const config::Config& config);
  void at_dead();
  void at_certificates(const config::Config& config);
  void at_disk(const config::Config& config);
  void at_certificate(const config::Config& config, const std::string& whose, std::int64_t ends);

  const exchange::World& world_;
  const exchange::Courier& courier_;
  const trust::Roster& roster_;
  Alerts& alerts_;
};

}  // namespace gateway::operate
