#include "gateway/store/sqlite/deliveries.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <tuple>

#include "gateway/observe/failpoint.h"
#include "gateway/store/sqlite/messages.h"
#include "gateway/store/sqlite/packed.h"

namespace gateway::store::sqlite {

const std::string_view kDueHeadsSql =
    "SELECT id, due_at FROM queue WHERE destination = ? AND urgent = ? AND due_at <= ? ORDER BY due_at, id LIMIT ?";
const std::string_view kLaneHeadSql =
    "SELECT id, lease FROM queue WHERE destination = ? AND lane = ? AND due_at IS NOT NULL AND lane IS NOT NULL";
const std::string_view kNextInLaneSql = "SELECT min(id) FROM queue WHERE destination = ? AND lane = ?";
const std::string_view kCountsSql =
    "SELECT (SELECT count(*) FROM queue) - (SELECT count(*) FROM queue WHERE next_at = 9223372036854775807), "
    "(SELECT count(*) FROM queue WHERE lease IS NOT NULL), "
    "(SELECT count(*) FROM delivery WHERE state = 3 AND state IN (3, 4)), "
    "(SELECT count(*) FROM delivery WHERE state = 4 AND state IN (3, 4)), "
    "(SELECT count(*) FROM message WHERE state = 1 AND state <> 0), "
    "(SELECT m.at FROM queue q JOIN delivery d ON d.id = q.id JOIN message m ON m.id = d.message "
    "WHERE q.next_at < 9223372036854775807 ORDER BY q.id LIMIT 1), "
    "(SELECT min(m.at) FROM delivery d JOIN message m ON m.id = d.message WHERE d.state = 4 AND d.state IN (3, 4)), "
    "(SELECT min(at) FROM message WHERE state = 1 AND state <> 0)";

namespace {

using Lane = std::optional<std::string>;

constexpr Millis kNever = std::numeric_limits<Millis>::max();

// A row of the queue, or what its row was.
struct Place {
  std::int64_t destination = 0;
  Lane lane;
  std::optional<Id> lease;
  bool urgent = false;
};

struct Head {
  Id id = 0;
  bool in_flight = false;
};

Lane lane_of(const std::string& key) { return key.empty() ? Lane() : Lane(key); }

std::optional<Head> head_of(Connection& db, std::int64_t destination, const std::string& lane) {
  auto rows = db.query(kLaneHeadSql, destination, lane);
  if (!rows.next()) return std::nullopt;
  return Head{rows.integer(0), !rows.null(1)};
}

Id next_in_lane(Connection& db, std::int64_t destination, const std::string& lane) {
  static constexpr std::string_view kSwapped = "SELECT max(id) FROM queue WHERE destination = ? AND lane = ?";
  auto rows = db.query(observe::planted("swapped-order") ? kSwapped : kNextInLaneSql, destination, lane);
  return rows.next() ? rows.integer(0) : 0;
}

void make_head(Connection& db, Id id) {
  db.run("UPDATE queue SET due_at = next_at WHERE id = ? AND lease IS NULL", id);
}

// The lowest id of a lane is its head, but for one that is in flight already: that one is waited for.
void seat_head(Connection& db, std::int64_t destination, const std::string& lane) {
  const auto head = head_of(db, destination, lane);
  if (head && head->in_flight) return;
  const Id first = next_in_lane(db, destination, lane);
  if (head && head->id == first) return;
  if (head) db.run("UPDATE queue SET due_at = NULL WHERE id = ?", head->id);
  make_head(db, first);
}

// What waits before an urgent one in its lane must not hold it up longer than it takes.
void hurry(Connection& db, Id id, std::int64_t destination, const std::string& lane) {
  db.run("UPDATE queue SET urgent = 1 WHERE destination = ? AND lane = ? AND id < ? AND urgent = 0", destination, lane,
         id);
}

void enqueue(Connection& db, Id id, const Place& place, Millis next_at) {
  const auto head = place.lane ? head_of(db, place.destination, *place.lane) : std::nullopt;
  db.run("INSERT INTO queue (id, destination, lane, next_at, due_at, urgent) VALUES (?, ?, ?, ?, ?, ?)", id,
         place.destination, place.lane, next_at, head ? std::optional<Millis>() : std::optional(next_at), place.urgent);
  if (head && place.urgent) hurry(db, id, place.destination, *place.lane);
  if (head && id < head->id) seat_head(db, place.destination, *place.lane);
}

void wait_again(Connection& db, Id id, const Place& place, Millis next_at) {
  db.run("UPDATE queue SET lease = NULL, next_at = ?, due_at = NULL WHERE id = ?", next_at, id);
  place.lane ? seat_head(db, place.destination, *place.lane) : make_head(db, id);
}

void leave_queue(Connection& db, Id id, const Place& place) {
  db.run("DELETE FROM queue WHERE id = ?", id);
  if (place.lane) seat_head(db, place.destination, *place.lane);
}

// Where its route says so, what is dead holds its lane: it stays there, due never.
void die(Connection& db, Id id, const Place& place) {
  auto rows = db.query("SELECT holds FROM delivery WHERE id = ?", id);
  const bool holds = place.lane && rows.next() && rows.integer(0) != 0;
  holds ? wait_again(db, id, place, kNever) : leave_queue(db, id, place);
}

std::optional<Place> queued(Connection& db, Id id) {
  auto rows = db.query("SELECT destination, lane, lease FROM queue WHERE id = ?", id);
  if (!rows.next()) return std::nullopt;
  Place place{rows.integer(0), std::nullopt, std::nullopt, false};
  if (!rows.null(1)) place.lane = rows.text(1);
  if (!rows.null(2)) place.lease = rows.integer(2);
  return place;
}

// Where a delivery stands that is not in the queue.
struct Parked {
  Place place;
  DeliveryState state = DeliveryState::waiting;
};

std::optional<Parked> parked(Connection& db, Id id) {
  auto rows = db.query("SELECT destination, lane, state, urgent FROM delivery WHERE id = ?", id);
  if (!rows.next()) return std::nullopt;
  Parked found{{rows.integer(0), std::nullopt, std::nullopt, rows.integer(3) != 0},
               static_cast<DeliveryState>(rows.integer(2))};
  if (!rows.null(1)) found.place.lane = rows.text(1);
  return found;
}

// Nothing for what was delivered at once: that is told by the delivery itself, and is nearly all there is.
void note_attempt(Connection& db, const Settlement& s) {
  constexpr int kKept = 20;
  if (s.state == DeliveryState::delivered && s.actor.empty()) return;
  db.run(
      "INSERT INTO attempt (delivery, number, at, actor, state, reason) "
      "SELECT ?1, coalesce(max(number), 0) + 1, ?2, ?3, ?4, ?5 FROM attempt WHERE delivery = ?1",
      s.delivery, s.at, s.actor, s.state, s.reason);
  db.run(
      "DELETE FROM attempt WHERE delivery = ?1 AND number <= "
      "(SELECT max(number) FROM attempt WHERE delivery = ?1) - ?2",
      s.delivery, kKept);
}

void record(Connection& db, const Settlement& s) {
  const Millis settled_at = s.state == DeliveryState::waiting ? 0 : s.at;
  const auto expires_at = s.expires_at == 0 ? std::optional<Millis>() : std::optional(s.expires_at);
  db.run(
      "UPDATE delivery SET state = ?, reason = ?, attempts = ?, settled_at = ?, answer = coalesce(?, answer), "
      "expires_at = coalesce(?, expires_at), replays = replays + ? WHERE id = ?",
      s.state, s.reason, s.attempts, settled_at, Blob{s.answer}, expires_at, s.replay, s.delivery);
  note_attempt(db, s);
}

Settled settle_queued(Connection& db, const Settlement& s, const Place& place) {
  const bool blind = observe::planted("lost-lease");
  if (s.lease == 0 && place.lease) return Settled::moved_on;
  if (s.lease != 0 && place.lease != s.lease && !blind) return Settled::lease_lost;
  if (s.state == DeliveryState::waiting) {
    wait_again(db, s.delivery, place, s.next_at);
  } else if (s.state == DeliveryState::dead) {
    die(db, s.delivery, place);
  } else {
    leave_queue(db, s.delivery, place);
  }
  return Settled::done;
}

// A person's change of what is not in the queue: dead or held ones may wait again, or be given up.
Settled settle_parked(Connection& db, const Settlement& s) {
  const auto found = parked(db, s.delivery);
  if (!found) return Settled::unknown;
  if (s.lease != 0) return Settled::lease_lost;
  if (found->state != DeliveryState::dead && found->state != DeliveryState::held) return Settled::moved_on;
  if (s.state == DeliveryState::waiting) enqueue(db, s.delivery, found->place, s.next_at);
  return Settled::done;
}

constexpr std::string_view kColumns =
    "d.id, d.message, n.name, d.lane, d.content_type, d.control_id, d.request_id, d.correlation, d.event, d.state, "
    "d.reason, d.attempts, d.expires_at, d.settled_at, d.answer, q.next_at, q.lease, d.replays, d.urgent, d.holds";
constexpr int kAfterColumns = 20;

Delivery to_delivery(const Rows& row) {
  Delivery d;
  d.id = row.integer(0);
  d.message = row.integer(1);
  d.destination = row.text(2);
  d.lane_key = row.text(3);
  d.content_type = row.text(4);
  d.control_id = row.text(5);
  d.request_id = row.text(6);
  d.correlation = row.text(7);
  d.event = row.text(8);
  d.state = row.null(16) ? static_cast<DeliveryState>(row.integer(9)) : DeliveryState::claimed;
  d.reason = row.text(10);
  d.attempts = static_cast<int>(row.integer(11));
  d.expires_at = row.integer(12);
  d.settled_at = row.integer(13);
  d.answer = restore_to_show(row, 14);
  d.next_at = row.integer(15) == kNever ? 0 : row.integer(15);
  d.replays = static_cast<int>(row.integer(17));
  d.urgent = row.integer(18) != 0;
  d.holds_lane = row.integer(19) != 0;
  return d;
}

std::vector<Delivery> to_deliveries(Rows rows) {
  std::vector<Delivery> found;
  while (rows.next()) found.push_back(to_delivery(rows));
  return found;
}

struct Due {
  bool later = false;    // not urgent
  std::size_t rank = 0;  // place among those due of its destination
  Millis at = 0;
  Id id = 0;
};

std::size_t room_of(const ClaimOrder& order, std::string_view destination) {
  const auto found = std::ranges::find(order.rooms, destination, &Room::destination);
  return found == order.rooms.end() ? order.count : std::min(found->count, order.count);
}

void add_due(Connection& db, std::int64_t destination, const ClaimOrder& order, std::size_t room,
             std::vector<Due>& due) {
  static constexpr std::string_view kBlind =
      "SELECT id, due_at FROM queue WHERE destination = ? AND urgent = ? AND (due_at <= ? OR lease IS NOT NULL) "
      "ORDER BY id LIMIT ?";
  std::size_t rank = 0;
  for (const bool urgent : {true, false}) {
    auto rows =
        db.query(observe::planted("lost-lease") ? kBlind : kDueHeadsSql, destination, urgent, order.now, room - rank);
    for (; rows.next(); ++rank) due.push_back({!urgent, rank, rows.integer(1), rows.integer(0)});
  }
}

// The urgent first, then longest due first, destinations taking turns: the backlog of one must not stand before the
// others.
std::vector<Due> due_heads(Connection& db, const ClaimOrder& order) {
  std::vector<Due> due;
  auto destinations = db.query("SELECT id, name FROM destination");
  while (destinations.next()) {
    const auto name = destinations.text(1);
    if (const auto room = room_of(order, name); room != 0) add_due(db, destinations.integer(0), order, room, due);
  }
  std::ranges::sort(due, {}, [](const Due& d) { return std::tuple(d.later, d.rank, d.at, d.id); });
  if (due.size() > order.count) due.resize(order.count);
  return due;
}

// A damaged body must stop only its own delivery.
std::optional<Delivery> readable(Connection& db, Id id) {
  try {
    return find_delivery(db, id);
  } catch (const Failure& failure) {
    if (failure.error.fault != fhir::Fault::needs_person) throw;
    return std::nullopt;
  }
}

void bury(Connection& db, Id id, Millis now) {
  const auto place = queued(db, id);
  if (place) die(db, id, *place);
  db.run("UPDATE delivery SET state = ?, reason = ?, settled_at = ? WHERE id = ?", DeliveryState::dead,
         "the stored bytes are damaged", now, id);
}

}  // namespace

std::int64_t Destinations::number(Connection& db, const std::string& name) {
  if (const auto found = known_.find(name); found != known_.end()) return found->second;
  db.run("INSERT OR IGNORE INTO destination (name) VALUES (?)", name);
  auto rows = db.query("SELECT id FROM destination WHERE name = ?", name);
  rows.next();
  return known_[name] = rows.integer(0);
}

void insert_delivery(Connection& db, Destinations& destinations, const Delivery& d, Id message, Millis at) {
  const auto destination = destinations.number(db, d.destination);
  const Lane lane = lane_of(d.lane_key);
  db.run(
      "INSERT INTO delivery (message, destination, lane, content_type, control_id, request_id, correlation, event, "
      "state, reason, attempts, expires_at, settled_at, answer, urgent, holds) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      message, destination, lane, d.content_type, d.control_id, d.request_id, d.correlation, d.event, d.state, d.reason,
      d.attempts, d.expires_at, d.settled_at, Blob{d.answer}, d.urgent, d.holds_lane);
  const Id id = db.last_id();
  db.run("INSERT INTO delivery_body (delivery, bytes) VALUES (?, ?)", id, Blob{d.bytes});
  if (d.state != DeliveryState::waiting) return;
  enqueue(db, id, {destination, lane, std::nullopt, d.urgent}, d.next_at != 0 ? d.next_at : at);
}

Settled settle(Connection& db, const Settlement& s) {
  const auto place = queued(db, s.delivery);
  const Settled result = place ? settle_queued(db, s, *place) : settle_parked(db, s);
  if (result == Settled::done) record(db, s);
  return result;
}

Claimed claim(Connection& db, const ClaimOrder& order, Id lease) {
  Claimed result;
  for (const Due& due : due_heads(db, order)) {
    db.run("UPDATE queue SET lease = ?, due_at = ? WHERE id = ?", lease, order.lease_until, due.id);
    if (auto delivery = readable(db, due.id)) {
      result.claims.push_back({lease++, std::move(*delivery)});
    } else {
      bury(db, due.id, order.now);
      result.damaged.push_back(due.id);
    }
  }
  return result;
}

// What was in flight waits again; in its lane a person may meanwhile have set back one that comes before it.
void void_leases(Connection& db) {
  struct InFlight {
    Id id;
    Place place;
    Millis next_at;
  };
  std::vector<InFlight> all;
  auto rows = db.query("SELECT id, destination, lane, next_at FROM queue WHERE lease IS NOT NULL");
  while (rows.next()) {
    all.push_back({rows.integer(0), {rows.integer(1), lane_of(rows.text(2)), std::nullopt, false}, rows.integer(3)});
  }
  for (const InFlight& one : all) wait_again(db, one.id, one.place, one.next_at);
}

std::vector<Delivery> deliveries_of(Connection& db, Id message) {
  static const std::string sql = fmt::format(
      "SELECT {} FROM delivery d JOIN destination n ON n.id = d.destination LEFT JOIN queue q ON q.id = d.id "
      "WHERE d.message = ? ORDER BY d.id",
      kColumns);
  return to_deliveries(db.query(sql, message));
}

std::vector<Delivery> deliveries_that_went(Connection& db, const Stretch& stretch, std::string_view destination) {
  std::vector<Delivery> found;
  for (const Message& message : messages_that_came(db, stretch)) {
    for (Delivery& one : deliveries_of(db, message.id))
      if (one.destination == destination) found.push_back(std::move(one));
  }
  return found;
}

std::string deliveries_in_sql(DeliveryState state) {
  std::string from, where;
  if (state == DeliveryState::waiting || state == DeliveryState::claimed) {
    from = "queue q JOIN delivery d ON d.id = q.id";
    where = state == DeliveryState::waiting ? "+q.lease IS NULL AND d.state = 0 AND q.id > ?"
                                            : "q.lease IS NOT NULL AND q.id > ?";
  } else {
    from = "delivery d LEFT JOIN queue q ON q.id = d.id";
    where = fmt::format("d.state = {} AND d.state IN (3, 4) AND d.id > ?", static_cast<int>(state));
  }
  return fmt::format("SELECT {} FROM {} JOIN destination n ON n.id = d.destination WHERE {} ORDER BY d.id LIMIT ?",
                     kColumns, from, where);
}

std::vector<Delivery> deliveries_in(Connection& db, DeliveryState state, Id after, std::size_t limit) {
  return to_deliveries(db.query(deliveries_in_sql(state), after, limit));
}

std::optional<Delivery> find_delivery(Connection& db, Id id) {
  static const std::string sql = fmt::format(
      "SELECT {}, b.bytes FROM delivery d JOIN destination n ON n.id = d.destination "
      "JOIN delivery_body b ON b.delivery = d.id LEFT JOIN queue q ON q.id = d.id WHERE d.id = ?",
      kColumns);
  auto rows = db.query(sql, id);
  if (!rows.next()) return std::nullopt;
  Delivery found = to_delivery(rows);
  found.bytes = restore(rows, kAfterColumns);
  return found;
}

Store::Counts count_queue(Connection& db) {
  auto rows = db.query(kCountsSql);
  rows.next();
  const auto oldest_held = [&] {
    if (rows.null(6)) return rows.integer(7);
    return rows.null(7) ? rows.integer(6) : std::min(rows.integer(6), rows.integer(7));
  }();
  return {rows.integer(0) - rows.integer(1), rows.integer(1), rows.integer(2),
          rows.integer(3) + rows.integer(4), rows.integer(5), oldest_held};
}

}  // namespace gateway::store::sqlite
