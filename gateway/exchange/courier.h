// The way out: claims what is due by lane (destination, business object), asks policy once more, sends by deadline, and
// settles: delivered, dead, held, or waiting for the next try. A retry sends the stored bytes unchanged under the same
// X-Request-ID. A fault of the peer itself (its certificate, its address) pauses the destination with one alarm and
// kills no message; a fault of the content kills that one message and lets its lane go on, unless its route says
// otherwise. Each destination has a breaker (gateway/exchange/breaker.h): a limit of what is in flight, rest after
// failures in a row, slow start; so one that is slow or away takes nothing from the others. What is given up is told to
// the system it came from (gateway/exchange/notice.h).
//
// Runs on the Net's threads, and settles rows on those of their writer; `wake()` and `stop()` may be called from any
// thread. After stop() returns nothing is sent.
#pragma once
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "gateway/exchange/addressing.h"
#include "gateway/exchange/breaker.h"
#include "gateway/exchange/mailbox.h"
#include "gateway/exchange/passage.h"
#include "gateway/net/net.h"

namespace gateway::exchange {

/// Who must be at the other end: the gatekeeper that admits only this peer's certificate.
using Expectation = std::function<net::Gatekeeper*(std::string_view peer)>;

/// A row to write into a staging database, off the Net's threads; `done` is called once, on any thread.
struct RowTask {
  std::string system;  // tasks of one system are done one after another
  config::Writing where;
  std::string bytes;                 // {"table", "key", "values"}
  std::chrono::milliseconds within;  // not begun after that
  std::move_only_function<void(fhir::Result<void>)> done;
};
using RowWriter = std::function<void(RowTask)>;

class Courier : public std::enable_shared_from_this<Courier> {
 public:
  /// `mailbox`: the way to peers that collect; outlives the Net.
  Courier(World world, net::Net& net, Expectation expect, Mailbox& mailbox, RowWriter write_row = {});
  void start();
  /// Something may be due now.
  void wake();
  void stop();

  struct Pause {
    Millis until = 0;
    int failures = 0;
    std::string reason;
    std::string who;   // of a person's pause; empty: a fault of the peer
    Millis since = 0;  // of a person's pause
  };
  /// Destinations that are paused, with the reason: a person's pause stands before a fault.
  std::map<std::string, Pause, std::less<>> paused() const;

  using Done = std::move_only_function<void(fhir::Result<void>)>;
  /// Nothing more is sent to this destination until let_go(), also after a restart; what waits keeps its order, what
  /// is in flight ends. `done` is called after pause and audit entry are on disk, or why they are not.
  void hold_back(const std::string& destination, const std::string& reason, const std::string& who, Done done);
  /// `not_found` when no person paused it.
  void let_go(const std::string& destination, const std::string& who, Done done);

  /// How the last tries to a destination went; one that was not tried since the start is not listed. A peer that
  /// should collect and does not come fails too.
  struct Health {
    Millis failing_since = 0;  // 0: it answers
    std::string reason;
  };
  std::map<std::string, Health, std::less<>> health() const;

 private:
  struct Outcome;
  void tick();
  std::vector<store::Room> rooms(Millis now) const;
  void claimed(fhir::Result<std::vector<store::Claim>> claims);
  void attempt(store::Claim claim);
  void to_peer(store::Claim claim, std::string_view name);
  void post_to(const config::Config& config, const config::Peer& peer, store::Claim claim);
  std::vector<std::string> uncollected() const;
  Outcome read_reply(const store::Delivery& delivery, const net::HttpResponse& response) const;
  void to_system(store::Claim claim, std::string_view name);
  void to_service(store::Claim claim, const config::System& system);
  void to_rows(store::Claim claim, const config::System& system);
  void store_outcome(std::shared_ptr<const store::Commit> commit, std::chrono::milliseconds again_after);
  void settle(store::Claim claim, Outcome outcome);
  std::chrono::milliseconds asked_to_wait(const net::HttpResponse& response) const;
  void pause(const std::string& destination, const std::string& reason);
  void resume(const std::string& destination);
  void remember_pauses();
  void note_health(const std::string& destination, const Outcome& outcome);
  void note_flow(const std::string& destination, const Outcome& outcome);

  World world_;
  net::Net& net_;
  Expectation expect_;
  Mailbox& mailbox_;
  RowWriter write_row_;
  std::atomic<bool> stopping_{false};
  std::atomic<bool> claiming_{false};
  std::atomic<bool> again_{false};
  mutable std::mutex mutex_;
  std::map<std::string, Pause, std::less<>> paused_;     // by faults
  std::map<std::string, Pause, std::less<>> held_back_;  // by persons
  std::map<std::string, Health, std::less<>> health_;
  std::map<std::string, Breaker, std::less<>> breakers_;
};

}  // namespace gateway::exchange
