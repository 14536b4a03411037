#include "gateway/store/sqlite/sweep.h"

#include <fmt/format.h>

#include "gateway/observe/failpoint.h"

namespace gateway::store::sqlite {
namespace {

// Nobody has to do with it any more: not held, and every delivery delivered or cancelled.
constexpr std::string_view kFinished =
    "m.state <> 1 AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.message = m.id AND d.state IN (0, 3, 4))";

// What of a layer is still there; a message that was swept before is not found again.
constexpr std::string_view there(Layer layer) {
  switch (layer) {
    case Layer::duplicates:
      return "EXISTS (SELECT 1 FROM seen s WHERE s.sender = m.sender AND s.control_id = m.control_id AND s.message = "
             "m.id)";
    case Layer::sent:
      return "EXISTS (SELECT 1 FROM delivery d JOIN delivery_body b ON b.delivery = d.id WHERE d.message = m.id AND "
             "b.bytes IS NOT NULL)";
    case Layer::raw: return "EXISTS (SELECT 1 FROM message_body b WHERE b.message = m.id AND b.raw IS NOT NULL)";
    case Layer::content: break;
  }
  return "EXISTS (SELECT 1 FROM message_body b WHERE b.message = m.id AND (b.raw IS NOT NULL OR b.bundle IS NOT NULL "
         "OR "
         "b.explain IS NOT NULL))";
}

bool is_finished(Connection& db, Id message) {
  static const std::string sql = fmt::format("SELECT 1 FROM message m WHERE m.id = ? AND {}", kFinished);
  return db.query(sql, message).next();
}

void forget_duplicate(Connection& db, Id message) {
  db.run(
      "DELETE FROM seen WHERE message = ?1 AND (sender, control_id) = (SELECT sender, control_id FROM message WHERE id "
      "= ?1)",
      message);
  db.run(
      "DELETE FROM transmission WHERE message = ?1 AND (sender, id) = (SELECT sender, transmission FROM message WHERE "
      "id "
      "= ?1)",
      message);
}

void forget_sent(Connection& db, Id message) {
  db.run("UPDATE delivery_body SET bytes = NULL WHERE delivery IN (SELECT id FROM delivery WHERE message = ?)",
         message);
  db.run("DELETE FROM attempt WHERE delivery IN (SELECT id FROM delivery WHERE message = ?)", message);
}

// Those it brought last: a resource that a later message changed belongs to that one.
void forget_resources(Connection& db, Id message) {
  static constexpr std::string_view kBrought =
      "(SELECT r.id FROM resource r, message m WHERE m.id = ? AND r.correlation = m.correlation AND r.message = m.id)";
  for (const std::string_view from :
       {"resource_identifier WHERE resource IN", "resource_version WHERE resource IN", "resource WHERE id IN"}) {
    db.run(fmt::format("DELETE FROM {} {}", from, kBrought), message);
  }
}

void forget_content(Connection& db, Id message) {
  forget_duplicate(db, message);  // its answer goes, so a repeat could not be answered any more
  forget_sent(db, message);
  forget_resources(db, message);
  db.run("UPDATE delivery SET answer = NULL, lane = NULL WHERE message = ?", message);
  db.run("DELETE FROM business_id WHERE message = ?", message);
  db.run("DELETE FROM message_key WHERE message = ?", message);
  db.run("UPDATE message_body SET answer = NULL, explain = NULL, raw = NULL, bundle = NULL WHERE message = ?", message);
  db.run(
      "UPDATE message SET reason_code = 'retention', reason = 'its content was kept as long as it had to be' "
      "WHERE id = ? AND reason_code = ''",
      message);
}

}  // namespace

// From one event to the next along the index, without reading the messages between.
std::vector<std::string> stored_events(Connection& db) {
  std::vector<std::string> events;
  auto rows = db.query(
      "WITH RECURSIVE one (event) AS (SELECT min(event) FROM message UNION ALL SELECT (SELECT min(event) FROM message "
      "WHERE event > one.event) FROM one WHERE one.event IS NOT NULL) SELECT event FROM one WHERE event IS NOT NULL");
  while (rows.next()) events.push_back(rows.text(0));
  return events;
}

std::string expired_sql(Layer layer, bool refused) {
  return fmt::format(
      "SELECT m.id FROM message m WHERE m.event = ?1 AND m.at >= ?2 AND m.at < ?3 AND (m.at > ?2 OR m.id > ?4) AND "
      "+m.state IN ({}) AND {} AND {} ORDER BY m.at, m.id LIMIT ?5",
      refused ? "2, 4" : "0, 3", kFinished, there(layer));
}

std::vector<Id> expired_messages(Connection& db, const Expiry& what) {
  Millis from = 0;
  if (what.after != 0) {
    auto rows = db.query("SELECT at FROM message WHERE id = ?", what.after);
    if (rows.next()) from = rows.integer(0);
  }
  std::vector<Id> found;
  auto rows = db.query(expired_sql(what.layer, what.refused), what.event, from, what.before, what.after, what.limit);
  while (rows.next()) found.push_back(rows.integer(0));
  return found;
}

bool sweep_message(Connection& db, Layer layer, Id message) {
  observe::failpoint("store.sweeping");
  if (!is_finished(db, message)) return false;
  switch (layer) {
    case Layer::duplicates: forget_duplicate(db, message); break;
    case Layer::sent: forget_sent(db, message); break;
    case Layer::raw: db.run("UPDATE message_body SET raw = NULL WHERE message = ?", message); break;
    case Layer::content: forget_content(db, message); break;
  }
  return true;
}

}  // namespace gateway::store::sqlite
