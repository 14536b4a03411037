// What no single value can show: names that must be known, identities that must be apart, routes that never match, maps
// that do not fit. Run after all four files are read; also fills in what follows from several keys (defaults by scheme
// or jurisdiction, `local`).
#pragma once
#include <optional>

#include "gateway/config/reader.h"

namespace gateway::config {

/// The files as they were written; absent when one could not be parsed. Checks that need an absent one are left out, so
/// that a fault is reported once and not with all its consequences.
struct Documents {
  std::optional<Yaml> site, routes, peers, partners;
};

/// Finds the text behind typed values: item i of Config::routes is item i of `routes:`.
class Origin {
 public:
  Origin(const std::optional<Yaml>& document, std::string_view list);

  /// Where item `i` stands; its `key` when it has one; the one of several values that says `value`.
  Mark at(std::size_t i) const;
  Mark at(std::size_t i, std::string_view key) const;
  Mark at(std::size_t i, std::string_view key, std::string_view value) const;
  /// The text as written; empty when absent.
  std::string_view text(std::size_t i, std::string_view key) const;
  bool has(std::size_t i, std::string_view key) const;

 private:
  const Yaml* node(std::size_t i, std::string_view key) const;
  const Yaml* list_ = nullptr;
};

struct Draft {
  Reader& reader;
  const Documents& documents;
  Config& config;
  Origin doors{documents.site, "doors"}, systems{documents.site, "systems"};
  Origin routes{documents.routes, "routes"}, peers{documents.peers, "peers"}, partners{documents.partners, "partners"};
};

void check_endpoints(const Draft& draft);   // doors, systems, sockets
void check_rows(const Draft& draft);        // staging databases: tables, columns, maps
void check_identities(const Draft& draft);  // names, organisations, pins
void check_routes(const Draft& draft);      // targets, shadows, what nothing leads to
void check_borders(const Draft& draft);     // transfer bases
void check_operation(const Draft& draft);   // water marks, retention
void check_all(const Draft& draft);

}  // namespace gateway::config
