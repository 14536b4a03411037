#include "gateway/store/sqlite/messages.h"

#include <fmt/format.h>

#include "gateway/observe/failpoint.h"
#include "gateway/store/sqlite/packed.h"

namespace gateway::store::sqlite {
namespace {

constexpr std::string_view kHead =
    "m.id, m.at, m.door, m.sender, m.control_id, m.transmission, m.content_hash, m.event, m.correlation, m.state, "
    "m.reason_code, m.reason, b.answer, b.explain";
constexpr int kAfterHead = 14;

Message to_message(const Rows& row) {
  Message m;
  m.id = row.integer(0);
  m.at = row.integer(1);
  m.door = row.text(2);
  m.sender = row.text(3);
  m.control_id = row.text(4);
  m.transmission = row.text(5);
  m.content_hash = row.text(6);
  m.event = row.text(7);
  m.correlation = row.text(8);
  m.state = static_cast<MessageState>(row.integer(9));
  m.reason_code = row.text(10);
  m.reason = row.text(11);
  m.answer = restore_to_show(row, 12);
  m.explain = restore_to_show(row, 13);
  return m;
}

std::vector<std::string> business_ids_of(Connection& db, Id message) {
  std::vector<std::string> ids;
  auto rows = db.query("SELECT value FROM business_id WHERE message = ? ORDER BY value", message);
  while (rows.next()) ids.push_back(rows.text(0));
  return ids;
}

std::optional<Seen> to_seen(Rows rows) {
  if (!rows.next()) return std::nullopt;
  return Seen{rows.integer(0), rows.text(1), restore(rows, 2), rows.integer(3)};
}

}  // namespace

Id insert_message(Connection& db, const Message& m) {
  db.run(
      "INSERT INTO message (at, door, sender, control_id, transmission, content_hash, event, correlation, state, "
      "reason_code, reason) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      m.at, m.door, m.sender, m.control_id, m.transmission, m.content_hash, m.event, m.correlation, m.state,
      m.reason_code, m.reason);
  const Id id = db.last_id();
  db.run("INSERT INTO message_body (message, answer, explain, raw, bundle) VALUES (?, ?, ?, ?, ?)", id, Blob{m.answer},
         Blob{m.explain}, Blob{m.raw}, Blob{m.bundle});
  for (const auto& value : m.business_ids) {
    if (!value.empty()) db.run("INSERT OR IGNORE INTO business_id (value, message) VALUES (?, ?)", value, id);
  }
  return id;
}

void insert_keys(Connection& db, const std::vector<Key>& keys, Id message) {
  for (const Key& key : keys) {
    if (key.value.empty()) continue;
    db.run("INSERT OR IGNORE INTO message_key (kind, value, message) VALUES (?, ?, ?)", key.kind, key.value, message);
  }
}

bool change_message(Connection& db, const MessageChange& change) {
  db.run("UPDATE message SET state = ?, reason = ? WHERE id = ? AND state = ?", change.to, change.reason,
         change.message, change.from);
  if (db.changed() == 0) return false;
  if (!change.answer.empty()) {
    db.run("UPDATE message_body SET answer = ? WHERE message = ?", Blob{change.answer}, change.message);
  }
  return true;
}

std::optional<Seen> find_seen(Connection& db, std::string_view sender, std::string_view control_id) {
  return to_seen(
      db.query("SELECT m.id, m.content_hash, b.answer, m.at FROM seen s JOIN message m ON m.id = s.message "
               "JOIN message_body b ON b.message = s.message WHERE s.sender = ? AND s.control_id = ?",
               sender, control_id));
}

std::optional<Seen> find_seen(Connection& db, Id message) {
  return to_seen(
      db.query("SELECT m.id, m.content_hash, b.answer, m.at FROM message own "
               "JOIN seen s ON s.sender = own.sender AND s.control_id = own.control_id "
               "JOIN message m ON m.id = s.message JOIN message_body b ON b.message = s.message WHERE own.id = ?",
               message));
}

std::optional<Seen> find_transmission(Connection& db, std::string_view sender, std::string_view id) {
  return to_seen(
      db.query("SELECT m.id, m.content_hash, b.answer, m.at FROM transmission t JOIN message m ON m.id = t.message "
               "JOIN message_body b ON b.message = t.message WHERE t.sender = ? AND t.id = ?",
               sender, id));
}

// In the place of an older one only where the commit says that it is outdated: else it would have been a duplicate.
void remember(Connection& db, const Message& m, Id id) {
  if (observe::planted("forgotten-duplicate-row") || m.control_id.empty()) return;
  db.run("INSERT OR REPLACE INTO seen (sender, control_id, message) VALUES (?, ?, ?)", m.sender, m.control_id, id);
}

void remember(Connection& db, Id message) {
  if (observe::planted("forgotten-duplicate-row")) return;
  db.run(
      "INSERT OR REPLACE INTO seen (sender, control_id, message) SELECT sender, control_id, id FROM message "
      "WHERE id = ? AND control_id <> ''",
      message);
}

void remember_transmission(Connection& db, const Message& m, Id id) {
  if (observe::planted("forgotten-duplicate-row") || m.transmission.empty()) return;
  db.run("INSERT OR REPLACE INTO transmission (sender, id, message) VALUES (?, ?, ?)", m.sender, m.transmission, id);
}

std::optional<Message> find_message(Connection& db, Id id) {
  static const std::string sql = fmt::format(
      "SELECT {}, b.raw, b.bundle FROM message m JOIN message_body b ON b.message = m.id WHERE m.id = ?", kHead);
  auto rows = db.query(sql, id);
  if (!rows.next()) return std::nullopt;
  Message found = to_message(rows);
  found.raw = restore(rows, kAfterHead);
  found.bundle = restore(rows, kAfterHead + 1);
  found.business_ids = business_ids_of(db, id);
  return found;
}

// The first filter given drives its index, which is (column, at); a unary + keeps the planner off the others. The state
// is written as a number because a partial index does not apply to a parameter.
std::string list_messages_sql(const Query& query) {
  std::string sql = fmt::format("SELECT {} FROM message m JOIN message_body b ON b.message = m.id WHERE TRUE", kHead);
  bool driven = false;
  const auto narrow = [&](bool given, std::string_view condition) {
    if (given) sql.append(driven ? " AND +" : " AND ").append(condition);
    driven |= given;
  };
  const int state = query.state ? static_cast<int>(*query.state) : 0;
  narrow(!query.business_id.empty(), "m.id IN (SELECT message FROM business_id WHERE value = ?1)");
  const bool by_id = driven;
  narrow(!query.correlation.empty(), "m.correlation = ?2");
  narrow(state != 0, fmt::format("m.state = {} AND m.state <> 0", state));
  narrow(!query.event.empty(), "m.event = ?3");
  narrow(!query.sender.empty(), "m.sender = ?4");
  if (query.state && state == 0) sql += " AND +m.state = 0";
  sql.append(by_id ? " AND +" : " AND ").append("m.at >= ?5 ORDER BY m.at DESC, m.id DESC LIMIT ?6");
  return sql;
}

std::vector<Message> list_messages(Connection& db, const Query& query) {
  std::vector<Message> found;
  {
    auto rows = db.query(list_messages_sql(query), query.business_id, query.correlation, query.event, query.sender,
                         query.since, query.limit);
    while (rows.next()) found.push_back(to_message(rows));
  }
  for (Message& message : found) message.business_ids = business_ids_of(db, message.id);
  return found;
}

// ?1 from, ?2 until, ?3 after (and ?4 when that came), ?5 limit, ?6 sender.
std::string stretch_sql(std::string_view columns, std::string_view tables, bool any_sender) {
  return fmt::format(
      "SELECT {} FROM {} WHERE {}m.at >= max(?1, ?4) AND m.at < ?2 AND (m.at > ?4 OR m.id > ?3) "
      "ORDER BY m.at, m.id LIMIT ?5",
      columns, tables, any_sender ? "" : "m.sender = ?6 AND ");
}

std::vector<Message> messages_that_came(Connection& db, const Stretch& stretch) {
  std::vector<Message> found;
  Millis at = 0;
  if (stretch.after != 0) {
    auto rows = db.query("SELECT at FROM message WHERE id = ?", stretch.after);
    if (rows.next()) at = rows.integer(0);
  }
  {
    static const std::string kTables = "message m JOIN message_body b ON b.message = m.id";
    const bool any = stretch.sender.empty();
    auto rows =
        any ? db.query(stretch_sql(kHead, kTables, true), stretch.from, stretch.until, stretch.after, at, stretch.limit)
            : db.query(stretch_sql(kHead, kTables, false), stretch.from, stretch.until, stretch.after, at,
                       stretch.limit, stretch.sender);
    while (rows.next()) found.push_back(to_message(rows));
  }
  for (Message& message : found) message.business_ids = business_ids_of(db, message.id);
  return found;
}

}  // namespace gateway::store::sqlite
