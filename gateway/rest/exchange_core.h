// The exchange core behind the FHIR server: messages and Tasks become arrivals of the intake, questions are answered
// from the store.
#pragma once
#include "gateway/exchange/intake.h"
#include "gateway/rest/core.h"

namespace gateway::rest {

class ExchangeCore final : public Core {
 public:
  /// Both outlive it and every answer.
  ExchangeCore(const exchange::World& world, exchange::Intake& intake) : world_(world), intake_(intake) {}

  void process_message(PostedMessage message, Answered answered) override;
  void put_task(TaskUpdate update, Answered answered) override;
  void trace(TraceQuestion question, Answered answered) override;

 private:
  const exchange::World& world_;
  exchange::Intake& intake_;
};

}  // namespace gateway::rest
