// The exchange core behind the FHIR server: messages and Tasks become arrivals of the intake, questions are answered
// from the store.
#pragma once
#include "gateway/exchange/intake.h"
#include "gateway/exchange/mailbox.h"
#include "gateway/operate/peer_test.h"
#include "gateway/rest/core.h"

namespace gateway::rest {

class ExchangeCore final : public Core {
 public:
  using Probe = std::function<void(const std::string& peer, std::move_only_function<void(operate::Probe)> done)>;

  /// All outlive it and every answer.
  ExchangeCore(const exchange::World& world, exchange::Intake& intake, exchange::Mailbox& mailbox, Probe probe)
      : world_(world), intake_(intake), mailbox_(mailbox), probe_(std::move(probe)) {}

  void process_message(PostedMessage message, Answered answered) override;
  void collect(const Caller& caller, exchange::CollectCall call, Answered answered) override;
  void put_task(TaskUpdate update, Answered answered) override;
  void trace(TraceQuestion question, Answered answered) override;
  void test_back(const Caller& caller, Answered answered) override;

 private:
  const exchange::World& world_;
  exchange::Intake& intake_;
  exchange::Mailbox& mailbox_;
  Probe probe_;
};

}  // namespace gateway::rest
