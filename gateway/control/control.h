// The two listeners that are for this site's own people, never for peers: the control socket that the command line
// talks to (a Unix socket only the owner may open), and the admin port with liveness, readiness and metrics.
// Handlers run on the Net's threads, several at once; everything they refer to outlives the Net.
#pragma once
#include "gateway/control/desk.h"

namespace gateway {

/// Answers JSON, by the table of commands in control.cpp: one row a command, one file a subject.
class Control final : public net::HttpHandler {
 public:
  explicit Control(control::Desk desk) : desk_(std::move(desk)) {}
  void handle(net::HttpRequest request, std::move_only_function<void(net::HttpResponse)> reply) override;

 private:
  control::Desk desk_;
};

/// GET /livez, /readyz, /metrics. Plain HTTP on loopback; holds no clinical or identifying value.
class Admin final : public net::HttpHandler {
 public:
  Admin(const exchange::World& world, exchange::Courier& courier, net::Net& net, const operate::Alerts& alerts)
      : world_(world), courier_(courier), net_(net), alerts_(alerts) {}
  void handle(net::HttpRequest request, std::move_only_function<void(net::HttpResponse)> reply) override;

 private:
  std::string metrics() const;

  const exchange::World& world_;
  exchange::Courier& courier_;
  net::Net& net_;
  const operate::Alerts& alerts_;
};

}  // namespace gateway
