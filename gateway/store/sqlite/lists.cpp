#include "gateway/store/sqlite/lists.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace gateway::store::sqlite {
namespace {

const Key kNoKey;

constexpr std::size_t kMostKeys = 8;

// A key drives its own index, which ascends with the messages' numbers; without one the first filter drives its index,
// which ascends with time, and a unary + keeps the planner off the others. The state is written as a number because a
// partial index does not apply to a parameter.
class FindSql {
 public:
  explicit FindSql(const Find& what) : by_key_(!what.keys.empty()), driven_(by_key_) {
    sql_ = "SELECT m.id, m.at, m.door, m.sender, m.control_id, m.event, m.correlation, m.state, m.reason_code FROM ";
    sql_ += by_key_ ? "message_key k CROSS JOIN message m ON m.id = k.message WHERE k.kind = ?1 AND k.value = ?2"
                    : "message m WHERE TRUE";
    further_keys(what.keys.size());
    columns(what);
    sql_ += by_key_ ? " AND +m.at >= ?7" : " AND m.at >= ?7";
    order(what.before != 0);
  }
  std::string take() && { return std::move(sql_); }

 private:
  void further_keys(std::size_t count) {
    for (std::size_t i = 1; i < std::min(count, kMostKeys); ++i) {
      sql_ += fmt::format(" AND EXISTS (SELECT 1 FROM message_key WHERE kind = ?{} AND value = ?{} AND message = m.id)",
                          6 + 2 * i, 7 + 2 * i);
    }
  }

  void columns(const Find& what) {
    const int state = what.state ? static_cast<int>(*what.state) : 0;
    narrow(state != 0, fmt::format("m.state = {} AND {}m.state <> 0", state, driven_ ? "+" : ""));
    narrow(!what.event.empty(), "m.event = ?5");
    narrow(!what.sender.empty(), "m.sender = ?6");
    if (what.state && state == 0) sql_ += " AND +m.state = 0";
  }

  void narrow(bool given, std::string_view condition) {
    if (given) sql_.append(driven_ ? " AND +" : " AND ").append(condition);
    driven_ |= given;
  }

  void order(bool next_page) {
    if (next_page) sql_ += by_key_ ? " AND k.message < ?4" : " AND m.at <= ?3 AND (m.at < ?3 OR m.id < ?4)";
    sql_ += by_key_ ? " ORDER BY k.message DESC LIMIT ?22" : " ORDER BY m.at DESC, m.id DESC LIMIT ?22";
  }

  std::string sql_;
  bool by_key_, driven_;
};

Found to_found(const Rows& row) {
  Found found;
  found.id = row.integer(0);
  found.at = row.integer(1);
  found.door = row.text(2);
  found.sender = row.text(3);
  found.control_id = row.text(4);
  found.event = row.text(5);
  found.correlation = row.text(6);
  found.state = static_cast<MessageState>(row.integer(7));
  found.reason_code = row.text(8);
  return found;
}

Millis arrival_of(Connection& db, Id message) {
  auto rows = db.query("SELECT at FROM message WHERE id = ?", message);
  return rows.next() ? rows.integer(0) : 0;
}

void count_deliveries(Connection& db, Found& found) {
  auto rows = db.query(
      "SELECT CASE WHEN q.lease IS NULL THEN d.state ELSE 1 END, count(*) FROM delivery d LEFT JOIN queue q ON q.id = "
      "d.id WHERE d.message = ? GROUP BY 1",
      found.id);
  while (rows.next()) found.deliveries.at(static_cast<std::size_t>(rows.integer(0))) = rows.integer(1);
}

}  // namespace

std::string find_messages_sql(const Find& what) { return FindSql(what).take(); }

std::vector<Found> find_messages(Connection& db, const Find& what) {
  const auto key = [&](std::size_t i) -> const Key& { return i < what.keys.size() ? what.keys[i] : kNoKey; };
  const Millis before_at = what.before == 0 ? 0 : arrival_of(db, what.before);
  std::vector<Found> found;
  {
    auto rows = db.query(find_messages_sql(what), key(0).kind, key(0).value, before_at, what.before, what.event,
                         what.sender, what.since, key(1).kind, key(1).value, key(2).kind, key(2).value, key(3).kind,
                         key(3).value, key(4).kind, key(4).value, key(5).kind, key(5).value, key(6).kind, key(6).value,
                         key(7).kind, key(7).value, what.limit);
    while (rows.next()) found.push_back(to_found(rows));
  }
  for (Found& one : found) count_deliveries(db, one);
  return found;
}

std::vector<Attempt> attempts_of(Connection& db, Id delivery) {
  std::vector<Attempt> found;
  auto rows =
      db.query("SELECT number, at, actor, state, reason FROM attempt WHERE delivery = ? ORDER BY number", delivery);
  while (rows.next()) {
    found.push_back({static_cast<int>(rows.integer(0)), rows.integer(1), rows.text(2),
                     static_cast<DeliveryState>(rows.integer(3)), rows.text(4)});
  }
  return found;
}

std::vector<DeadCause> dead_causes(Connection& db) {
  std::vector<DeadCause> found;
  auto rows = db.query(
      "SELECT n.name, d.reason, count(*), min(d.settled_at), max(d.settled_at), max(d.id) FROM delivery d "
      "JOIN destination n ON n.id = d.destination WHERE d.state = 3 AND d.state IN (3, 4) "
      "GROUP BY d.destination, d.reason ORDER BY count(*) DESC, n.name, d.reason");
  while (rows.next()) {
    found.push_back({rows.text(0), rows.text(1), rows.integer(2), rows.integer(3), rows.integer(4), rows.integer(5)});
  }
  return found;
}

std::vector<Backlog> backlogs(Connection& db) {
  std::map<std::int64_t, Backlog> found;
  auto names = db.query("SELECT id, name FROM destination");
  while (names.next()) found[names.integer(0)].destination = names.text(1);
  // what is dead and holds its lane is counted with the dead
  auto queued = db.query(
      "SELECT destination, count(*), count(lease), min(id) FROM queue WHERE next_at < 9223372036854775807 "
      "GROUP BY destination");
  while (queued.next()) {
    Backlog& one = found[queued.integer(0)];
    one.claimed = queued.integer(2);
    one.waiting = queued.integer(1) - one.claimed;
    auto oldest =
        db.query("SELECT m.at FROM delivery d JOIN message m ON m.id = d.message WHERE d.id = ?", queued.integer(3));
    if (oldest.next()) one.oldest = oldest.integer(0);
  }
  auto parked = db.query("SELECT destination, state, count(*) FROM delivery WHERE state IN (3, 4) GROUP BY 1, 2");
  while (parked.next()) {
    Backlog& one = found[parked.integer(0)];
    (parked.integer(1) == 3 ? one.dead : one.held) = parked.integer(2);
  }
  std::vector<Backlog> all;
  for (auto& [number, one] : found) all.push_back(std::move(one));
  std::ranges::sort(all, {}, &Backlog::destination);
  return all;
}

}  // namespace gateway::store::sqlite
