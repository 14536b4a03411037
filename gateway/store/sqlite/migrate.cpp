#include "gateway/store/sqlite/migrate.h"

#include <fmt/format.h>

namespace gateway::store::sqlite {
namespace {

using fhir::Fault;
using fhir::Result;

std::int64_t pragma(Connection& connection, std::string_view question) {
  auto rows = connection.query(question);
  return rows.next() ? rows.integer(0) : 0;
}

// PRAGMAs of the header are part of the transaction, like everything else in the file.
void run(Connection& connection, const Migration& step) {
  connection.execute("BEGIN IMMEDIATE");
  connection.execute(std::string(step.script));
  connection.execute(fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {}", kApplicationId, step.number));
  connection.execute("COMMIT");
}

}  // namespace

Result<void> check_origin(Connection& connection, std::span<const Migration> known) {
  const auto owner = pragma(connection, "PRAGMA application_id");
  const bool fresh = owner == 0 && pragma(connection, "SELECT count(*) FROM sqlite_schema") == 0;
  if (!fresh && owner != kApplicationId) {
    return fhir::fail(Fault::needs_person, "store.foreign", "", "this database belongs to another program");
  }
  const auto version = pragma(connection, "PRAGMA user_version");
  if (version <= known.back().number) return {};
  return fhir::fail(Fault::needs_person, "store.newer", "",
                    fmt::format("the file has schema {}, this program knows up to {}: use a newer Causeway", version,
                                known.back().number));
}

void migrate(Connection& connection, std::span<const Migration> wanted) {
  const auto version = pragma(connection, "PRAGMA user_version");
  for (const Migration& step : wanted) {
    if (step.number > version) run(connection, step);
  }
}

}  // namespace gateway::store::sqlite
