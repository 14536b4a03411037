// What time has to say, in one place: overdue claims and ended prescriptions, expired referrals, referrals asked of
// several sites that are answered. All of it is this site's own word, taken by the same way in as everybody's; what is
// owed is read from the store, so it survives a restart, and the same state gives the same message, so asking twice
// tells nobody twice.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "gateway/exchange/passage.h"

namespace gateway::exchange {

/// Arrival::actor of the gateway's own clock.
inline constexpr std::string_view kClockActor = "gateway:clock";

/// What is owed now. The messages are independent of each other.
std::vector<Arrival> owed_by_time(const World& world, const std::shared_ptr<const config::Config>& config);

/// Keys under which the store finds what the clock must look at, beside a resource's own identifiers.
std::vector<std::pair<std::string, std::string>> time_keys(fhir::JsonView resource);

/// Referrals of this site that nobody has answered in time (`answer_within` of their route), by the organisation asked;
/// "-" when the Task names none.
struct Unanswered {
  std::size_t count = 0;
  Millis since = 0;  // when the oldest should have been answered
};
std::map<std::string, Unanswered> unanswered_referrals(const World& world, const config::Config& config);

}  // namespace gateway::exchange
