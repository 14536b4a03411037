// Collect mode, the side that opens no port: for each peer with `mailbox: there` one call after the other to its
// `$collect`. What comes back goes the way of a message that the peer had posted here; its answers go with the next
// call. So the contract is that of a post: the peer hears "accepted" only after our commit, and what it does not hear
// it sends again under the same ids.
//
// Runs on the Net's threads; start() and stop() from any. After stop() nothing new is asked for.
#pragma once
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "gateway/exchange/courier.h"
#include "gateway/exchange/letters.h"

namespace gateway::exchange {

class Collector : public std::enable_shared_from_this<Collector> {
 public:
  using Answer = std::move_only_function<void(net::HttpResponse)>;
  /// As if that peer had posted it to our $process-message.
  using Deliver = std::function<void(const config::Peer& peer, Letter letter, Answer answer)>;
  /// A peer's mailbox cannot be collected, and why; nullptr: it can be.
  using Tell = std::function<void(const std::string& peer, const fhir::Error* why)>;

  Collector(World world, net::Net& net, Expectation expect, Deliver deliver, Tell tell);
  void start() { look(); }
  void stop() { stopping_ = true; }

 private:
  struct Batch;
  void look();
  void call(const std::string& peer, std::vector<LetterAnswer> answers, int failures);
  void answered(const std::string& peer, std::vector<LetterAnswer> answers, int failures,
                fhir::Result<net::HttpResponse> response);
  void again(const std::string& peer, std::vector<LetterAnswer> answers, int failures, const fhir::Error& why);
  void deliver(const std::string& peer, std::vector<Letter> letters);
  void end(const std::string& peer);

  World world_;
  net::Net& net_;
  Expectation expect_;
  Deliver deliver_;
  Tell tell_;
  std::atomic<bool> stopping_{false};
  std::mutex mutex_;                  // of collecting_
  std::set<std::string> collecting_;  // peers whose round is going on
};

}  // namespace gateway::exchange
