#include "gateway/store/sqlite/facts.h"

#include "gateway/store/sqlite/packed.h"

namespace gateway::store::sqlite {
namespace {

Fact to_fact(const Rows& row, std::string_view kind) {
  Fact fact;
  fact.kind = kind;
  fact.key = row.text(0);
  fact.at = row.integer(1);
  fact.value = restore(row, 2);
  return fact;
}

}  // namespace

void put_fact(Connection& db, const Fact& fact) {
  if (fact.gone) return db.run("DELETE FROM fact WHERE kind = ? AND key = ?", fact.kind, fact.key);
  db.run("INSERT OR REPLACE INTO fact (kind, key, at, value) VALUES (?, ?, ?, ?)", fact.kind, fact.key, fact.at,
         Blob{fact.value});
}

std::optional<Fact> find_fact(Connection& db, std::string_view kind, std::string_view key) {
  auto rows = db.query("SELECT key, at, value FROM fact WHERE kind = ? AND key = ?", kind, key);
  return rows.next() ? std::optional(to_fact(rows, kind)) : std::nullopt;
}

std::vector<Fact> list_facts(Connection& db, std::string_view kind) {
  std::vector<Fact> all;
  auto rows = db.query("SELECT key, at, value FROM fact WHERE kind = ? ORDER BY key", kind);
  while (rows.next()) all.push_back(to_fact(rows, kind));
  return all;
}

}  // namespace gateway::store::sqlite
