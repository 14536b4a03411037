#include "gateway/store/sqlite/rows.h"

namespace gateway::store::sqlite {
namespace {

constexpr std::string_view kOne =
    "SELECT key, hash, state, reason, version, live, at, message FROM row_mark WHERE door = ? AND key = ?";

RowMark mark_of(const Rows& rows, std::string_view door) {
  return {.door = std::string(door),
          .key = rows.text(0),
          .hash = rows.text(1),
          .state = static_cast<RowState>(rows.integer(2)),
          .reason = rows.text(3),
          .version = rows.integer(4),
          .live = rows.integer(5) != 0,
          .at = rows.integer(6),
          .message = rows.integer(7)};
}

std::vector<RowMark> all(Rows rows, std::string_view door) {
  std::vector<RowMark> marks;
  while (rows.next()) marks.push_back(mark_of(rows, door));
  return marks;
}

}  // namespace

const std::string_view kRowMarksAfterSql =
    "SELECT key, hash, state, reason, version, live, at, message FROM row_mark WHERE door = ? AND key > ? ORDER BY key "
    "LIMIT "
    "?";
const std::string_view kRowMarksInSql =
    "SELECT key, hash, state, reason, version, live, at, message FROM row_mark WHERE door = ? AND state = ? ORDER BY "
    "at "
    "LIMIT ?";
const std::string_view kRowCountsSql = "SELECT door, state, count(*), min(at) FROM row_mark GROUP BY door, state";

void put_row_mark(Connection& db, const RowMark& mark, Id message) {
  db.run(
      "INSERT INTO row_mark VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (door, key) DO UPDATE SET hash = "
      "excluded.hash, "
      "state = excluded.state, reason = excluded.reason, version = excluded.version, live = excluded.live, "
      "at = excluded.at, "
      "message = coalesce(excluded.message, message)",
      mark.door, mark.key, mark.hash, mark.state, mark.reason, mark.version, mark.live, mark.at,
      message == 0 ? std::optional<Id>() : std::optional(message));
}

void put_row_bookmark(Connection& db, const RowBookmark& bookmark) {
  db.run("INSERT OR REPLACE INTO row_bookmark VALUES (?, ?, ?, ?)", bookmark.door, bookmark.stream, bookmark.changed,
         bookmark.key);
}

std::vector<RowMark> find_row_marks(Connection& db, std::string_view door, std::span<const std::string> keys) {
  std::vector<RowMark> marks;
  for (const auto& key : keys) {
    auto rows = db.query(kOne, door, key);
    if (rows.next()) marks.push_back(mark_of(rows, door));
  }
  return marks;
}

std::vector<RowMark> row_marks_after(Connection& db, std::string_view door, std::string_view key, std::size_t limit) {
  return all(db.query(kRowMarksAfterSql, door, key, limit), door);
}

std::vector<RowMark> row_marks_in(Connection& db, std::string_view door, RowState state, std::size_t limit) {
  return all(db.query(kRowMarksInSql, door, state, limit), door);
}

std::optional<RowBookmark> find_row_bookmark(Connection& db, std::string_view door, std::string_view stream) {
  auto rows = db.query("SELECT changed, key FROM row_bookmark WHERE door = ? AND stream = ?", door, stream);
  if (!rows.next()) return std::nullopt;
  return RowBookmark{std::string(door), std::string(stream), rows.text(0), rows.text(1)};
}

std::vector<RowCount> count_rows(Connection& db) {
  std::vector<RowCount> counts;
  auto rows = db.query(kRowCountsSql);
  while (rows.next())
    counts.push_back({rows.text(0), static_cast<RowState>(rows.integer(1)), rows.integer(2), rows.integer(3)});
  return counts;
}

}  // namespace gateway::store::sqlite
