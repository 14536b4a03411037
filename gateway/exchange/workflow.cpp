#include "gateway/exchange/workflow.h"

#include <fmt/format.h>

#include <algorithm>

#include "fhir/message/appointment.h"
#include "fhir/message/canonical.h"
#include "fhir/message/fan_out.h"
#include "fhir/message/workflow.h"
#include "gateway/exchange/addressing.h"
#include "gateway/exchange/clock.h"
#include "gateway/exchange/earlier.h"
#include "gateway/exchange/fan_out.h"
#include "gateway/exchange/prescription.h"
#include "gateway/exchange/report.h"

namespace gateway::exchange {
namespace {

using fhir::Fault;
using fhir::Json;
using fhir::JsonTree;
using fhir::JsonView;
using fhir::Result;
using fhir::message::Crossing;
using fhir::message::Heard;
using fhir::message::Side;
using fhir::message::Transition;

// What the side that does the work may say; everything else of a Task stays as the site that stored it knows it.
constexpr std::string_view kState[] = {"status", "businessStatus",  "statusReason", "output",
                                       "note",   "executionPeriod", "lastModified"};

constexpr std::string_view kSettled = "referral-settled";

// The Task this one is about: by its id, else the one of its case that is the sender's to do, or the only one (a
// minimised copy may go under another id). A patient who goes back is a new Task.
Result<std::optional<store::StoredResource>> stored_task(const World& world, const Passage& passage,
                                                         std::string_view id) {
  auto by_id = world.store.resource("Task", id);
  const std::string& correlation = passage.envelope.correlation;
  if (!by_id || *by_id || correlation.empty() || passage.envelope.event == "referral-back") return by_id;
  auto of_case = world.store.resources_of(correlation, "Task");
  if (!of_case) return fhir::pass(of_case);
  if (of_case->size() == 1) return std::optional(std::move(of_case->front()));
  for (store::StoredResource& one : *of_case) {
    const auto json = Json::parse(one.json);
    if (json && !is_whole(json->root()) && owner_of(json->root()) == passage.envelope.sender)
      return std::optional(std::move(one));
  }
  return std::optional<store::StoredResource>{};
}

bool is_clock(const Passage& passage) { return passage.arrival.staff && passage.arrival.actor == kClockActor; }

// Our own people and systems take a step here; another gateway tells of one.
Heard heard(const Passage& passage) {
  return passage.arrival.staff || passage.arrival.local != nullptr ? Heard::here : Heard::from_other;
}

// Who asked, asks; the site that the Task names does the work.
Result<Side> side_of(const Passage& passage, const store::StoredResource& row, JsonView stored) {
  if (row.owner == passage.envelope.sender) return Side::requester;
  const std::string_view owner = owner_of(stored);
  if (owner.empty() || owner == passage.envelope.sender) return Side::owner;
  return fhir::fail(Fault::forbidden, "task.not-yours", "Task.owner", "this Task is another organisation's to do");
}

// What is withdrawn must be what was read: the number of the version, when it is said.
Result<void> check_version(const Passage& passage, const store::StoredResource& row, JsonView update) {
  const JsonView said = update["meta"]["versionId"];
  const bool asks = is_clock(passage) || (passage.arrival.staff && passage.envelope.event == "referral-cancel");
  if (!asks || !said || said.text() == std::to_string(row.version)) return {};
  return fhir::fail(is_clock(passage) ? Fault::unavailable : Fault::conflict, "task.stale", "Task.meta.versionId",
                    "the Task has changed since it was read; read it again");
}

Result<Transition> step_of(const Passage& passage, JsonView stored, JsonView update, Side side) {
  if (passage.arrival.staff) return fhir::message::change_task(stored, update, side);
  return fhir::message::find_transition(stored["status"].text(), update["status"].text(),
                                        fhir::message::business_status(update), side, heard(passage));
}

// Routes and their recipients are chosen by the event: one that names another step than the Task takes would carry it
// past them. A Task that is only mentioned may stand in any message.
Result<void> check_event(const Passage& passage, const Transition& step) {
  if (step.from == step.to || step.event.empty() || step.event == passage.envelope.event) return {};
  return fhir::fail(
      Fault::conflict, "task.event", "MessageHeader.eventCoding",
      fmt::format("a Task that goes from {} to {} is told by the event {}", step.from, step.to, step.event));
}

JsonTree merged(JsonView stored, const JsonTree& update) {
  JsonTree task = JsonTree::from(stored);
  for (const std::string_view member : kState) {
    if (const JsonTree* said = update.find(member)) task.set(member, *said);
  }
  return task;
}

}  // namespace

namespace {

// What came of it: whom it concerns, and that it crossed.
void tell_crossing(Passage& passage, const Transition& step) {
  if (step.crossing == Crossing::none) return;
  passage.explain["flags"].push(JsonTree::string("task.crossed"));
  passage.issues.push_back({fhir::Severity::warning,
                            "business-rule",
                            "Task.status",
                            "it crossed a step of the other side on the way",
                            {0, 0},
                            "task.crossed"});
  if (step.crossing == Crossing::stays && step.by == Side::owner) passage.arrival.untold = true;
}

// A withdrawal, an expiry and what was asked for reach the site that has the referral, whatever the routes say today.
Result<void> reach_asked(const World& world, Passage& passage, JsonView task) {
  const auto earlier = earlier_messages(world, passage, {});
  if (!earlier) return std::unexpected(earlier.error());
  const std::string_view owner = owner_of(task);
  for (Earlier one : *earlier) {
    if (one.event != "referral-request") continue;
    std::erase_if(one.to, [&](const std::string& to) {
      const auto [kind, name] = split_destination(to);
      const config::Peer* peer = kind == "peer" ? passage.config->peer(name) : nullptr;
      return peer == nullptr || (!owner.empty() && passage.config->peer_of_organization(owner) != peer);
    });
    add_further(passage, one, "it was asked");
  }
  return {};
}

bool is_from_requester(std::string_view event) {
  return event == "referral-cancel" || event == "referral-expired" || event == "info-supplied";
}

Result<void> unknown_task(const Passage& passage, JsonView task) {
  if (is_fulfilment(task)) return {};
  if (passage.envelope.event == "referral-back") {
    for (const JsonView request : fhir::message::all(passage.view(), "ServiceRequest"))
      if (request["basedOn"].size() != 0) return {};
    return fhir::fail(Fault::invalid, "task.not-based-on", "ServiceRequest.basedOn",
                      "a patient who goes back comes with a request based on the first one");
  }
  if (!is_from_requester(passage.envelope.event)) return {};
  return fhir::fail(Fault::needs_person, "task.unknown", "Task.id", "no such referral is known here");
}

// Our clock has looked at all that is stored; nobody else may say so. It tells when the whole has changed: that a part
// has been counted is for us alone.
Result<void> take_settled(Passage& passage, const store::StoredResource& row, JsonView stored, JsonView update,
                          JsonTree& task) {
  if (!is_clock(passage)) {
    return fhir::fail(Fault::forbidden, "task.not-yours", "MessageHeader.eventCoding",
                      "only the gateway of the site that asked says that a referral is settled");
  }
  const auto same = [&](std::string_view member) { return fhir::message::same(stored[member], update[member]); };
  if (is_whole(stored) && same("status") && same("output")) passage.arrival.untold = true;
  task.erase("meta");
  passage.moved.push_back(row);
  return {};
}

// A part that was counted and moves on after all is to be counted again.
void count_again(JsonTree& task) {
  JsonTree* extensions = task.find("extension");
  if (extensions == nullptr) return;
  std::erase_if(extensions->children(),
                [](const auto& one) { return one.second.text_of("url") == fhir::message::kCountedExtension; });
  if (extensions->size() == 0) task.erase("extension");
}

// The whole of several is withdrawn: the parts are told, one by one, by the clock.
Result<void> tell_requesters_step(const World& world, Passage& passage, JsonView stored) {
  if (is_whole(stored)) {
    passage.arrival.untold = true;
    return {};
  }
  return is_from_requester(passage.envelope.event) ? reach_asked(world, passage, stored) : Result<void>{};
}

Result<void> move_task(const World& world, Passage& passage, const store::StoredResource& row, JsonTree& task) {
  const auto ours = Json::parse(row.json), update = Json::parse(task.dump());
  if (!ours || !update) return fhir::fail(Fault::broken, "task.unreadable", "Task", "the stored Task cannot be read");
  if (auto current = check_version(passage, row, update->root()); !current) return current;
  if (passage.envelope.event == kSettled) return take_settled(passage, row, ours->root(), update->root(), task);
  const auto side = side_of(passage, row, ours->root());
  if (!side) return std::unexpected(side.error());
  const auto step = step_of(passage, ours->root(), update->root(), *side);
  if (!step) return std::unexpected(step.error());
  if (auto event = check_event(passage, *step); !event) return event;
  tell_crossing(passage, *step);
  task = step->crossing == Crossing::stays ? JsonTree::from(ours->root()) : merged(ours->root(), task);
  if (step->after() != step->from) count_again(task);
  passage.moved.push_back(row);
  return *side == Side::requester ? tell_requesters_step(world, passage, ours->root()) : Result<void>{};
}

// ---- appointments ---------------------------------------------------------------------------------------------------

Result<Side> side_of_appointment(const World& world, const Passage& passage, const store::StoredResource& row) {
  const auto tasks = world.store.resources_of(passage.envelope.correlation, "Task");
  if (!tasks) return std::unexpected(tasks.error());
  for (const store::StoredResource& task : *tasks)
    if (task.owner == passage.envelope.sender) return Side::requester;
  return !tasks->empty() || row.owner == passage.envelope.sender ? Side::owner : Side::requester;
}

Result<void> move_appointment(const World& world, Passage& passage, JsonTree& appointment) {
  const auto row = world.store.resource("Appointment", appointment.text_of("id"));
  if (!row) return std::unexpected(row.error());
  if (!*row) return {};
  const auto stored = Json::parse((*row)->json);
  if (!stored) return std::unexpected(stored.error());
  const std::string_view from = stored->root()["status"].text();
  const bool mentioned = passage.envelope.event != "appointment-notify" && from == appointment.text_of("status");
  if (mentioned) return {};
  const auto side = side_of_appointment(world, passage, **row);
  if (!side) return std::unexpected(side.error());
  const auto step = fhir::message::find_step(fhir::message::appointment_machine(), from, appointment.text_of("status"),
                                             {}, *side, heard(passage));
  if (!step) return std::unexpected(step.error());
  tell_crossing(passage, *step);
  if (step->crossing == Crossing::stays) appointment = JsonTree::from(stored->root());
  passage.moved.push_back(**row);
  return {};
}

Result<bool> move_resource(const World& world, Passage& passage, JsonTree& resource) {
  const std::string_view type = resource.text_of("resourceType");
  const auto moved = passage.moved.size();
  if (type == "Appointment") {
    if (auto done = move_appointment(world, passage, resource); !done) return fhir::pass(done);
  } else if (type == "Task") {
    const auto stored = stored_task(world, passage, resource.text_of("id"));
    if (!stored) return std::unexpected(stored.error());
    const auto update = Json::parse(resource.dump());
    if (!update) return std::unexpected(update.error());
    auto done = *stored ? move_task(world, passage, **stored, resource) : unknown_task(passage, update->root());
    if (!done) return fhir::pass(done);
  }
  return passage.moved.size() != moved;
}

}  // namespace

Result<void> apply_workflow(const World& world, Passage& passage) {
  if (is_prescription_event(passage.envelope.event)) return apply_prescription(world, passage);
  if (auto reported = apply_report(world, passage); !reported) return reported;
  JsonTree bundle = JsonTree::from(passage.view());
  bool changed = false;
  JsonTree* entries = bundle.find("entry");
  if (entries == nullptr) return {};
  for (auto& [name, entry] : entries->children()) {
    JsonTree* resource = entry.find("resource");
    if (resource == nullptr) continue;
    const auto moved = move_resource(world, passage, *resource);
    if (!moved) return std::unexpected(moved.error());
    changed = changed || *moved;
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
