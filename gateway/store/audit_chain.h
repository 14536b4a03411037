// The audit's hash chain: every entry's hash covers the entry and the hash before it, so a changed, removed or inserted
// entry breaks the chain from there on. Pure, from any thread.
//
// An entry is hashed as netstrings (length:bytes,) of previous hash, id, at, event, actor and detail, which nobody can
// shift into one another; `printf '64:000...,1:1,...' | sha256sum` checks one by hand (docs/FORMATS.md).
#pragma once
#include <string>
#include <string_view>

#include "gateway/store/store.h"

namespace gateway::store {

/// What the first entry follows: 64 zeros.
inline constexpr std::string_view kChainStart = "0000000000000000000000000000000000000000000000000000000000000000";

/// The bytes that are hashed.
std::string canonical_entry(std::string_view previous_hash, const AuditEntry& entry);

/// 64 hexadecimal characters, for AuditEntry::hash.
std::string chain_hash(std::string_view previous_hash, const AuditEntry& entry);

}  // namespace gateway::store
