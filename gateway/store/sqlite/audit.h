// The audit as statements on one connection: appended by the writer in the transaction of what it records, in the order
// of the commits. All throw Failure.
#pragma once
#include <string>
#include <vector>

#include "gateway/store/sqlite/connection.h"
#include "gateway/store/store.h"

namespace gateway::store::sqlite {

/// The last entry of the chain; the writer keeps it and takes an older copy back when it rolls back.
struct AuditHead {
  Id id = 0;
  std::string hash;
};

AuditHead load_audit_head(Connection& db);
void save_audit_head(Connection& db, const AuditHead& head);
void append_audit(Connection& db, AuditHead& head, AuditEntry entry);

std::vector<AuditEntry> list_audit(Connection& db, Id after, std::size_t limit);
Result<std::int64_t> verify_chain(Connection& db);

}  // namespace gateway::store::sqlite
