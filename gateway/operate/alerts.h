// What people must know of: a state that is bad enough is told once when it begins and once when it is over, in the
// log, in the audit, as the metric causeway_alert, and as a JSON post to the configured webhook.
//
// What was raised is stored: after a restart it is not told again, and its end is told when it comes. A post is tried
// five times in growing pauses, one alert after the other; what cannot be posted is logged and dropped, and nothing
// ever waits for it. No value of a record may be in an alert: names of peers, codes, counts and ages only.
// Thread-safe. Store, clock and net outlive it; stop the Net before it ends.
#pragma once
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/config/config.h"
#include "gateway/exchange/ports.h"
#include "gateway/net/net.h"
#include "gateway/store/store.h"

namespace gateway::operate {

struct Alert {
  std::string key;  // "peer-down:peer:hongkong", "disk"
  std::string say;
  store::Millis since = 0;
};

class Alerts {
 public:
  using InForce = std::function<std::shared_ptr<const config::Config>()>;
  Alerts(store::Store& store, exchange::Clock& clock, net::Net& net, InForce config);

  /// Reads what was raised before the last stop.
  fhir::Result<void> begin();

  /// Told when it is not raised yet; else nothing happens.
  void raise(std::string_view key, std::string say);
  /// Told when it is raised; else nothing happens.
  void clear(std::string_view key, std::string say);
  /// The one or the other.
  void set(std::string_view key, bool bad, std::string say);

  std::vector<Alert> active() const;  // by key

 private:
  struct Post {
    std::string body;
    int tries = 0;
  };
  void tell(const Alert& alert, bool begins, std::string say);
  void enqueue(std::string body);
  void post();
  void posted(fhir::Result<net::HttpResponse> answer);

  store::Store& store_;
  exchange::Clock& clock_;
  net::Net& net_;
  InForce config_;
  mutable std::mutex mutex_;  // of the three below
  std::map<std::string, Alert, std::less<>> active_;
  std::deque<Post> posts_;
  bool posting_ = false;
};

}  // namespace gateway::operate
