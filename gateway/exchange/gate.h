// Back-pressure: whether messages are taken in at all. Shut and opened by who watches the water marks
// (operate/pressure.h), asked by everything that takes messages in. What is here already goes on whether it is open or
// shut.
//
// A sender that cannot be told "later" without harm (many MLLP senders skip a message at the first refusal) may wait at
// the gate: its connection is not read on meanwhile. Thread-safe.
#pragma once
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "gateway/exchange/ports.h"

namespace gateway::exchange {

class Gate {
 public:
  /// Peers are refused later than our own: two gateways that are full of messages for each other must still drain.
  enum class Who : std::uint8_t { local, peer };

  /// Why nothing is taken in from them now; nothing: it is open.
  std::optional<fhir::Error> shut(Who who) const;

  void shut(fhir::Error why, bool also_peers);
  /// Those who wait are let in, on this thread.
  void open();

  /// nullopt: go on. Otherwise refuse with it.
  using Resume = std::move_only_function<void(std::optional<fhir::Error>)>;
  /// For local senders. Calls `resume` at once when the gate is open, or when too much waits already; else when it
  /// opens, or refused by the first expire() that is after `until`.
  void wait(std::size_t bytes, Millis until, Resume resume);
  /// Refuses those who have waited long enough; once a second or so.
  void expire(Millis now);
  /// Refuses all who wait and everybody from now on: the site stops.
  void close();

 private:
  struct Waiting {
    std::size_t bytes = 0;
    Millis until = 0;
    Resume resume;
  };
  void answer(std::vector<Waiting> waiting, const std::optional<fhir::Error>& why);

  mutable std::mutex mutex_;  // of the five below
  std::optional<fhir::Error> why_;
  bool also_peers_ = false;
  std::vector<Waiting> waiting_;
  std::size_t bytes_ = 0;
  bool closed_ = false;
};

}  // namespace gateway::exchange
