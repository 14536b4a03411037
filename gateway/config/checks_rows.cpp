// Staging databases: related tables hang where they can, the maps fit the tables, and what the door goes by is among
// what they read.
#include <fmt/format.h>

#include <algorithm>

#include "fhir/suggest.h"
#include "gateway/config/checks.h"
#include "gateway/config/codes.h"

namespace gateway::config {

namespace {

using adapters::rows::Related;
using adapters::rows::Shape;

struct RowDoor {
  const Draft& draft;
  Door& door;
  std::size_t index;

  const Polling& rows() const { return *door.rows; }
  void complain(std::string_view code, std::string say, std::string hint = {}) const {
    draft.reader.faults.error(draft.doors.at(index, "rows"), code, fmt::format("door \"{}\": {}", door.name, say),
                              std::move(hint));
  }
};

/// "" and the paths of the related tables.
std::vector<std::string_view> paths_of(const std::vector<std::string>& paths) { return {paths.begin(), paths.end()}; }

std::vector<std::string> table_paths(const Polling& rows) {
  std::vector<std::string> paths;
  for (const Related& related : rows.related) paths.push_back(related.path());
  return paths;
}

void check_related(const RowDoor& at) {
  std::vector<std::string> above;
  for (const Related& related : at.rows().related) {
    const auto known = paths_of(above);
    if (!related.of.empty() && std::ranges::find(above, related.of) == above.end())
      at.complain(code::kTarget,
                  fmt::format("'{}' is of '{}', which does not stand above it", related.table, related.of),
                  adapters::map::did_you_mean(related.of, known));
    if (std::ranges::find(above, related.path()) != above.end() || related.table == at.rows().table)
      at.complain(code::kTwice, fmt::format("the table '{}' is there twice", related.path()));
    if (!related.changed.empty() && !related.of.empty())
      at.complain(code::kNoEffect, fmt::format("`changed` means nothing for '{}'", related.path()),
                  "only tables directly below the door's own tell of changes; a sweep finds the others");
    above.push_back(related.path());
  }
}

/// A map reads tables that the door does not read: it would never find them.
void check_shape(const RowDoor& at, const adapters::map::Map& map) {
  if (map.shape() == nullptr || !map.accepts(at.rows().table))
    return at.complain(code::kMap, fmt::format("the map {} takes no rows of '{}'", map.name(), at.rows().table),
                       "its `source:` says format row, and accepts the table");
  const auto there = table_paths(at.rows());
  for (const Shape::Table& table : map.shape()->tables) {
    if (!table.path.empty() && std::ranges::find(there, table.path) == there.end())
      at.complain(code::kMap,
                  fmt::format("the map {} reads '{}', which is not among `related`", map.name(), table.path),
                  adapters::map::did_you_mean(table.path, paths_of(there)));
  }
}

/// Columns that the door goes by must be in a table it reads; if a map declares that table, also among its columns.
void check_column(const RowDoor& at, std::string_view key, std::string_view path) {
  const auto dot = path.rfind('.');
  const std::string table(dot == std::string_view::npos ? std::string_view() : path.substr(0, dot));
  const std::string_view column = path.substr(dot == std::string_view::npos ? 0 : dot + 1);
  const auto there = table_paths(at.rows());
  if (!table.empty() && std::ranges::find(there, table) == there.end())
    return at.complain(code::kTarget, fmt::format("`{}`: '{}' is not among `related`", key, table),
                       adapters::map::did_you_mean(table, paths_of(there)));
  for (const auto& map : at.door.maps) {
    if (map == nullptr || map->shape() == nullptr) continue;
    const auto& tables = map->shape()->tables;
    const auto declared = std::ranges::find(tables, table, &Shape::Table::path);
    if (declared == tables.end() || std::ranges::find(declared->columns, column) != declared->columns.end()) continue;
    at.complain(code::kTarget, fmt::format("`{}`: the map {} declares no column '{}'", key, map->name(), path),
                adapters::map::did_you_mean(column, paths_of(declared->columns)));
  }
}

void check_door(const RowDoor& at) {
  check_related(at);
  for (const auto& map : at.door.maps)
    if (map != nullptr) check_shape(at, *map);
  for (const auto& column : at.rows().key) check_column(at, "key", column);
  if (at.rows().ready) check_column(at, "ready", at.rows().ready->column);
  if (at.rows().deleted) check_column(at, "deleted", at.rows().deleted->column);
  if (at.draft.doors.has(at.index, "control_id"))
    at.complain(code::kNoEffect, "`control_id` means nothing here", "a row's states are told apart by its content");
}

}  // namespace

void check_rows(const Draft& draft) {
  if (!draft.documents.site) return;
  for (std::size_t i = 0; i < draft.config.doors.size(); ++i) {
    Door& door = draft.config.doors[i];
    if (!door.rows) continue;
    door.rows->charset = adapters::charset_named(door.charset).value_or(adapters::Charset::utf8);
    check_door({draft, door, i});
  }
}

}  // namespace gateway::config
