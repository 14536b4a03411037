// The network between all machines of a simulated run: who listens where, what is cut, and what happens to each
// request on its way: late, lost before it arrives, answered into a broken connection. A Net is one process's view of
// it. MLLP travels like HTTP, its frame in the body.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "gateway/net/net.h"
#include "tests/sim/scheduler.h"

namespace gateway::sim {

using fhir::Error;
using fhir::Fault;
using fhir::Result;

/// How bad the network is; probabilities for each request. All zero: every request arrives and is answered.
struct Weather {
  double refused = 0;  // the connection is not made
  double lost = 0;     // sent, never arrives; nobody tells
  double cut = 0;      // handled, and the answer is lost with the connection
  double silent = 0;   // handled, and the answer never comes
  double late = 0;     // arrives when the sender has given up perhaps
  Millis delay = 5;    // of one way, at most
};

class Wire {
 public:
  using Done = std::move_only_function<void(Result<net::HttpResponse>)>;

  /// Somebody who listens: exactly one of the handlers is set.
  struct Ear {
    std::string machine;
    Owner owner = 0;
    net::HttpHandler* http = nullptr;
    net::MllpHandler* mllp = nullptr;
    net::Gatekeeper* gatekeeper = nullptr;
    net::PeerCertificate certificate;
  };
  /// Somebody who calls.
  struct Caller {
    std::string machine;
    Owner owner = 0;
    net::Gatekeeper* gatekeeper = nullptr;  // of whom it may reach
    net::PeerCertificate certificate;
  };

  Wire(Scheduler& scheduler, Random chance) : scheduler_(scheduler), chance_(chance) {}

  bool listen(const net::Address& at, Ear ear);
  void leave(const net::Address& at, Owner owner);
  void carry(Caller from, const net::Address& to, net::HttpRequest request, Millis within, Done done);
  /// The process is gone: who waits for its answers finds the connection broken (a power cut tells nobody).
  void vanish(Owner owner, bool told);

  void cut(const std::string& from, const std::string& to) { cuts_.insert({from, to}); }
  void heal() { cuts_.clear(); }
  Weather weather;

  /// Told of every request that leaves and how it ended for its sender, and of every answer when it is given, also of
  /// those that are lost.
  std::function<void(const Caller&, const std::string& to, const net::HttpRequest&)> on_sent;
  std::function<void(const Caller&, const std::string& to, const net::HttpRequest&)> on_ended;
  std::function<void(const Ear&, const net::HttpRequest&, const net::HttpResponse&, std::int64_t)> on_answer;
  /// And of every request that reaches its handler; what it returns is given to on_answer.
  std::function<std::int64_t(const Ear&, const net::HttpRequest&)> on_arrived;
  /// Replies in progress end here when their handler forgot them.
  struct Call;

 private:
  using Held = std::shared_ptr<Call>;
  void arrive(const Held& call);
  void serve(const Held& call, const Ear& ear);
  void answered(const Held& call, net::HttpResponse response);
  void end(const Held& call, Millis delay, Result<net::HttpResponse> result);
  void fail(const Held& call, Millis delay, Fault fault, std::string code);
  Millis way() { return chance_.between(0, weather.delay); }
  bool reaches(const std::string& from, const std::string& to) const { return !cuts_.contains({from, to}); }
  friend struct Answering;

  Scheduler& scheduler_;
  Random chance_;
  std::map<std::string, Ear> ears_;  // by host:port
  std::set<std::pair<std::string, std::string>> cuts_;
  std::map<Owner, std::set<Held>> serving_;
};

std::string to_string(const net::Address& address);

/// The Net of one process.
class ProcessNet final : public net::Net {
 public:
  ProcessNet(Wire& wire, Scheduler& scheduler, std::string machine, Owner owner, net::PeerCertificate certificate)
      : wire_(wire),
        scheduler_(scheduler),
        machine_(std::move(machine)),
        owner_(owner),
        certificate_(std::move(certificate)) {}

  Result<std::unique_ptr<net::Listener>> listen_http(const net::Address& at, const net::TlsFiles* tls,
                                                     net::Gatekeeper* gatekeeper, net::HttpHandler& handler,
                                                     const net::Limits& limits) override;
  Result<std::unique_ptr<net::Listener>> listen_mllp(const net::Address& at, const net::TlsFiles* tls,
                                                     net::Gatekeeper* gatekeeper, net::MllpHandler& handler,
                                                     const net::Limits& limits, const net::Mllp& manner) override;
  Result<std::unique_ptr<net::Listener>> listen_unix(const std::string& path, net::HttpHandler& handler,
                                                     const net::Limits& limits) override;
  void send_http(const net::Address& to, const net::TlsFiles* tls, net::Gatekeeper* gatekeeper,
                 net::HttpRequest request, std::chrono::milliseconds within,
                 std::move_only_function<void(Result<net::HttpResponse>)> done) override;
  void send_mllp(const net::Address& to, const net::TlsFiles* tls, net::Gatekeeper* gatekeeper, std::string bytes,
                 const net::Mllp& manner, std::chrono::milliseconds within,
                 std::move_only_function<void(Result<std::string>)> done) override;
  void after(std::chrono::milliseconds delay, std::move_only_function<void()> task) override;
  void reload_tls() override {}
  net::Counters counters() const override { return {}; }
  void stop() override { stopped_ = true; }

 private:
  Result<std::unique_ptr<net::Listener>> listen(const net::Address& at, Wire::Ear ear);
  Wire::Caller caller(const net::TlsFiles* tls, net::Gatekeeper* gatekeeper) const;

  Wire& wire_;
  Scheduler& scheduler_;
  const std::string machine_;
  const Owner owner_;
  const net::PeerCertificate certificate_;
  bool stopped_ = false;
};

}  // namespace gateway::sim
