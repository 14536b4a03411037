#include "gateway/exchange/workflow.h"

#include <fmt/format.h>

#include "fhir/message/workflow.h"
#include "gateway/exchange/prescription.h"

namespace gateway::exchange {
namespace {

using fhir::Fault;
using fhir::Json;
using fhir::JsonTree;
using fhir::JsonView;
using fhir::Result;
using fhir::message::Side;

// What the side that does the work may say; everything else of a Task stays as the site that stored it knows it.
constexpr std::string_view kState[] = {"status", "businessStatus",  "statusReason", "output",
                                       "note",   "executionPeriod", "lastModified"};

// The Task this one is about: by its id, else the only one of its case (a minimised copy may go under another id).
Result<std::optional<store::StoredResource>> stored_task(const World& world, std::string_view id,
                                                         const std::string& correlation) {
  auto by_id = world.store.resource("Task", id);
  if (!by_id || *by_id || correlation.empty()) return by_id;
  auto of_case = world.store.resources_of(correlation, "Task");
  if (!of_case) return fhir::pass(of_case);
  if (of_case->size() != 1) return std::optional<store::StoredResource>{};
  return std::optional(std::move(of_case->front()));
}

// Who asked, asks; everybody else in the case does the work.
Result<Side> side_of(const World& world, const Passage& passage) {
  store::Query query;
  query.correlation = passage.envelope.correlation;
  query.limit = 1000;
  const auto messages = world.store.messages(query);
  if (!messages) return std::unexpected(messages.error());
  if (messages->empty()) return Side::requester;
  const store::Message& first = messages->back();
  const std::string& asked = first.door == "fhir" ? first.sender : passage.config->organization.id;
  return passage.envelope.sender == asked ? Side::requester : Side::owner;
}

Result<void> check_step(const Passage& passage, JsonView stored, JsonView update, Side side) {
  if (passage.arrival.staff) {
    const auto step = fhir::message::change_task(stored, update, side);
    return step ? Result<void>{} : std::unexpected(step.error());
  }
  const auto step = fhir::message::find_transition(stored["status"].text(), update["status"].text(),
                                                   fhir::message::business_status(update), side);
  return step ? Result<void>{} : std::unexpected(step.error());
}

JsonTree merged(JsonView stored, const JsonTree& update) {
  JsonTree task = JsonTree::from(stored);
  for (const std::string_view member : kState) {
    if (const JsonTree* said = update.find(member)) task.set(member, *said);
  }
  return task;
}

}  // namespace

Result<void> apply_workflow(const World& world, Passage& passage) {
  if (is_prescription_event(passage.envelope.event)) return apply_prescription(world, passage);
  JsonTree bundle = JsonTree::from(passage.view());
  bool changed = false;
  JsonTree* entries = bundle.find("entry");
  if (entries == nullptr) return {};
  for (auto& [name, entry] : entries->children()) {
    JsonTree* resource = entry.find("resource");
    if (resource == nullptr || resource->text_of("resourceType") != "Task") continue;
    const auto stored = stored_task(world, resource->text_of("id"), passage.envelope.correlation);
    if (!stored) return std::unexpected(stored.error());
    if (!*stored) continue;
    const auto ours = Json::parse((*stored)->json);
    const auto update = Json::parse(resource->dump());
    const auto side = side_of(world, passage);
    if (!ours || !update) return fhir::fail(Fault::broken, "task.unreadable", "Task", "the stored Task cannot be read");
    if (!side) return std::unexpected(side.error());
    if (auto step = check_step(passage, ours->root(), update->root(), *side); !step) return step;
    *resource = merged(ours->root(), *resource);
    passage.moved.push_back(**stored);
    changed = true;
  }
  if (!changed) return {};
  auto json = Json::parse(bundle.dump());
  if (!json) return fhir::pass(json);
  passage.set_bundle(*std::move(json));
  return {};
}

namespace {

constexpr std::string_view kNote = "task-note";  // the event of a step that nobody is told of

JsonTree organization_identifier(const std::string& id) {
  return JsonTree::object(
      {{"identifier", JsonTree::object({{"system", fhir::message::kOrganizationSystem}, {"value", id}})}});
}

JsonTree header_of(const World& world, const config::Config& config, const std::string& event,
                   const std::string& task_id, const std::string& correlation) {
  JsonTree header = JsonTree::object({{"resourceType", "MessageHeader"}, {"id", world.entropy.uuid()}});
  header["extension"].push(JsonTree::object({{"url", fhir::message::kCaseExtension}, {"valueString", correlation}}));
  header.set("eventCoding", JsonTree::object({{"system", fhir::message::kEventSystem}, {"code", event}}));
  header.set("sender", organization_identifier(config.organization.id));
  header.set("source", JsonTree::object({{"name", config.site}, {"endpoint", config.fhir_url}}));
  header["focus"].push(JsonTree::object({{"reference", "Task/" + task_id}}));
  return header;
}

void add_entry(JsonTree& bundle, const std::string& base, JsonTree resource) {
  const std::string url =
      base + "/" + std::string(resource.text_of("resourceType")) + "/" + std::string(resource.text_of("id"));
  JsonTree entry = JsonTree::object({{"fullUrl", url}});
  entry.set("resource", std::move(resource));
  bundle["entry"].push(std::move(entry));
}

// The other side knows these already; they come along so that every reference resolves inside the message.
void add_stored(const World& world, JsonTree& bundle, const std::string& base, std::string_view reference) {
  const auto slash = reference.find('/');
  if (slash == std::string_view::npos) return;
  const auto stored = world.store.resource(reference.substr(0, slash), reference.substr(slash + 1));
  if (!stored || !*stored) return;
  if (const auto json = Json::parse((*stored)->json)) add_entry(bundle, base, JsonTree::from(json->root()));
}

}  // namespace

namespace {

// A prescription's Task is judged at the intake, by its own machine.
Result<std::string> event_of_step(const config::Config& config, const store::StoredResource& stored, JsonView ours,
                                  JsonView task) {
  if (is_fulfilment(ours)) return std::string(fulfilment_event(task));
  const Side side = stored.owner == config.organization.id ? Side::requester : Side::owner;
  const auto step = fhir::message::change_task(ours, task, side);
  if (!step) return std::unexpected(step.error());
  return std::string(step->event);
}

}  // namespace

Result<TaskStep> task_step(const World& world, const config::Config& config, JsonView task, std::int64_t version) {
  const auto stored = world.store.resource("Task", task["id"].text());
  if (!stored) return std::unexpected(stored.error());
  if (!*stored)
    return fhir::fail(Fault::not_found, "task.unknown", "Task.id",
                      "no such Task is known here; a Task comes into being by a referral");
  if (version != 0 && version != (*stored)->version) {
    return fhir::fail(Fault::conflict, "task.stale", "Task.meta.versionId",
                      "the Task has changed since it was read; read it again");
  }
  const auto ours = Json::parse((*stored)->json);
  if (!ours) return std::unexpected(ours.error());
  auto event = event_of_step(config, **stored, ours->root(), task);
  if (!event) return fhir::pass(event);

  TaskStep made;
  made.event = *std::move(event);
  JsonTree bundle = JsonTree::object({{"resourceType", "Bundle"},
                                      {"id", world.entropy.uuid()},
                                      {"type", "message"},
                                      {"timestamp", instant(world.clock.now())}});
  add_entry(bundle, config.fhir_url,
            header_of(world, config, made.event.empty() ? std::string(kNote) : made.event, (*stored)->id,
                      (*stored)->correlation));
  add_entry(bundle, config.fhir_url, JsonTree::from(task));
  for (const std::string_view member : {"for", "focus", "requester", "owner"}) {
    add_stored(world, bundle, config.fhir_url, task[member]["reference"].text());
  }
  made.bundle = bundle.dump();
  return made;
}

}  // namespace gateway::exchange
