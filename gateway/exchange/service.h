// WebServices with one method (SOAP), as integration platforms have them: at a door of ours, and of a system that we
// deliver to. The record is text in one parameter; what becomes of it is text in the answer. (adapters/http/soap.h)
//
// At a door the whole request is what is stored as received, and unwrapped by the first step of the intake, so what was
// held can be released. A call that is no call of ours gets a SOAP fault and is kept; what is wrong with a record is
// said in the platform's own envelope, with HTTP 200, as platforms expect it.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "gateway/exchange/intake.h"
#include "gateway/exchange/retry.h"
#include "gateway/net/net.h"
#include "gateway/store/store.h"

namespace gateway::exchange {

/// A local HTTP door with `service`: POST calls the method, GET ?wsdl describes it.
class ServiceDoor final : public net::HttpHandler {
 public:
  ServiceDoor(const World& world, Intake& intake, std::string name)
      : world_(world), intake_(intake), name_(std::move(name)) {}
  void handle(net::HttpRequest request, std::move_only_function<void(net::HttpResponse)> reply) override;

 private:
  using Reply = std::move_only_function<void(net::HttpResponse)>;
  void call(std::shared_ptr<const config::Config> config, const config::Door& door, std::string body, Reply reply);

  const World& world_;
  Intake& intake_;
  std::string name_;
};

/// What the method was called with.
struct ServiceCall {
  std::string kind;  // what the action parameter says; empty: the record itself says it
  std::string record;
};
/// Of a request in UTF-8; errors are those of read_call, soap.method and soap.parameter.
fhir::Result<ServiceCall> read_service_call(const config::Door& door, std::string text);

/// What a platform is told at a door of format json or xml, or of any with `service`: in the door's own form, or
/// {"code","msg","msgId"} in JSON or XML.
std::string platform_answer(const config::Door& door, std::string_view code, std::string_view say, std::string_view id,
                            std::string_view reference);

/// A delivery to a system with `service`.
net::HttpRequest service_request(const config::System& system, const store::Delivery& delivery);

struct ServiceVerdict {
  Next next = Next::again;
  std::string reason;  // empty: done
};
/// What the answer of such a system means.
ServiceVerdict read_service_answer(const config::System& system, const store::Delivery& delivery,
                                   const net::HttpResponse& response);

}  // namespace gateway::exchange
