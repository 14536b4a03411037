// `causeway peer test`: can we reach a peer, and it us? Five stages, each only after the one before: its name is known,
// its port answers, TLS is spoken, both certificates are the right ones, FHIR is served. Then the peer is asked over
// the same mutual TLS to test back; it probes nothing but its own configured address of the caller.
//
// Nothing of a record is sent. A test takes 30 seconds at most on a worker thread, one at a time. Thread-safe; net and
// the expectation outlive it, and it outlives the Net.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "fhir/json.h"
#include "gateway/exchange/courier.h"
#include "gateway/net/net.h"
#include "gateway/operate/worker.h"

namespace gateway::operate {

struct Stage {
  std::string name;  // dns, tcp, tls, identity, fhir
  enum class Verdict : std::uint8_t { passed, failed, skipped } verdict = Verdict::skipped;
  std::string say;     // what was found
  std::string advice;  // failed: what to do
};

struct Probe {
  std::vector<Stage> stages;
  bool passed() const;
  fhir::JsonTree told() const;  // {"passed": ..., "stages": [...]}
};

class PeerTests {
 public:
  using InForce = std::function<std::shared_ptr<const config::Config>()>;
  PeerTests(net::Net& net, exchange::Expectation expect, InForce config);
  ~PeerTests();

  /// Our way to the peer. `done` on any thread; not called once stop() was.
  void probe(const std::string& peer, std::move_only_function<void(Probe)> done);
  /// Both ways: {"peer", "there": {...}, "back": {...}}.
  void test(const std::string& peer, std::move_only_function<void(fhir::JsonTree)> done);
  /// Ends the worker; before the Net stops.
  void stop() { worker_.stop(); }

 private:
  class Witness;
  Witness& witness(const std::string& peer);
  void ask_back(const std::string& peer, fhir::JsonTree told, std::move_only_function<void(fhir::JsonTree)> done);

  net::Net& net_;
  exchange::Expectation expect_;
  InForce config_;
  std::mutex mutex_;  // of witnesses_
  std::map<std::string, std::unique_ptr<Witness>> witnesses_;
  Worker worker_;  // last: ends first
};

}  // namespace gateway::operate
