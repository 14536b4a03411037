// What people look for: messages by business keys, a delivery's tries, causes of death, backlogs.
#pragma once
#include "gateway/store/sqlite/connection.h"
#include "gateway/store/store.h"

namespace gateway::store::sqlite {

std::vector<Found> find_messages(Connection& db, const Find& what);
std::vector<Attempt> attempts_of(Connection& db, Id delivery);
std::vector<DeadCause> dead_causes(Connection& db);
std::vector<Backlog> backlogs(Connection& db);

/// The text find_messages() runs for these filters, for the test of its plan.
std::string find_messages_sql(const Find& what);

}  // namespace gateway::store::sqlite
