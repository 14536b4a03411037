#include "gateway/store/audit_chain.h"

#include "gateway/trust/digest.h"

namespace gateway::store {
namespace {

void netstring(std::string& out, std::string_view bytes) {
  out.append(std::to_string(bytes.size())).append(":").append(bytes).append(",");
}

}  // namespace

std::string canonical_entry(std::string_view previous_hash, const AuditEntry& entry) {
  std::string out;
  netstring(out, previous_hash);
  netstring(out, std::to_string(entry.id));
  netstring(out, std::to_string(entry.at));
  netstring(out, entry.event);
  netstring(out, entry.actor);
  netstring(out, entry.detail);
  return out;
}

std::string chain_hash(std::string_view previous_hash, const AuditEntry& entry) {
  return trust::sha256_hex(canonical_entry(previous_hash, entry));
}

}  // namespace gateway::store
