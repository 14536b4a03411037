// The doors of a site as handlers of sockets: what a local system or a caller of the FHIR API sends goes to the intake,
// and its judgement comes back in the dialect of the door: an HL7 acknowledgement in the mode that was asked for, the
// vendor's JSON, or a FHIR acknowledgement or OperationOutcome.
#pragma once
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "adapters/hl7v2/ack.h"
#include "gateway/config/config.h"
#include "gateway/exchange/divided.h"
#include "gateway/exchange/intake.h"
#include "gateway/net/net.h"
#include "gateway/operate/worker.h"

namespace gateway::exchange {

/// One local MLLP door. The door is looked up by name in the configuration in force. A batch (FHS, BHS) in one frame is
/// taken message by message, and answered by one batch of their acknowledgements: by a thread of the door, which begins
/// with the first batch, a few messages at a time, so that one large batch does not hold up everybody else. What is
/// wrong with its envelope is logged and kept as held. A message that comes in parts is taken when the last of them is
/// there (divided.h). MLLP release 2: whether the message is stored is said first, and only what is stored is answered.
///
/// stop() before the store goes: batches that wait are dropped, unanswered, the messages under way are finished.
class MllpDoor final : public net::MllpHandler {
 public:
  MllpDoor(const World& world, Intake& intake, std::string name)
      : world_(world), intake_(intake), name_(std::move(name)) {}
  void handle(net::MllpRequest request, std::move_only_function<void(std::vector<std::string>)> reply) override;
  void broken(net::MllpRequest partial, fhir::Error why,
              std::move_only_function<void(std::vector<std::string>)> reply) override;
  void stop();

 private:
  class OpenBatch;
  /// Frames to answer with; `kept`: the message is in the store, accepted or not.
  using Reply = std::move_only_function<void(std::vector<std::string>, bool kept)>;
  using Configuration = std::shared_ptr<const config::Config>;
  void take_one(const Configuration& config, const config::Door& door, Arrival arrival,
                const adapters::hl7v2::Header& header, Millis until, Reply reply);
  void take_part(const Configuration& config, const Part& part, Reply reply);
  void keep_part(const Configuration& config, const Part& part, Reply reply);
  void take_batch(const Configuration& config, const config::Door& door, std::string bytes, Reply reply);
  void take_each(const Configuration& config, const config::Door& door, const std::shared_ptr<OpenBatch>& batch);
  void keep_envelope(const Configuration& config, const config::Door& door, const std::shared_ptr<OpenBatch>& batch);
  Millis patience(const config::Config& config) const { return world_.clock.now() + config.pressure.patience.count(); }
  void keep_broken(const Configuration& config, const config::Door& door, std::string bytes,
                   const adapters::hl7v2::Header& header, fhir::Error why, Reply reply);

  const World& world_;
  Intake& intake_;
  std::string name_;
  std::mutex mutex_;                          // of the pointer below
  std::unique_ptr<operate::Worker> batches_;  // none before the first batch
  bool stopped_ = false;
};

/// One local HTTP door: a vendor's JSON, posted.
class HttpDoor final : public net::HttpHandler {
 public:
  HttpDoor(const World& world, Intake& intake, std::string name)
      : world_(world), intake_(intake), name_(std::move(name)) {}
  void handle(net::HttpRequest request, std::move_only_function<void(net::HttpResponse)> reply) override;

 private:
  const World& world_;
  Intake& intake_;
  std::string name_;
};

}  // namespace gateway::exchange
