// The FHIR API of a site, put together: the server and the exchange core behind it.
#pragma once
#include <functional>

#include "gateway/exchange/intake.h"
#include "gateway/rest/exchange_core.h"
#include "gateway/rest/server.h"

namespace gateway::rest {

class Api final : public net::HttpHandler {
 public:
  using Identify = std::function<fhir::Result<trust::Party>(const net::PeerCertificate&)>;

  /// All of these outlive the Api, and the Api every answer.
  Api(const exchange::World& world, exchange::Intake& intake, exchange::Mailbox& mailbox, Identify identify,
      ExchangeCore::Probe probe, exchange::Mailbox::Later later = {})
      : core_(world, intake, mailbox, std::move(probe)),
        server_({world.store, core_, world.config, std::move(identify), [&world] { return world.clock.now(); },
                 [&world] { return world.entropy.uuid(); }, std::move(later)}) {}

  void handle(net::HttpRequest request, std::move_only_function<void(net::HttpResponse)> reply) override {
    server_.handle(std::move(request), std::move(reply));
  }
  /// What was collected from a peer's mailbox: as if the peer had posted it here.
  void take(const config::Peer& peer, exchange::Letter letter, Server::Reply reply) {
    server_.take(peer, std::move(letter), std::move(reply));
  }

 private:
  ExchangeCore core_;
  Server server_;
};

}  // namespace gateway::rest
