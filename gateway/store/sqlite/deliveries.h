// Deliveries and the queue, as statements on one connection; writes inside the writer's transaction, bodies packed.
// All throw Failure.
//
// `queue` holds what is still to be delivered. In each lane (destination, lane key) exactly one row is the head and has
// a due_at: the time it may be claimed, or, while it is claimed, the time its lease ends. So "what can be claimed" is a
// range of one index, however long the lanes behind the heads are. A dead delivery that holds its lane stays its head,
// due never.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "gateway/store/sqlite/connection.h"
#include "gateway/store/store.h"

namespace gateway::store::sqlite {

/// The numbers of destinations. A cache over a table that only grows; forget() after a rollback.
class Destinations {
 public:
  std::int64_t number(Connection& db, const std::string& name);
  void forget() { known_.clear(); }

 private:
  std::unordered_map<std::string, std::int64_t> known_;
};

/// Stores a delivery of `message` that arrived `at`; a waiting one enters the queue.
void insert_delivery(Connection& db, Destinations& destinations, const Delivery& packed, Id message, Millis at);

enum class Settled { done, lease_lost, moved_on, unknown };
Settled settle(Connection& db, const Settlement& packed);

/// See Store::claim(). `lease` is the first of `count` unused lease numbers.
struct ClaimOrder {
  Millis now = 0, lease_until = 0;
  std::size_t count = 0;
  std::vector<Room> rooms;
};
struct Claimed {
  std::vector<Claim> claims;
  std::vector<Id> damaged;  // their stored bytes cannot be restored: now dead
};
Claimed claim(Connection& db, const ClaimOrder& order, Id lease);

/// After a restart nobody can hold a lease: their deliveries wait again, from where they stood.
void void_leases(Connection& db);

std::vector<Delivery> deliveries_of(Connection& db, Id message);
std::vector<Delivery> deliveries_in(Connection& db, DeliveryState state, Id after, std::size_t limit);
/// Of the messages of the stretch, those for this destination; without bytes.
std::vector<Delivery> deliveries_that_went(Connection& db, const Stretch& stretch, std::string_view destination);
std::optional<Delivery> find_delivery(Connection& db, Id id);  // with bytes
Store::Counts count_queue(Connection& db);

/// Texts of the statements that must be served by an index, for the test of their plans.
extern const std::string_view kDueHeadsSql, kLaneHeadSql, kNextInLaneSql, kCountsSql;
std::string deliveries_in_sql(DeliveryState state);

}  // namespace gateway::store::sqlite
