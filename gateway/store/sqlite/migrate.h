// The schema's history: numbered scripts, each run once, in order, in a transaction of its own (so a crash half-way
// leaves the version before it). The scripts are gateway/store/schema/NNNN_*.sql, built into the binary.
#pragma once
#include <span>
#include <string_view>

#include "fhir/result.h"
#include "gateway/store/sqlite/connection.h"

namespace gateway::store::sqlite {

struct Migration {
  int number = 0;
  std::string_view name, script;
};

/// All of them, ascending from 1 without gaps. Defined by cmake/embed.cmake.
std::span<const Migration> migrations();

/// "CWST" in the header of the file (PRAGMA application_id): this database is a Causeway store.
inline constexpr std::int64_t kApplicationId = 0x43575354;

/// Looks, without changing anything, whether the file is new or ours: refuses one of another program and one that a
/// newer Causeway has changed already. Throws Failure.
fhir::Result<void> check_origin(Connection& connection, std::span<const Migration> known);

/// Brings the file from whatever version it has to the last of `wanted`. Throws Failure when a statement fails.
void migrate(Connection& connection, std::span<const Migration> wanted);

}  // namespace gateway::store::sqlite
