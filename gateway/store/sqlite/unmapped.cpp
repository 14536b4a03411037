#include "gateway/store/sqlite/unmapped.h"

namespace gateway::store::sqlite {

void count_unmapped(Connection& db, const UnmappedCode& code) {
  db.run(
      "UPDATE unmapped_code SET count = count + ?, last_at = ?, map = ?, place = ?, "
      "display = CASE ? WHEN '' THEN display ELSE ? END WHERE map_table = ? AND code = ?",
      code.count, code.last, code.map, code.place, code.display, code.display, code.table, code.code);
  db.run(
      "INSERT INTO unmapped_code (map_table, code, map, display, place, count, first_at, last_at) "
      "SELECT ?, ?, ?, ?, ?, ?, ?, ? WHERE NOT EXISTS (SELECT 1 FROM unmapped_code WHERE map_table = ? AND code = ?) "
      "AND (SELECT count(*) FROM unmapped_code) < ?",
      code.table, code.code, code.map, code.display, code.place, code.count, code.last, code.last, code.table,
      code.code, static_cast<std::int64_t>(kMostUnmapped));
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
