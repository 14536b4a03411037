// What is urgent: critical values (危急值: an Observation interpreted as HH, LL or AA, in v2 OBX-8) on every route, and
// what a route's `urgent.when` holds for. Urgent deliveries are claimed before all else of their destination. Where the
// route says `read_within`, somebody at the other side must confirm that it was read (event read-receipt, notice.h);
// whom nobody has answered is remembered as a fact of kind kUnread, stored with the message and forgotten with the
// receipt, so a restart loses no wait. Thread-safe.
#pragma once
#include "gateway/exchange/passage.h"

namespace gateway::exchange {

inline constexpr std::string_view kUnread = "unread";

bool is_critical(fhir::JsonView bundle);
/// By its content or by its route, which must be chosen already.
bool is_urgent(const Passage& passage);

/// An urgent message that nobody has confirmed to have read.
struct Unread {
  std::string message;      // its MessageHeader.id, which a receipt names
  std::string destination;  // "peer:hainan", "local:his"
  std::string correlation, route;
  store::Millis since = 0, due = 0;
  std::vector<std::string> escalate_to;
  bool escalated = false;

  store::Fact fact(bool gone = false) const;
};

/// Whom the delivery makes wait; nothing when no receipt is wanted.
std::optional<store::Fact> await_reading(const Passage& passage, const store::Delivery& delivery);
/// Step of the intake, for a receipt: what its sender was waited for is over. Who was not waited for changes nothing.
fhir::Result<void> end_wait(const World& world, Passage& passage);
/// All that are waited for.
fhir::Result<std::vector<Unread>> unread(const store::Store& store);

/// The receipt that our own people give for a message, ready for the intake.
std::string receipt_for(const World& world, const config::Config& config, std::string_view message,
                        std::string_view correlation);

/// When a referral must have been answered: Task.restriction.period, else ServiceRequest.occurrence; a day counts to
/// its end in `zone`.
std::optional<store::Millis> answer_due(fhir::JsonView bundle, std::string_view zone);

}  // namespace gateway::exchange
