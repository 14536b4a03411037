#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "fhir/message/message.h"
#include "gateway/exchange/prescription_parts.h"

namespace gateway::exchange::rx {

using fhir::Json;
using fhir::message::RxAct;
using fhir::message::RxState;

namespace {

constexpr std::string_view kStateSystem = "https://causeway.example/CodeSystem/prescription-state";
constexpr std::string_view kTotalSystem = "https://causeway.example/CodeSystem/prescription-total";

JsonTree total(const fhir::message::RxItem& item, std::string_view code, const fhir::Decimal& sum) {
  JsonTree type = coded(kTotalSystem, code);
  if (!item.numbers.empty()) type.set("text", item.numbers.front());
  JsonTree quantity = JsonTree::object({{"value", JsonTree::number(sum.text())}, {"unit", item.unit}});
  return JsonTree::object({{"type", std::move(type)}, {"valueQuantity", std::move(quantity)}});
}

// How much of each drug has been supplied and has come back, for whoever only looks at the Task.
JsonTree totals(const Prescription& rx) {
  JsonTree list = JsonTree::array();
  for (const auto& item : rx.items) {
    list.push(total(item, "supplied", item.supplied));
    if (!item.returned.is_zero()) list.push(total(item, "returned", item.returned));
  }
  return list;
}

JsonTree moved_request(const Known& request, RxState state) {
  JsonTree tree = JsonTree::from(request.json.root());
  tree.set("status", fhir::message::request_status(state));
  if (state == RxState::expired) tree.set("statusReason", coded(kReasonSystem, "expired"));
  return tree;
}

bool holds(const JsonTree& entries, std::string_view type, std::string_view id) {
  return std::ranges::any_of(entries.children(), [&](const auto& child) {
    const JsonTree* resource = child.second.find("resource");
    return resource != nullptr && resource->text_of("resourceType") == type && resource->text_of("id") == id;
  });
}

void add_stored(const World& world, const Passage& passage, JsonTree& entries, std::string_view reference) {
  const auto slash = reference.find('/');
  if (slash == std::string_view::npos) return;
  const std::string_view type = reference.substr(0, slash), id = reference.substr(slash + 1);
  if (holds(entries, type, id)) return;
  const auto stored = world.store.resource(type, id);
  if (!stored || !*stored) return;
  if (const auto json = Json::parse((*stored)->json))
    entries.push(entry_at(*passage.config, JsonTree::from(json->root())));
}

// What of the message itself goes on: who speaks, who handed over, what was supplied. All else is the prescription's.
bool goes_on(const JsonTree& entry) {
  static constexpr std::array<std::string_view, 4> kTypes = {"MessageHeader", "Organization", "Practitioner",
                                                             "MedicationDispense"};
  const JsonTree* resource = entry.find("resource");
  return resource != nullptr && std::ranges::find(kTypes, resource->text_of("resourceType")) != kTypes.end();
}

void settle_dispense(JsonTree& dispense, const Case& known, const Prescription& rx) {
  const auto view = Json::parse(dispense.dump());
  const auto part = view ? fhir::message::read_part(view->root()) : std::unexpected(view.error());
  dispense.set("subject", JsonTree::from(known.task.json.root()["for"]));
  if (!part) return;
  for (const auto& item : rx.items) {
    if (item.id != part->item && std::ranges::find(item.numbers, part->item) == item.numbers.end()) continue;
    JsonTree named = JsonTree::array();
    named.push(JsonTree::object({{"reference", "MedicationRequest/" + item.id}}));
    dispense.set("authorizingPrescription", std::move(named));
  }
}

// The other side of the case: whoever prescribed, for what the pharmacy says.
void name_receiver(JsonTree& header, const Passage& passage, const Case& known) {
  if (!is_ours(passage) || known.task.row.owner == passage.envelope.sender) return;
  JsonTree destination =
      JsonTree::object({{"endpoint", fmt::format("{}/{}", fhir::message::kOrganizationSystem, known.task.row.owner)}});
  destination["receiver"]["identifier"] =
      JsonTree::object({{"system", fhir::message::kOrganizationSystem}, {"value", known.task.row.owner}});
  JsonTree destinations = JsonTree::array();
  destinations.push(std::move(destination));
  header.set("destination", std::move(destinations));
}

void settle_header(JsonTree& header, const Passage& passage, const Case& known, const RxMove& move) {
  name_receiver(header, passage, known);
  if (!move.parts.empty()) return;
  JsonTree focus = JsonTree::array();
  focus.push(JsonTree::object({{"reference", "Task/" + known.task.row.id}}));
  header.set("focus", std::move(focus));
}

}  // namespace

JsonTree moved_task(const Passage& passage, const Case& known, const fhir::message::RxMoved& moved) {
  JsonTree task = JsonTree::from(known.task.json.root());
  const JsonView said = fhir::message::first(passage.view(), "Task");
  task.set("status", fhir::message::task_status(moved.after.state));
  task.set("businessStatus", coded(kStateSystem, to_string(moved.after.state)));
  task.set("lastModified", passage.now);
  task.erase("statusReason");
  if (said["statusReason"].size() != 0) task.set("statusReason", JsonTree::from(said["statusReason"]));
  if (moved.step.act == RxAct::claim) {
    task.set("owner", JsonTree::from(said["owner"]));
    if (moved.after.claim_until) task["restriction"]["period"].set("end", moved.after.claim_until->text());
  }
  if (moved.after.state == RxState::open) task.erase("restriction");  // the owner stays as the one that had it last
  const auto supplied = [](const auto& item) { return !item.supplied.is_zero(); };
  if (std::ranges::any_of(moved.after.items, supplied)) task.set("output", totals(moved.after));
  return task;
}

Result<void> rebuild(const World& world, Passage& passage, const Case& known, const RxMove& move, JsonTree task,
                     const Prescription& rx) {
  JsonTree bundle = JsonTree::from(passage.view());
  JsonTree kept = JsonTree::array();
  for (auto& [name, entry] : bundle["entry"].children()) {
    if (!goes_on(entry)) continue;
    JsonTree& resource = entry["resource"];
    if (resource.text_of("resourceType") == "MedicationDispense") settle_dispense(resource, known, rx);
    if (resource.text_of("resourceType") == "MessageHeader") settle_header(resource, passage, known, move);
    kept.push(std::move(entry));
  }
  const JsonView stored = known.task.json.root();
  kept.push(entry_at(*passage.config, std::move(task)));
  passage.moved.push_back(known.task.row);
  for (const Known& request : known.requests) {
    kept.push(entry_at(*passage.config, moved_request(request, rx.state)));
    passage.moved.push_back(request.row);
  }
  for (const std::string_view member : {"for", "requester", "encounter"}) {
    add_stored(world, passage, kept, stored[member]["reference"].text());
  }
  bundle.set("entry", std::move(kept));
  auto json = Json::parse(bundle.dump());
  if (!json) return fhir::pass(json);
  passage.set_bundle(*std::move(json));
  auto envelope = fhir::message::read_envelope(passage.view());
  if (!envelope) return fhir::pass(envelope);
  passage.envelope = *std::move(envelope);
  return {};
}

}  // namespace gateway::exchange::rx
