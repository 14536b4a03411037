// The two listeners that are for this site's own people, never for peers: the control socket that the command line
// talks to (a Unix socket only the owner may open), and the admin port with liveness, readiness and metrics.
#pragma once
#include "gateway/exchange/courier.h"
#include "gateway/exchange/intake.h"
#include "gateway/net/net.h"

namespace gateway {

/// GET /status, /trace?id=, /held, /held/{kind}/{number}; POST /held/{kind}/{number}/release. Answers JSON.
class Control final : public net::HttpHandler {
 public:
  Control(const exchange::World& world, exchange::Intake& intake, exchange::Courier& courier, net::Net& net,
          exchange::Expectation expect)
      : world_(world), intake_(intake), courier_(courier), net_(net), expect_(std::move(expect)) {}
  void handle(net::HttpRequest request, std::move_only_function<void(net::HttpResponse)> reply) override;

 private:
  using Reply = std::move_only_function<void(net::HttpResponse)>;
  void trace(std::string_view id, Reply reply);
  void held_list(Reply reply);
  void held_show(std::string_view kind, store::Id number, Reply reply);
  void held_release(std::string_view kind, store::Id number, Reply reply);
  void release_delivery(store::Id number, Reply reply);
  void status(Reply reply);

  const exchange::World& world_;
  exchange::Intake& intake_;
  exchange::Courier& courier_;
  net::Net& net_;
  exchange::Expectation expect_;
};

/// GET /livez, /readyz, /metrics. Plain HTTP on loopback; holds no clinical or identifying value.
class Admin final : public net::HttpHandler {
 public:
  Admin(const exchange::World& world, exchange::Courier& courier, net::Net& net)
      : world_(world), courier_(courier), net_(net) {}
  void handle(net::HttpRequest request, std::move_only_function<void(net::HttpResponse)> reply) override;

 private:
  std::string metrics() const;

  const exchange::World& world_;
  exchange::Courier& courier_;
  net::Net& net_;
};

}  // namespace gateway
