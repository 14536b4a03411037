#include "gateway/exchange/clock.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "fhir/datetime.h"
#include "fhir/message/fan_out.h"
#include "gateway/exchange/addressing.h"
#include "gateway/exchange/fan_out.h"
#include "gateway/exchange/prescription.h"
#include "gateway/exchange/prescription_parts.h"

namespace gateway::exchange {
namespace {

using fhir::DateTime;
using fhir::Json;
using fhir::JsonTree;
using fhir::JsonView;

constexpr std::string_view kDeadlineKey = "https://causeway.example/sid/clock/deadline";
constexpr std::string_view kAnswerKey = "https://causeway.example/sid/clock/answer";
constexpr std::string_view kPartKey = "https://causeway.example/sid/clock/part";
constexpr std::string_view kOpen = "open";
constexpr std::string_view kReasons = "https://causeway.example/CodeSystem/referral-state";
constexpr std::string_view kSpace = "9a1e0b1c-3a4e-5d53-8f6c-2d8f3f5b7a10";  // name space of the clock's messages
constexpr std::size_t kAtOnce = 1000;  // what the clock looks at in one go; the rest the next time
constexpr std::size_t kDay = 10;       // characters of 2026-03-14
constexpr int kLookBack = 31;          // days: longer than any site is down
constexpr Millis kDayLong = 24 * 3600 * Millis{1000};

struct Stored {
  store::StoredResource row;
  Json json;
  JsonView view() const { return json.root(); }
  std::string_view status() const { return view()["status"].text(); }
};

std::optional<Stored> read(store::StoredResource row) {
  auto json = Json::parse(row.json);
  if (!json) return {};
  return Stored{std::move(row), *std::move(json)};
}

std::vector<Stored> tasks_with(const World& world, std::string_view system, std::string_view value) {
  std::vector<Stored> found;
  auto rows = world.store.resources("Task", system, value, kAtOnce);
  if (!rows) return found;
  for (store::StoredResource& row : *rows)
    if (auto one = read(std::move(row))) found.push_back(*std::move(one));
  return found;
}

// Those whose day is today or was within the last month.
std::vector<Stored> tasks_due(const World& world, const config::Config& config, std::string_view system) {
  std::vector<Stored> found;
  const Millis now = world.clock.now();
  for (int day = 0; day <= kLookBack; ++day) {
    const std::string date = local_instant(now - day * kDayLong, config.zone).substr(0, kDay);
    std::ranges::move(tasks_with(world, system, date), std::back_inserter(found));
  }
  return found;
}

std::optional<Millis> moment_of(JsonView time) {
  const auto parsed = DateTime::parse(time.is_string() ? time.text() : std::string_view{});
  const auto moment = parsed ? parsed->moment() : std::nullopt;
  if (!moment) return {};
  return moment->time_since_epoch().count();
}

bool is_over(JsonView time, Millis now) {
  const auto moment = moment_of(time);
  return moment && *moment <= now;
}

JsonView deadline_of(JsonView task) { return task["restriction"]["period"]["end"]; }
JsonView answer_by(JsonView task) { return extension(task, kAnswerBy, "valueDateTime"); }

bool is_waiting(std::string_view status) { return status == "requested" || status == "received"; }

bool is_referral(JsonView task) { return task["resourceType"].text() == "Task" && !is_fulfilment(task); }

// ---- the messages ---------------------------------------------------------------------------------------------------

JsonTree header_of(const config::Config& config, const store::StoredResource& focus, std::string_view event,
                   const std::string& id) {
  JsonTree header = JsonTree::object({{"resourceType", "MessageHeader"}, {"id", id}});
  header["extension"].push(
      JsonTree::object({{"url", fhir::message::kCaseExtension}, {"valueString", focus.correlation}}));
  header.set("eventCoding", JsonTree::object({{"system", fhir::message::kEventSystem}, {"code", event}}));
  header["sender"]["identifier"] =
      JsonTree::object({{"system", fhir::message::kOrganizationSystem}, {"value", config.organization.id}});
  header.set("source", JsonTree::object({{"name", config.site}, {"endpoint", config.fhir_url}}));
  header["focus"].push(JsonTree::object({{"reference", "Task/" + focus.id}}));
  return header;
}

// The patient and what was asked come along, so that every reference resolves inside the message.
void add_known(const World& world, const config::Config& config, JsonTree& entries, JsonView task) {
  std::set<std::string> added;
  for (const std::string_view member : {"for", "focus"}) {
    const std::string reference(task[member]["reference"].text());
    const auto slash = reference.find('/');
    if (slash == std::string::npos || !added.insert(reference).second) continue;
    const auto row = world.store.resource(reference.substr(0, slash), reference.substr(slash + 1));
    if (!row || !*row) continue;
    if (const auto json = Json::parse((*row)->json)) entries.push(rx::entry_at(config, JsonTree::from(json->root())));
  }
}

// Nothing in it is of this moment, so the same state always gives the same bytes.
std::string message_of(const World& world, const config::Config& config, std::string_view event, const Stored& focus,
                       std::vector<JsonTree> tasks, std::string_view versions) {
  const std::string id = fhir::message::uuid5(kSpace, fmt::format("{} {} {}", event, focus.row.id, versions));
  JsonTree bundle = JsonTree::object({{"resourceType", "Bundle"}, {"id", id}, {"type", "message"}});
  JsonTree& entries = bundle["entry"];
  entries.push(rx::entry_at(config, header_of(config, focus.row, event, id)));
  for (JsonTree& task : tasks) entries.push(rx::entry_at(config, std::move(task)));
  add_known(world, config, entries, focus.view());
  return bundle.dump();
}

// As it was read: when it has changed by the time the message is taken, the clock looks again.
JsonTree as_read(const Stored& task) {
  JsonTree tree = JsonTree::from(task.view());
  tree["meta"].set("versionId", std::to_string(task.row.version));
  return tree;
}

JsonTree ended(const Stored& task, std::string_view status, std::string_view business) {
  JsonTree changed = as_read(task);
  changed.set("status", status);
  changed.set("businessStatus", rx::coded(kReasons, business));
  changed.set("statusReason", rx::coded(kReasons, business));
  return changed;
}

// ---- deadlines ------------------------------------------------------------------------------------------------------

std::vector<std::string> expired_referrals(const World& world, const config::Config& config) {
  std::vector<std::string> messages;
  for (const Stored& task : tasks_due(world, config, kDeadlineKey)) {
    const bool ours = task.row.owner == config.organization.id && !is_whole(task.view());
    if (!ours || !is_over(deadline_of(task.view()), world.clock.now())) continue;
    messages.push_back(message_of(world, config, "referral-expired", task, {ended(task, "failed", "expired")},
                                  std::to_string(task.row.version)));
  }
  return messages;
}

// ---- several sites at once ------------------------------------------------------------------------------------------

struct Fan {
  Stored whole;
  std::vector<Stored> parts;
};

std::optional<Fan> fan_of(const World& world, const std::string& whole, const std::string& correlation) {
  const auto row = world.store.resource("Task", std::string_view(whole).substr(whole.find('/') + 1));
  auto rows = world.store.resources_of(correlation, "Task");
  if (!row || !*row || !rows) return {};
  auto first = read(**row);
  if (!first) return {};
  Fan fan{*std::move(first), {}};
  for (store::StoredResource& one : *rows) {
    auto part = read(std::move(one));
    if (part && part_of(part->view()) == whole) fan.parts.push_back(*std::move(part));
  }
  return fan;
}

bool is_counted(const Stored& part) {
  return extension(part.view(), fhir::message::kCountedExtension, "valueBoolean").text() == "true";
}

std::string_view settled_status(const Fan& fan, Millis now) {
  std::vector<std::string_view> states;
  for (const Stored& part : fan.parts) states.push_back(part.status());
  const JsonView said = extension(fan.whole.view(), fhir::message::kQuorumExtension, "valuePositiveInt");
  std::size_t quorum = fan.parts.size();
  const std::string_view digits = said.text();
  std::from_chars(digits.data(), digits.data() + digits.size(), quorum);
  return fhir::message::settle(fan.whole.status(), quorum, is_over(deadline_of(fan.whole.view()), now), states);
}

JsonTree outputs_of(const Fan& fan) {
  JsonTree outputs = JsonTree::array();
  for (const Stored& part : fan.parts) {
    if (part.status() != "completed") continue;
    for (const JsonView one : part.view()["output"]) outputs.push(JsonTree::from(one));
  }
  return outputs;
}

JsonTree counted(const Stored& part) {
  JsonTree task = as_read(part);
  task["extension"].push(
      JsonTree::object({{"url", fhir::message::kCountedExtension}, {"valueBoolean", JsonTree::boolean(true)}}));
  return task;
}

JsonTree whole_after(const Fan& fan, std::string_view status) {
  JsonTree whole = as_read(fan.whole);
  if (status != fan.whole.status() && status == "failed")
    whole = ended(fan.whole, status, "expired");
  else
    whole.set("status", status);
  if (JsonTree outputs = outputs_of(fan); outputs.size() != 0) whole.set("output", std::move(outputs));
  return whole;
}

// One message for what changes the whole; nothing when all stays.
std::optional<std::string> settlement(const World& world, const config::Config& config, const Fan& fan) {
  const std::string_view status = settled_status(fan, world.clock.now());
  if (!fhir::message::is_final(status)) return {};
  std::vector<JsonTree> tasks;
  std::string versions = std::to_string(fan.whole.row.version);
  for (const Stored& part : fan.parts) {
    if (!fhir::message::is_final(part.status()) || is_counted(part)) continue;
    tasks.push_back(counted(part));
    versions += fmt::format(" {}/{}", part.row.id, part.row.version);
  }
  if (tasks.empty() && status == fan.whole.status()) return {};
  tasks.insert(tasks.begin(), whole_after(fan, status));
  return message_of(world, config, "referral-settled", fan.whole, std::move(tasks), versions);
}

void withdraw_parts(const World& world, const config::Config& config, const Fan& fan,
                    std::vector<std::string>& messages) {
  if (fan.whole.status() != "cancelled") return;
  for (const Stored& part : fan.parts) {
    if (fhir::message::is_final(part.status())) continue;
    messages.push_back(message_of(world, config, "referral-cancel", part, {ended(part, "cancelled", "withdrawn")},
                                  std::to_string(part.row.version)));
  }
}

std::vector<std::string> fan_out_news(const World& world, const config::Config& config) {
  std::vector<std::string> messages;
  std::set<std::string> seen;
  for (const Stored& part : tasks_with(world, kPartKey, kOpen)) {
    const std::string whole(part_of(part.view()));
    if (whole.empty() || part.row.owner != config.organization.id || !seen.insert(whole).second) continue;
    const auto fan = fan_of(world, whole, part.row.correlation);
    if (!fan || fan->whole.row.owner != config.organization.id) continue;
    withdraw_parts(world, config, *fan, messages);
    if (auto settled = settlement(world, config, *fan)) messages.push_back(*std::move(settled));
  }
  return messages;
}

Arrival own_word(const std::shared_ptr<const config::Config>& config, std::string message) {
  Arrival arrival;
  arrival.config = config;
  arrival.door = "fhir";
  arrival.caller = config->organization.id;
  arrival.actor = kClockActor;
  arrival.staff = true;
  arrival.raw = std::move(message);
  return arrival;
}

}  // namespace

std::vector<Arrival> owed_by_time(const World& world, const std::shared_ptr<const config::Config>& config) {
  std::vector<Arrival> owed;
  for (auto* asked : {overdue_claims, ended_prescriptions, fan_out_news, expired_referrals}) {
    for (std::string& message : asked(world, *config)) owed.push_back(own_word(config, std::move(message)));
  }
  return owed;
}

std::vector<std::pair<std::string, std::string>> time_keys(JsonView resource) {
  auto keys = clock_keys(resource);
  if (!is_referral(resource)) return keys;
  const auto day_of = [&](std::string_view system, JsonView time) {
    const std::string_view text = time.is_string() ? time.text() : std::string_view{};
    if (text.size() >= kDay) keys.emplace_back(system, text.substr(0, kDay));
  };
  const std::string_view status = resource["status"].text();
  if (!fhir::message::is_final(status)) day_of(kDeadlineKey, deadline_of(resource));
  if (is_waiting(status)) day_of(kAnswerKey, answer_by(resource));
  const bool counted = extension(resource, fhir::message::kCountedExtension, "valueBoolean").text() == "true";
  if (!part_of(resource).empty() && !counted) keys.emplace_back(kPartKey, kOpen);
  return keys;
}

namespace {

// Task.owner names it, or refers to an Organization that came with the referral.
std::string asked(const World& world, JsonView task) {
  if (const std::string_view owner = owner_of(task); !owner.empty()) return std::string(owner);
  const std::string_view reference = task["owner"]["reference"].text();
  const auto row = world.store.resource("Organization", reference.substr(reference.rfind('/') + 1));
  const auto json = row && *row ? Json::parse((*row)->json) : Json::parse("{}");
  if (!json) return "-";
  for (const JsonView identifier : json->root()["identifier"])
    if (identifier["system"].text() == fhir::message::kOrganizationSystem)
      return std::string(identifier["value"].text());
  return "-";
}

}  // namespace

std::map<std::string, Unanswered> unanswered_referrals(const World& world, const config::Config& config) {
  std::map<std::string, Unanswered> found;
  for (const Stored& task : tasks_due(world, config, kAnswerKey)) {
    const auto until = moment_of(answer_by(task.view()));
    const bool ours = task.row.owner == config.organization.id && !is_whole(task.view());
    if (!ours || !until || *until > world.clock.now()) continue;
    Unanswered& one = found[asked(world, task.view())];
    one.since = one.count == 0 ? *until : std::min(one.since, *until);
    ++one.count;
  }
  return found;
}

}  // namespace gateway::exchange
