// Copies of a whole store: made from a running one, examined, made fit for use. All throw Failure.
#pragma once
#include <string>

#include "gateway/store/sqlite/connection.h"
#include "gateway/store/store.h"

namespace gateway::store::sqlite {

Census take_census(Connection& db);

/// Copies what `source` sees in the transaction it is in to a new file, in steps; nullopt: `progress` stopped it. What
/// was written so far stays when it throws.
std::optional<Census> copy_database(Connection& source, const std::string& file, const Progress& progress);

/// Every page and every reference of the file, and the audit chain.
Result<Census> examine(Connection& db);

/// Numbers of messages and deliveries go on so much higher.
void skip_numbers(Connection& db, Id gap);

}  // namespace gateway::store::sqlite
