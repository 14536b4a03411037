// What goes when its retention is over, as statements on one connection: looking runs on a reader, so that only the
// deleting itself takes the writer's time. All throw Failure.
#pragma once
#include <string>
#include <vector>

#include "gateway/store/sqlite/connection.h"
#include "gateway/store/store.h"

namespace gateway::store::sqlite {

std::vector<std::string> stored_events(Connection& db);
std::vector<Id> expired_messages(Connection& db, const Expiry& what);

/// False: it may not go (any more), and nothing was done.
bool sweep_message(Connection& db, Layer layer, Id message);

/// Texts of the statements, for the test of their plans.
std::string expired_sql(Layer layer, bool refused);

}  // namespace gateway::store::sqlite
