#include "gateway/store/sqlite/resources.h"

#include <fmt/format.h>

#include <algorithm>

#include "gateway/store/sqlite/packed.h"

namespace gateway::store::sqlite {
namespace {

struct Current {
  Id id = 0;
  std::int64_t version = 0;  // 0: there is none yet
};

Current current_of(Connection& db, const StoredResource& r) {
  auto rows = db.query("SELECT id, version FROM resource WHERE type = ? AND logical_id = ?", r.type, r.id);
  return rows.next() ? Current{rows.integer(0), rows.integer(1)} : Current{};
}

std::optional<Id> or_null(Id id) { return id == 0 ? std::nullopt : std::optional(id); }

Id insert_current(Connection& db, const StoredResource& r, Id message) {
  db.run(
      "INSERT INTO resource (type, logical_id, version, message, at, owner, event, correlation) "
      "VALUES (?, ?, 1, ?, ?, ?, ?, ?)",
      r.type, r.id, or_null(message), r.at, r.owner, r.event, r.correlation);
  return db.last_id();
}

void update_current(Connection& db, const Current& next, const StoredResource& r, Id message) {
  db.run("UPDATE resource SET version = ?, message = ?, at = ?, owner = ?, event = ?, correlation = ? WHERE id = ?",
         next.version, or_null(message), r.at, r.owner, r.event, r.correlation, next.id);
}

using Identifiers = decltype(StoredResource::identifiers);

Identifiers identifiers_of(Connection& db, Id resource) {
  Identifiers found;
  auto rows = db.query("SELECT system, value FROM resource_identifier WHERE resource = ?", resource);
  while (rows.next()) found.emplace_back(rows.text(0), rows.text(1));
  return found;
}

void insert_identifiers(Connection& db, Id resource, const StoredResource& r) {
  for (const auto& [system, value] : r.identifiers) {
    db.run("INSERT OR IGNORE INTO resource_identifier (type, value, system, resource) VALUES (?, ?, ?, ?)", r.type,
           value, system, resource);
  }
}

// Mostly they are what they were: then nothing is written.
void replace_identifiers(Connection& db, Id resource, const StoredResource& r) {
  const auto stored = identifiers_of(db, resource);
  if (std::ranges::is_permutation(stored, r.identifiers)) return;
  db.run("DELETE FROM resource_identifier WHERE resource = ?", resource);
  insert_identifiers(db, resource, r);
}

constexpr std::string_view kColumns =
    "r.id, r.type, r.logical_id, r.version, r.message, r.at, r.owner, r.event, r.correlation, v.json";
constexpr std::string_view kTables =
    "resource r JOIN resource_version v ON v.resource = r.id AND v.version = r.version";

struct Found {
  Id id = 0;  // of the row, for its identifiers
  StoredResource resource;
};

Found to_found(const Rows& row) {
  Found found;
  found.id = row.integer(0);
  StoredResource& r = found.resource;
  r.type = row.text(1);
  r.id = row.text(2);
  r.version = row.integer(3);
  r.message = row.integer(4);
  r.at = row.integer(5);
  r.owner = row.text(6);
  r.event = row.text(7);
  r.correlation = row.text(8);
  r.json = restore(row, 9);
  return found;
}

std::vector<StoredResource> with_identifiers(Connection& db, Rows rows) {
  std::vector<StoredResource> all;
  while (rows.next()) {
    Found found = to_found(rows);
    found.resource.identifiers = identifiers_of(db, found.id);
    all.push_back(std::move(found.resource));
  }
  return all;
}

}  // namespace

std::optional<std::int64_t> put_resource(Connection& db, const StoredResource& r, Id message) {
  Current current = current_of(db, r);
  if (r.replaces != StoredResource::kAny && r.replaces != current.version) return std::nullopt;
  ++current.version;
  if (current.id == 0) {
    current.id = insert_current(db, r, message);
    insert_identifiers(db, current.id, r);
  } else {
    update_current(db, current, r, message);
    replace_identifiers(db, current.id, r);
  }
  db.run("INSERT INTO resource_version (resource, version, message, at, json) VALUES (?, ?, ?, ?, ?)", current.id,
         current.version, or_null(message), r.at, Blob{r.json});
  return current.version;
}

std::string find_resource_sql() {
  return fmt::format("SELECT {} FROM {} WHERE r.type = ? AND r.logical_id = ?", kColumns, kTables);
}

std::optional<StoredResource> find_resource(Connection& db, std::string_view type, std::string_view id) {
  auto found = with_identifiers(db, db.query(find_resource_sql(), type, id));
  return found.empty() ? std::nullopt : std::optional(std::move(found.front()));
}

std::vector<std::string> owners_of(Connection& db, std::span<const ResourceName> names) {
  std::vector<std::string> owners;
  owners.reserve(names.size());
  for (const auto& [type, id] : names) {
    auto rows = db.query("SELECT owner FROM resource WHERE type = ? AND logical_id = ?", type, id);
    owners.push_back(rows.next() ? rows.text(0) : std::string());
  }
  return owners;
}

std::string resources_with_sql(bool any_system) {
  return fmt::format(
      "SELECT {} FROM {} WHERE r.id IN (SELECT resource FROM resource_identifier WHERE type = ?1 AND value = ?2{}) "
      "ORDER BY r.id DESC LIMIT ?4",
      kColumns, kTables, any_system ? "" : " AND system = ?3");
}

std::vector<StoredResource> resources_with(Connection& db, std::string_view type, std::string_view system,
                                           std::string_view value, std::size_t limit) {
  return with_identifiers(db, db.query(resources_with_sql(system.empty()), type, value, system, limit));
}

std::string resources_of_sql(bool any_type) {
  return fmt::format("SELECT {} FROM {} WHERE r.correlation = ?1{} ORDER BY r.id", kColumns, kTables,
                     any_type ? "" : " AND r.type = ?2");
}

std::vector<StoredResource> resources_of(Connection& db, std::string_view correlation, std::string_view type) {
  if (type.empty()) return with_identifiers(db, db.query(resources_of_sql(true), correlation));
  return with_identifiers(db, db.query(resources_of_sql(false), correlation, type));
}

void put_link(Connection& db, const PseudonymLink& link) {
  db.run("INSERT OR REPLACE INTO pseudonym_link (recipient, pseudonym, patient) VALUES (?, ?, ?)", link.recipient,
         link.pseudonym, Blob{link.patient_json});
}

std::optional<PseudonymLink> find_link(Connection& db, std::string_view recipient, std::string_view pseudonym) {
  auto rows =
      db.query("SELECT patient FROM pseudonym_link WHERE recipient = ? AND pseudonym = ?", recipient, pseudonym);
  if (!rows.next()) return std::nullopt;
  return PseudonymLink{std::string(recipient), std::string(pseudonym), restore(rows, 0)};
}

}  // namespace gateway::store::sqlite
