// What the site remembers of itself, as statements on one connection; written inside the writer's transaction, values
// packed. All throw Failure.
#pragma once
#include <optional>
#include <string_view>
#include <vector>

#include "gateway/store/sqlite/connection.h"
#include "gateway/store/store.h"

namespace gateway::store::sqlite {

/// Writes it anew, or forgets it when it is `gone`.
void put_fact(Connection& db, const Fact& packed);

std::optional<Fact> find_fact(Connection& db, std::string_view kind, std::string_view key);
std::vector<Fact> list_facts(Connection& db, std::string_view kind);

}  // namespace gateway::store::sqlite
