// Resources in versions, and pseudonym links, as statements on one connection; writes inside the writer's transaction,
// bodies packed. All throw Failure.
#pragma once
#include <optional>
#include <string_view>
#include <vector>

#include "gateway/store/sqlite/connection.h"
#include "gateway/store/store.h"

namespace gateway::store::sqlite {

/// Stores the next version and makes it current; returns its number, or nothing when `replaces` is not current.
std::optional<std::int64_t> put_resource(Connection& db, const StoredResource& packed, Id message);

std::vector<std::string> owners_of(Connection& db, std::span<const ResourceName> names);
std::optional<StoredResource> find_resource(Connection& db, std::string_view type, std::string_view id);
std::vector<StoredResource> resources_with(Connection& db, std::string_view type, std::string_view system,
                                           std::string_view value, std::size_t limit);
std::vector<StoredResource> resources_of(Connection& db, std::string_view correlation, std::string_view type);

void put_link(Connection& db, const PseudonymLink& packed);
std::optional<PseudonymLink> find_link(Connection& db, std::string_view recipient, std::string_view pseudonym);

/// Texts of the queries, for the test of their plans.
std::string find_resource_sql();
std::string resources_with_sql(bool any_system);
std::string resources_of_sql(bool any_type);

}  // namespace gateway::store::sqlite
