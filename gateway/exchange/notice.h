// Messages of the exchange about messages: `read-receipt` (somebody has read an urgent message) and `delivery-failed`
// (a gateway gave a message up). Both name a message by MessageHeader.response.identifier and hold nobody's data: a
// MessageHeader, an OperationOutcome, organisations. So policy has nothing to ask of them, no route is needed to take
// one, and a notice is never given about a notice. Thread-safe.
#pragma once
#include "gateway/exchange/passage.h"

namespace gateway::exchange {

inline constexpr std::string_view kReadReceipt = "read-receipt", kDeliveryFailed = "delivery-failed";

bool is_notice_event(std::string_view event);
/// A message Bundle with a notice's event and nothing in it but what a notice may hold.
bool names_nobody(fhir::JsonView bundle);

/// What tells the sending system that `dead` was given up, as deliveries of the same message: to the peer it came from,
/// or, when it is our own, where our routes lead `delivery-failed` from `local`. Empty: nobody can be told; the alert
/// `dead` and the list of dead deliveries stand for it.
std::vector<store::Delivery> notices_of(const World& world, const store::Delivery& dead, const std::string& reason);

/// Step of the intake: a notice names the message it is about and holds no record; a receipt ends the wait for it.
/// Fails as `invalid` with notice.response or notice.record.
fhir::Result<void> take_notice(const World& world, Passage& passage);
/// Where a receipt of our own people goes that no route takes: to the peer whose message they have read.
std::vector<std::string> way_back(const World& world, const Passage& passage);

}  // namespace gateway::exchange
