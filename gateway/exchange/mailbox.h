// Collect mode, the holding side: the way to a peer that opens no port. What the courier would have posted to the peer
// waits here until the peer collects it over a connection of its own (`POST [base]/$collect`, a long poll), is handed
// over, and is answered in the peer's next call: the explicit acknowledgement. To the courier it is one more way to
// send, with the same ids, deadlines, answers and retries; nothing is kept here that the store does not have.
//
// Handed over and not answered, because the collector's next call does not speak of it, or none comes in time:
// `in_doubt`, as after a cut connection; the courier sends it again and the peer's de-duplication finds out. Not even
// handed over in time: `unavailable`.
//
// Thread-safe. `done` and `letters` are called exactly once, on the thread of whoever caused it, never under the lock.
#pragma once
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "gateway/exchange/letters.h"
#include "gateway/exchange/ports.h"
#include "gateway/net/net.h"

namespace gateway::exchange {

class Mailbox {
 public:
  using Done = std::move_only_function<void(fhir::Result<net::HttpResponse>)>;
  using Letters = std::move_only_function<void(std::vector<Letter>)>;

  using Later = std::function<void(std::chrono::milliseconds, std::move_only_function<void()>)>;

  /// `later` runs a task after a delay (Net::after), not once the Mailbox is gone. `wake` is told that a peer came to
  /// collect: what waits for it may be posted now.
  Mailbox(const Clock& clock, Later later, std::function<void()> wake);

  /// Like Net::send_http, to a peer with `mailbox: here`.
  void post(const std::string& peer, Letter letter, std::chrono::milliseconds patience, Done done);
  /// The peer's call: its answers to what it got last time, and a wish for more. `letters` gets what is there, at once
  /// or when something comes, at latest after `wait`: then none. A later call of the same peer ends an earlier one.
  void collect(const std::string& peer, std::vector<LetterAnswer> answers, std::chrono::milliseconds wait,
               Letters letters);

  /// Does the peer collect? It calls now, or did a moment ago.
  bool present(const std::string& peer) const;
  /// When it was last there; since the start when it has not been yet.
  Millis last_there(const std::string& peer) const;
  /// Ends every call that waits, with nothing. Later ones are ended at once.
  void close();

 private:
  struct Waiting {
    std::uint64_t number = 0;
    Letter letter;
    Done done;
    bool handed = false;
  };
  struct Box {
    std::deque<Waiting> letters;
    Letters call;  // empty: nobody waits
    std::uint64_t call_number = 0;
    Millis last_there = 0;
  };
  using Steps = std::vector<std::move_only_function<void()>>;  // what is done once the lock is open

  Box& box(const std::string& peer);
  void hand_over(Box& box, Steps& steps);
  void expire(const std::string& peer, std::uint64_t number);
  void end_call(const std::string& peer, std::uint64_t number);

  const Clock& clock_;
  Later later_;
  std::function<void()> wake_;
  const Millis since_;
  mutable std::mutex mutex_;
  std::map<std::string, Box> boxes_;
  std::uint64_t last_number_ = 0;
  bool closed_ = false;
};

}  // namespace gateway::exchange
