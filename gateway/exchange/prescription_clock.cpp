// What time does to prescriptions.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "fhir/message/canonical.h"
#include "fhir/message/message.h"
#include "gateway/exchange/prescription.h"
#include "gateway/exchange/prescription_parts.h"

namespace gateway::exchange {
namespace {

using namespace rx;
using fhir::DateTime;
using fhir::Json;
using fhir::message::RxAct;

constexpr std::string_view kClockSystem = "https://causeway.example/sid/clock";
constexpr std::string_view kValiditySystem = "https://causeway.example/sid/clock/validity";
constexpr std::string_view kClaimed = "claimed";
constexpr std::string_view kClockSpace = "0c8f1f34-52f0-5f0e-8d5a-3a3f1f0f7c11";  // name space of the clock's messages
constexpr std::size_t kAtOnce = 1000;  // what the clock looks at in one go; the rest the next time
constexpr std::size_t kDay = 10;       // characters of 2026-03-14

}  // namespace

std::optional<Millis> valid_until(JsonView bundle, std::string_view zone) {
  std::optional<Millis> last;
  for (const JsonView request : fhir::message::all(bundle, "MedicationRequest")) {
    const std::string end(request["dispenseRequest"]["validityPeriod"]["end"].text());
    const auto time = DateTime::parse(end.size() == kDay ? fmt::format("{}T23:59:59{}", end, zone) : end);
    const auto moment = time ? time->moment() : std::nullopt;
    if (moment) last = std::min(last.value_or(moment->time_since_epoch().count()), moment->time_since_epoch().count());
  }
  return last;
}

std::vector<std::pair<std::string, std::string>> clock_keys(JsonView resource) {
  const std::string_view type = resource["resourceType"].text(), status = resource["status"].text();
  const std::string_view end = resource["dispenseRequest"]["validityPeriod"]["end"].text();
  if (type == "MedicationRequest" && status == "active" && end.size() >= kDay) {
    return {{std::string(kValiditySystem), std::string(end.substr(0, kDay))}};
  }
  if (type == "Task" && (status == "accepted" || status == "in-progress") && is_fulfilment(resource)) {
    return {{std::string(kClockSystem), std::string(kClaimed)}};
  }
  return {};
}

namespace {

JsonTree clock_header(const config::Config& config, const store::StoredResource& task, std::string_view event,
                      const std::string& id) {
  JsonTree header = JsonTree::object({{"resourceType", "MessageHeader"}, {"id", id}});
  header["extension"].push(
      JsonTree::object({{"url", fhir::message::kCaseExtension}, {"valueString", task.correlation}}));
  header.set("eventCoding", JsonTree::object({{"system", fhir::message::kEventSystem}, {"code", event}}));
  header["sender"]["identifier"] =
      JsonTree::object({{"system", fhir::message::kOrganizationSystem}, {"value", config.organization.id}});
  header.set("source", JsonTree::object({{"name", config.site}, {"endpoint", config.fhir_url}}));
  header["focus"].push(JsonTree::object({{"reference", "Task/" + task.id}}));
  return header;
}

// The Task as it becomes. Nothing in it is of this moment, so the same state always gives the same bytes.
std::string clock_message(const config::Config& config, const store::StoredResource& task, JsonView stored,
                          const fhir::message::RxMoved& moved, std::string_view reason) {
  const std::string id =
      fhir::message::uuid5(kClockSpace, fmt::format("{} {} {}", moved.step.event, task.id, task.version));
  JsonTree changed = JsonTree::from(stored);
  changed.set("status", fhir::message::task_status(moved.after.state));
  changed.set("statusReason", coded(kReasonSystem, reason));
  JsonTree bundle = JsonTree::object({{"resourceType", "Bundle"}, {"id", id}, {"type", "message"}});
  bundle["entry"].push(entry_at(config, clock_header(config, task, moved.step.event, id)));
  bundle["entry"].push(entry_at(config, std::move(changed)));
  return bundle.dump();
}

DateTime local_time(const config::Config& config, Millis at) {
  return DateTime::parse(local_instant(at, config.zone))
      .value_or(DateTime::from(fhir::Milliseconds(std::chrono::milliseconds(at))));
}

}  // namespace

std::vector<std::string> overdue_claims(const World& world, const config::Config& config) {
  std::vector<std::string> messages;
  const auto tasks = world.store.resources("Task", kClockSystem, kClaimed, kAtOnce);
  if (!tasks) return messages;
  for (const store::StoredResource& task : *tasks) {
    const auto json = Json::parse(task.json);
    const auto rx = json ? fhir::message::read_prescription(json->root(), {}, {}) : std::unexpected(json.error());
    const bool ours = rx && rx->holder.find("/" + config.organization.id + "/") != std::string::npos;
    if (!ours) continue;
    const auto moved =
        fhir::message::move(*rx, {RxAct::time_out, rx->holder, local_time(config, world.clock.now()), {}, {}});
    if (moved) messages.push_back(clock_message(config, task, json->root(), *moved, "claim-overdue"));
  }
  return messages;
}

namespace {

std::optional<std::string> ended(const World& world, const config::Config& config, const std::string& correlation,
                                 const DateTime& at) {
  const auto known = find_case(world, correlation);
  if (!known || !*known || (*known)->task.row.owner != config.organization.id) return {};
  const auto rx = prescription_of(**known);
  if (!rx) return {};
  const auto moved = fhir::message::move(*rx, {RxAct::expire, {}, at, {}, {}});
  if (!moved) return {};
  return clock_message(config, (*known)->task.row, (*known)->task.json.root(), *moved, "expired");
}

}  // namespace

std::vector<std::string> ended_prescriptions(const World& world, const config::Config& config) {
  constexpr Millis kDayLong = 24 * 3600 * Millis{1000};
  constexpr int kLookBack = 31;    // days: longer than any site is down
  std::set<std::string> messages;  // a prescription of several drugs is found by each of them
  const Millis now = world.clock.now();
  for (int day = 1; day <= kLookBack; ++day) {
    const std::string ends = local_instant(now - day * kDayLong, config.zone).substr(0, kDay);
    const auto requests = world.store.resources("MedicationRequest", kValiditySystem, ends, kAtOnce);
    if (!requests) return {};
    for (const store::StoredResource& request : *requests) {
      auto message = ended(world, config, request.correlation, local_time(config, now - kDayLong));
      if (message) messages.insert(*std::move(message));
    }
  }
  return {messages.begin(), messages.end()};
}

}  // namespace gateway::exchange