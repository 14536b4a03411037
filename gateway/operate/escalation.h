// Looks at the urgent messages that nobody has confirmed to have read (gateway/exchange/urgent.h): over its time one
// raises the alert `unread:...` and goes to whom its route escalates to, once, also across restarts; the receipt clears
// the alert. After a week nobody is waited for any more: the audit says so. One thread at a time.
#pragma once
#include "gateway/exchange/intake.h"
#include "gateway/operate/alerts.h"

namespace gateway::exchange {
struct Unread;
}

namespace gateway::operate {

class Escalation {
 public:
  /// All outlive it.
  Escalation(const exchange::World& world, exchange::Intake& intake, Alerts& alerts)
      : world_(world), intake_(intake), alerts_(alerts) {}

  void look();

 private:
  void escalate(exchange::Unread one);
  void give_up(const exchange::Unread& one);

  const exchange::World& world_;
  exchange::Intake& intake_;
  Alerts& alerts_;
};

}  // namespace gateway::operate
