#include <fmt/format.h>

#include <algorithm>

#include "gateway/exchange/prescription.h"
#include "gateway/exchange/prescription_parts.h"

namespace gateway::exchange::rx {

using fhir::Json;

namespace {

std::vector<JsonView> views(const std::vector<Known>& known) {
  std::vector<JsonView> found;
  for (const Known& one : known) found.push_back(one.json.root());
  return found;
}

Result<std::vector<Known>> known_of(const World& world, const std::string& correlation, std::string_view type) {
  auto rows = world.store.resources_of(correlation, type);
  if (!rows) return fhir::pass(rows);
  std::vector<Known> found;
  for (store::StoredResource& row : *rows) {
    auto json = Json::parse(row.json);
    if (!json) return fhir::pass(json);
    found.push_back({std::move(row), *std::move(json)});
  }
  return found;
}

}  // namespace

Result<std::optional<Case>> find_case(const World& world, const std::string& correlation) {
  if (correlation.empty()) return std::optional<Case>{};
  auto tasks = known_of(world, correlation, "Task");
  if (!tasks) return fhir::pass(tasks);
  std::erase_if(*tasks, [](const Known& task) { return !is_fulfilment(task.json.root()); });
  if (tasks->empty()) return std::optional<Case>{};
  auto requests = known_of(world, correlation, "MedicationRequest");
  auto dispenses = known_of(world, correlation, "MedicationDispense");
  if (!requests) return fhir::pass(requests);
  if (!dispenses) return fhir::pass(dispenses);
  return std::optional(Case{std::move(tasks->front()), *std::move(requests), *std::move(dispenses)});
}

Result<Prescription> prescription_of(const Case& known) {
  const auto requests = views(known.requests), dispenses = views(known.dispenses);
  return fhir::message::read_prescription(known.task.json.root(), requests, dispenses);
}

const Known* with_id(const std::vector<Known>& known, std::string_view id) {
  const auto found = std::ranges::find_if(known, [&](const Known& one) { return one.row.id == id; });
  return found == known.end() ? nullptr : &*found;
}

bool is_ours(const Passage& passage) { return passage.envelope.sender == passage.config->organization.id; }

JsonTree coded(std::string_view system, std::string_view code) {
  JsonTree concept_tree = JsonTree::object();
  concept_tree["coding"].push(JsonTree::object({{"system", system}, {"code", code}}));
  return concept_tree;
}

JsonTree entry_at(const config::Config& config, JsonTree resource) {
  const std::string url =
      fmt::format("{}/{}/{}", config.fhir_url, resource.text_of("resourceType"), resource.text_of("id"));
  JsonTree entry = JsonTree::object({{"fullUrl", url}});
  entry.set("resource", std::move(resource));
  return entry;
}

}  // namespace gateway::exchange::rx
