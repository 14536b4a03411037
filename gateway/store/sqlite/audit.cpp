#include "gateway/store/sqlite/audit.h"

#include <fmt/format.h>

#include "gateway/store/audit_chain.h"

namespace gateway::store::sqlite {
namespace {

using fhir::Fault;

AuditEntry to_entry(const Rows& row) {
  return {row.integer(0), row.integer(1), row.text(2), row.text(3), row.text(4), row.text(5)};
}

std::unexpected<Error> broken_at(Id entry, std::string say) {
  return fhir::fail(Fault::broken, "store.audit-chain", fmt::format("audit entry {}", entry), std::move(say));
}

}  // namespace

AuditHead load_audit_head(Connection& db) {
  auto rows = db.query("SELECT audit_id, audit_hash FROM store");
  return rows.next() ? AuditHead{rows.integer(0), rows.text(1)} : AuditHead{0, std::string(kChainStart)};
}

void save_audit_head(Connection& db, const AuditHead& head) {
  db.run("UPDATE store SET audit_id = ?, audit_hash = ?", head.id, head.hash);
}

void append_audit(Connection& db, AuditHead& head, AuditEntry entry) {
  entry.id = head.id + 1;
  entry.hash = chain_hash(head.hash, entry);
  db.run("INSERT INTO audit (id, at, event, actor, detail, hash) VALUES (?, ?, ?, ?, ?, ?)", entry.id, entry.at,
         entry.event, entry.actor, entry.detail, entry.hash);
  head = {entry.id, std::move(entry.hash)};
}

std::vector<AuditEntry> list_audit(Connection& db, Id after, std::size_t limit) {
  std::vector<AuditEntry> found;
  auto rows =
      db.query("SELECT id, at, event, actor, detail, hash FROM audit WHERE id > ? ORDER BY id LIMIT ?", after, limit);
  while (rows.next()) found.push_back(to_entry(rows));
  return found;
}

Result<std::int64_t> verify_chain(Connection& db) {
  AuditHead last{0, std::string(kChainStart)};
  auto rows = db.query("SELECT id, at, event, actor, detail, hash FROM audit ORDER BY id");
  while (rows.next()) {
    const AuditEntry entry = to_entry(rows);
    if (entry.id != last.id + 1) return broken_at(last.id + 1, "is missing from the audit");
    if (entry.hash != chain_hash(last.hash, entry))
      return broken_at(entry.id, "was changed, or one before it was removed");
    last = {entry.id, entry.hash};
  }
  const AuditHead written = load_audit_head(db);
  if (written.id > last.id) return broken_at(last.id + 1, "and what follows is missing from the end of the audit");
  if (written.id < last.id) return broken_at(written.id + 1, "was added by something else than this gateway");
  if (written.hash != last.hash) return broken_at(last.id, "was written anew");
  return last.id;
}

}  // namespace gateway::store::sqlite
