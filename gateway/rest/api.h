// The FHIR API of a site, as its peers and partners see it: one table of interactions (kInteractions in api.cpp), from
// which dispatch, 405s and the CapabilityStatement all follow (FHIR R4 http.html, messaging.html, capabilitystatement.html).
//
// Every caller is known by its certificate. A partner sees what a grant names and nothing else: what it may not see
// answers exactly as what is not there (404). Every disclosure is in the audit before the first byte of it leaves.
// Every failure is an OperationOutcome whose status comes from exchange/retry.h.
#pragma once
#include <functional>
#include <memory>
#include <string>

#include "gateway/config/config.h"
#include "gateway/exchange/intake.h"
#include "gateway/net/net.h"
#include "gateway/trust/roster.h"

namespace gateway::rest {

/// Whose certificate it is; an error when it is nobody's.
using Identify = std::function<fhir::Result<trust::Party>(const net::PeerCertificate&)>;

class Api final : public net::HttpHandler {
 public:
  /// All of these outlive the Api.
  Api(const exchange::World& world, exchange::Intake& intake, Identify identify)
      : world_(world), intake_(intake), identify_(std::move(identify)) {}

  void handle(net::HttpRequest request, std::move_only_function<void(net::HttpResponse)> reply) override;

  struct Call;  // one request, taken apart
  using Reply = std::move_only_function<void(net::HttpResponse)>;

  void metadata(Call call, Reply reply);
  void read(Call call, Reply reply);
  void search(Call call, Reply reply);
  void update_task(Call call, Reply reply);
  void process_message(Call call, Reply reply);
  void trace(Call call, Reply reply);

 private:
  void disclose(Call call, const std::vector<store::StoredResource>& shown, net::HttpResponse response, Reply reply);

  const exchange::World& world_;
  exchange::Intake& intake_;
  Identify identify_;
};

}  // namespace gateway::rest
