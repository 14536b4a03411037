#include "gateway/exchange/fan_out.h"

#include <fmt/format.h>

#include <algorithm>

#include "fhir/datetime.h"
#include "fhir/message/fan_out.h"
#include "gateway/exchange/addressing.h"
#include "gateway/exchange/prescription.h"
#include "gateway/exchange/prescription_parts.h"

namespace gateway::exchange {
namespace {

using fhir::DateTime;
using fhir::Json;
using fhir::JsonTree;
using fhir::JsonView;
using fhir::Result;
using std::chrono::milliseconds;

constexpr std::string_view kPartSpace = "3d4f7f0a-6a57-5b0e-9c58-5f0a7f6b8c21";  // name space of the parts' ids
constexpr std::string_view kTaskSystem = "https://causeway.example/sid/task";

JsonTree organization_reference(const config::Organization& organization) {
  JsonTree identifier = JsonTree::object({{"system", fhir::message::kOrganizationSystem}, {"value", organization.id}});
  return JsonTree::object({{"identifier", std::move(identifier)}, {"display", organization.name}});
}

void add_extension(JsonTree& task, std::string_view url, std::string_view kind, JsonTree value) {
  JsonTree made = JsonTree::object({{"url", url}});
  made.set(kind, std::move(value));
  task["extension"].push(std::move(made));
}

// The sender may have set an earlier end of its own, to the second; a day of validity is no deadline.
void set_deadline(JsonTree& task, const Passage& passage, milliseconds after) {
  if (after.count() == 0) return;
  const Millis end = passage.at + after.count();
  JsonTree& period = task["restriction"]["period"];
  const auto said = DateTime::parse(period.text_of("end"));
  const auto moment = said ? said->moment() : std::nullopt;
  if (moment && moment->time_since_epoch().count() < end) return;
  period.set("end", local_instant(end, passage.config->zone));
}

JsonTree part_for(const JsonTree& whole, const config::Peer& peer) {
  JsonTree part = whole;
  const std::string of(whole.text_of("id"));
  part.set("id", fhir::message::uuid5(kPartSpace, of + " " + peer.organization.id));
  JsonTree references = JsonTree::array();
  references.push(JsonTree::object({{"reference", "Task/" + of}}));
  part.set("partOf", std::move(references));
  part.set("owner", organization_reference(peer.organization));
  return part;
}

bool is_new_referral(const Passage& passage, JsonView task) {
  const bool known = std::ranges::any_of(passage.moved, [&](const auto& row) { return row.id == task["id"].text(); });
  return !known && !is_fulfilment(task) && task["status"].text() == "requested" && task["id"] &&
         task["partOf"].size() == 0;
}

void add_parts(const Passage& passage, JsonTree& whole, std::vector<JsonTree>& parts) {
  const config::Route& route = *passage.route.route;
  for (const std::string& to : route.to) {
    const auto [kind, name] = split_destination(to);
    const config::Peer* peer = kind == "peer" ? passage.config->peer(name) : nullptr;
    if (peer != nullptr) parts.push_back(part_for(whole, *peer));
  }
  add_extension(whole, fhir::message::kQuorumExtension, "valuePositiveInt",
                JsonTree::number(std::to_string(route.fan_out->quorum)));
}

}  // namespace

Result<void> set_terms(const World&, Passage& passage) {
  const config::Route* route = passage.route.route;
  const bool ours = passage.envelope.sender == passage.config->organization.id;
  if (route == nullptr || !ours || passage.envelope.event != "referral-request") return {};
  if (!route->fan_out && route->deadline.count() == 0 && route->answer_within.count() == 0) return {};
  JsonTree bundle = JsonTree::from(passage.view());
  std::vector<JsonTree> parts;
  std::size_t n = 0;
  for (auto& [name, entry] : bundle["entry"].children()) {
    const JsonView view = passage.view()["entry"].at(n++)["resource"];
    if (view["resourceType"].text() != "Task" || !is_new_referral(passage, view)) continue;
    JsonTree& task = entry["resource"];
    set_deadline(task, passage, route->fan_out ? route->fan_out->deadline : route->deadline);
    if (route->answer_within.count() != 0)
      add_extension(task, kAnswerBy, "valueDateTime",
                    local_instant(passage.at + route->answer_within.count(), passage.config->zone));
    if (route->fan_out) add_parts(passage, task, parts);
  }
  for (JsonTree& part : parts) bundle["entry"].push(rx::entry_at(*passage.config, std::move(part)));
  auto json = Json::parse(bundle.dump());
  if (!json) return fhir::pass(json);
  passage.set_bundle(*std::move(json));
  return {};
}

std::string_view part_of(JsonView task) {
  const JsonView reference = task["partOf"].at(0)["reference"];
  return reference.is_string() && reference.text().starts_with("Task/") ? reference.text() : std::string_view{};
}

JsonView extension(JsonView resource, std::string_view url, std::string_view value) {
  for (const JsonView one : resource["extension"])
    if (one["url"].text() == url) return one[value];
  return {};
}

bool is_whole(JsonView task) {
  return static_cast<bool>(extension(task, fhir::message::kQuorumExtension, "valuePositiveInt"));
}

std::string_view owner_of(JsonView task) {
  const JsonView identifier = task["owner"]["identifier"];
  return identifier["system"].text() == fhir::message::kOrganizationSystem ? identifier["value"].text()
                                                                           : std::string_view{};
}

namespace {

// One site does not see whom else was asked: of the whole it knows the number, nothing more.
void hide_whole(JsonTree& task, std::string_view whole) {
  JsonTree identifier = JsonTree::object({{"system", kTaskSystem}, {"value", whole.substr(whole.find('/') + 1)}});
  JsonTree references = JsonTree::array();
  references.push(JsonTree::object({{"identifier", std::move(identifier)}}));
  task.set("partOf", std::move(references));
}

}  // namespace

Result<std::optional<Json>> only_theirs(JsonView bundle, const config::Peer& peer) {
  const auto tasks = fhir::message::all(bundle, "Task");
  if (std::ranges::all_of(tasks, [](JsonView task) { return part_of(task).empty(); })) return std::optional<Json>{};
  JsonTree made = JsonTree::from(bundle), kept = JsonTree::array();
  std::size_t n = 0;
  for (auto& [name, entry] : made["entry"].children()) {
    const JsonView view = bundle["entry"].at(n++)["resource"];
    const bool is_task = view["resourceType"].text() == "Task";
    if (is_task && (part_of(view).empty() || owner_of(view) != peer.organization.id)) continue;
    if (is_task) hide_whole(entry["resource"], part_of(view));
    kept.push(std::move(entry));
  }
  JsonTree& header = kept.children().front().second["resource"];
  JsonTree focus = JsonTree::array();
  for (const JsonView one : bundle["entry"].at(0)["resource"]["focus"]) {
    if (fhir::message::resolve(bundle, one["reference"].text())["resourceType"].text() != "Task")
      focus.push(JsonTree::from(one));
  }
  for (const JsonView task : tasks) {
    if (!part_of(task).empty() && owner_of(task) == peer.organization.id)
      focus.push(JsonTree::object({{"reference", fmt::format("Task/{}", task["id"].text())}}));
  }
  header.set("focus", std::move(focus));
  made.set("entry", std::move(kept));
  auto json = Json::parse(made.dump());
  if (!json) return fhir::pass(json);
  return std::optional(*std::move(json));
}

}  // namespace gateway::exchange
