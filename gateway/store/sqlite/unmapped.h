// Codes that tables had no answer to, as statements on one connection. All throw Failure.
#pragma once
#include <vector>

#include "gateway/store/sqlite/connection.h"
#include "gateway/store/store.h"

namespace gateway::store::sqlite {

/// Counts it on, or enters it while there is room.
void count_unmapped(Connection& db, const UnmappedCode& code);
std::vector<UnmappedCode> unmapped_codes(Connection& db);

}  // namespace gateway::store::sqlite
