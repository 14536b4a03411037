#include "gateway/store/sqlite/unmapped.h"

namespace gateway::store::sqlite {

namespace {

constexpr Millis kKept = Millis{90} * 24 * 3'600'000;  // after the last time it was met

// Gone are those nobody meets any more, and when there is still no room, the one not met for longest.
void make_room(Connection& db, Millis now) {
  db.run("DELETE FROM unmapped_code WHERE last_at < ?", now - kKept);
  db.run(
      "DELETE FROM unmapped_code WHERE (SELECT count(*) FROM unmapped_code) >= ? AND (map_table, code) = "
      "(SELECT map_table, code FROM unmapped_code ORDER BY last_at LIMIT 1)",
      static_cast<std::int64_t>(kMostUnmapped));
}

}  // namespace

void count_unmapped(Connection& db, const UnmappedCode& code) {
  db.run(
      "UPDATE unmapped_code SET count = count + ?, last_at = ?, map = ?, place = ?, "
      "display = CASE ? WHEN '' THEN display ELSE ? END WHERE map_table = ? AND code = ?",
      code.count, code.last, code.map, code.place, code.display, code.display, code.table, code.code);
  if (db.changed() != 0) return;
  make_room(db, code.last);
  db.run(
      "INSERT INTO unmapped_code (map_table, code, map, display, place, count, first_at, last_at) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
      code.table, code.code, code.map, code.display, code.place, code.count, code.last, code.last);
}

std::vector<UnmappedCode> unmapped_codes(Connection& db) {
  std::vector<UnmappedCode> codes;
  auto rows = db.query(
      "SELECT map_table, code, map, display, place, count, first_at, last_at FROM unmapped_code "
      "ORDER BY count DESC, map_table, code");
  while (rows.next())
    codes.push_back({rows.text(0), rows.text(1), rows.text(2), rows.text(3), rows.text(4), rows.integer(5),
                     rows.integer(6), rows.integer(7)});
  return codes;
}

}  // namespace gateway::store::sqlite
