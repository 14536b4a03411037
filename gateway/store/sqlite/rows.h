// Marks and bookmarks of staging databases, as statements on one connection. Writes run inside the writer's
// transaction. All throw Failure.
#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/store/sqlite/connection.h"
#include "gateway/store/store.h"

namespace gateway::store::sqlite {

void put_row_mark(Connection& db, const RowMark& mark, Id message);
void put_row_bookmark(Connection& db, const RowBookmark& bookmark);

std::vector<RowMark> find_row_marks(Connection& db, std::string_view door, std::span<const std::string> keys);
std::vector<RowMark> row_marks_after(Connection& db, std::string_view door, std::string_view key, std::size_t limit);
std::vector<RowMark> row_marks_in(Connection& db, std::string_view door, RowState state, std::size_t limit);
std::optional<RowBookmark> find_row_bookmark(Connection& db, std::string_view door, std::string_view stream);
std::vector<RowCount> count_rows(Connection& db);

/// What they run, for the test of their plans.
extern const std::string_view kRowMarksAfterSql, kRowMarksInSql, kRowCountsSql;

}  // namespace gateway::store::sqlite
