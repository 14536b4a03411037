#include "gateway/rest/capability.h"

#include "gateway/rest/table.h"

namespace gateway::rest {
namespace {

using fhir::JsonTree;

bool is_for(const Row& row, std::string_view type) {
  return row.shape != Shape::named && (row.name.empty() || row.name == type);
}

JsonTree resource(std::string_view type) {
  JsonTree tree = JsonTree::object({{"type", type}});
  for (const Row& row : kRows) {
    if (is_for(row, type)) tree["interaction"].push(JsonTree::object({{"code", row.code}}));
  }
  tree.set("versioning", "versioned");
  for (const Row& row : kRows) {
    if (!is_for(row, type) || row.does != Does::search) continue;
    tree["searchParam"].push(JsonTree::object({{"name", row.parameter}, {"type", "token"}}));
  }
  return tree;
}

JsonTree rest() {
  JsonTree tree = JsonTree::object({{"mode", "server"}});
  tree["security"] = JsonTree::object(
      {{"description",
        "Mutual TLS 1.3: the client certificate is the identity. What a partner may read, its grants say."}});
  for (const std::string_view type : kTypes) tree["resource"].push(resource(type));
  for (const Row& row : kRows) {
    if (row.shape != Shape::named || row.code.empty()) continue;
    tree["operation"].push(JsonTree::object({{"name", row.code}, {"definition", row.definition}}));
  }
  return tree;
}

JsonTree messaging(std::string_view url, std::chrono::minutes remembered) {
  JsonTree tree = JsonTree::object();
  JsonTree endpoint = JsonTree::object({{"address", std::string(url) + "/$process-message"}});
  endpoint.set("protocol", JsonTree::object({{"system", "http://terminology.hl7.org/CodeSystem/message-transport"},
                                             {"code", "http"}}));
  tree["endpoint"].push(std::move(endpoint));
  tree.set("reliableCache", JsonTree::number(std::to_string(remembered.count())));
  tree.set("documentation",
           "A message is known by its sender and MessageHeader.id, its content by a hash without Bundle.id, timestamp "
           "and meta. One that was accepted is answered again with its first answer, byte for byte, also under a new "
           "Bundle.id; the same id with other content, and a Bundle.id seen with another MessageHeader.id, are refused "
           "with 409 and kept for a person; one that was refused is processed anew. After reliableCache minutes an id "
           "may come again with other content. Requests beyond the quota of a caller are answered 429 with "
           "Retry-After. Two events are the exchange's own: read-receipt (somebody has read an urgent message) and "
           "delivery-failed (a message was given up); both name it by MessageHeader.response.identifier.");
  return tree;
}

}  // namespace

JsonTree capability_statement(std::string_view site, std::string_view url, std::string_view date,
                              std::chrono::minutes remembered) {
  JsonTree tree = JsonTree::object(
      {{"resourceType", "CapabilityStatement"}, {"status", "active"}, {"date", date}, {"kind", "instance"}});
  tree.set("software", JsonTree::object({{"name", "Causeway"}}));
  tree.set("implementation",
           JsonTree::object({{"description", "Causeway gateway of " + std::string(site)}, {"url", url}}));
  tree.set("fhirVersion", "4.0.1");
  for (const char* format : {"application/fhir+json", "json"}) tree["format"].push(format);
  tree["rest"].push(rest());
  tree["messaging"].push(messaging(url, remembered));
  return tree;
}

}  // namespace gateway::rest
