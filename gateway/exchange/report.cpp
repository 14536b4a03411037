#include "gateway/exchange/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "fhir/message/report.h"
#include "gateway/exchange/earlier.h"
#include "gateway/exchange/prescription_parts.h"
#include "gateway/observe/log.h"

namespace gateway::exchange {
namespace {

using fhir::Fault;
using fhir::Json;
using fhir::JsonTree;
using fhir::JsonView;
using fhir::Result;
using fhir::message::ReportNews;

constexpr std::string_view kWrong = "entered-in-error";
constexpr std::string_view kPulled = "pulled:";

// A report of this message, and what is known of it here.
struct Version {
  JsonView report;
  std::vector<JsonView> results;
  std::optional<store::StoredResource> row;  // absent: the first version
  std::optional<Json> stored;
  ReportNews news = ReportNews::progress;
  std::string status;  // from now on
};

std::string name_of(JsonView resource) {
  return fmt::format("{}/{}", resource["resourceType"].text(), resource["id"].text());
}

std::vector<JsonView> results_of(JsonView bundle, JsonView report) {
  std::vector<JsonView> results;
  for (const JsonView one : report["result"]) {
    const JsonView result = fhir::message::resolve(bundle, one["reference"].text());
    if (result) results.push_back(result);
  }
  return results;
}

// By its id, else by its number at the organisation that made it: a report belongs to who sent it first.
Result<std::optional<store::StoredResource>> known_report(const World& world, const Passage& passage, JsonView report) {
  auto by_id = world.store.resource("DiagnosticReport", report["id"].text());
  if (!by_id) return by_id;
  if (*by_id && (*by_id)->owner == passage.envelope.sender) return by_id;
  for (const JsonView identifier : report["identifier"]) {
    auto found = world.store.resources("DiagnosticReport", identifier["system"].text(), identifier["value"].text(), 10);
    if (!found) return fhir::pass(found);
    for (store::StoredResource& one : *found)
      if (one.owner == passage.envelope.sender) return std::optional(std::move(one));
  }
  return std::optional<store::StoredResource>{};
}

bool share_a_number(JsonView one, JsonView other) {
  return std::ranges::any_of(one["identifier"], [&](JsonView a) {
    return std::ranges::any_of(other["identifier"], [&](JsonView b) {
      return a["value"] && a["value"].text() == b["value"].text() && a["system"].text() == b["system"].text();
    });
  });
}

// The number of a report with another person in it: whoever filed the first version has it in the wrong record, and the
// second would go into another one. The laboratory withdraws the one and sends the other under a number of its own.
Result<void> check_patient(const World& world, const Passage& passage, const Version& version) {
  const JsonView patient = fhir::message::resolve(passage.view(), version.report["subject"]["reference"].text());
  const std::string_view known = version.stored->root()["subject"]["reference"].text();
  if (!patient || known.empty() || known == name_of(patient)) return {};
  const auto row = world.store.resource("Patient", known.substr(known.rfind('/') + 1));
  if (!row) return std::unexpected(row.error());
  if (!*row) return {};
  const auto before = Json::parse((*row)->json);
  if (!before || share_a_number(before->root(), patient)) return {};
  return fhir::fail(Fault::conflict, "report.other-patient", "DiagnosticReport.subject",
                    "this report has been about another person: withdraw it, and send the right one under its own "
                    "number");
}

Result<Version> judge(const World& world, const Passage& passage, JsonView report) {
  Version version{report, results_of(passage.view(), report), {}, {}, {}, {}};
  const auto status = fhir::message::first_status(report, version.results);
  version.status = status ? *status : report["status"].text();  // what is none: the structure check says where
  auto row = known_report(world, passage, report);
  if (!row) return std::unexpected(row.error());
  if (!*row || !status) return version;
  version.row = *std::move(row);
  auto stored = Json::parse(version.row->json);
  if (!stored) return fhir::pass(stored);
  version.stored.emplace(*std::move(stored));
  if (auto same = check_patient(world, passage, version); !same) return fhir::pass(same);
  const auto step = fhir::message::report_step(version.stored->root(), report, version.results);
  if (!step) return std::unexpected(step.error());
  version.news = step->news;
  version.status = step->status;
  return version;
}

// ---- what the message becomes ---------------------------------------------------------------------------------------

JsonTree withdrawn_text() {
  return JsonTree::object(
      {{"status", "generated"}, {"div", "<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>withdrawn 已撤回</p></div>"}});
}

JsonTree* find_entry(JsonTree& bundle, std::string_view type, std::string_view id) {
  for (auto& [name, entry] : bundle["entry"].children()) {
    JsonTree* resource = entry.find("resource");
    if (resource != nullptr && resource->text_of("resourceType") == type && resource->text_of("id") == id)
      return resource;
  }
  return nullptr;
}

// A result of an earlier version that this message does not repeat: it is withdrawn with its report, and needs no more
// than to be known by.
Result<void> add_withdrawn(const World& world, const Passage& passage, JsonTree& bundle, JsonTree& report,
                           std::string_view id) {
  const auto row = world.store.resource("Observation", id);
  if (!row) return std::unexpected(row.error());
  if (!*row || (*row)->owner != passage.envelope.sender) return {};
  const auto stored = Json::parse((*row)->json);
  if (!stored) return std::unexpected(stored.error());
  JsonTree result = JsonTree::object({{"resourceType", "Observation"}, {"id", id}});
  for (const std::string_view member : {"identifier", "category", "code"}) {
    if (stored->root()[member]) result.set(member, JsonTree::from(stored->root()[member]));
  }
  result.set("status", kWrong);
  if (const JsonTree* subject = report.find("subject")) result.set("subject", *subject);
  bundle["entry"].push(rx::entry_at(*passage.config, std::move(result)));
  report["result"].push(JsonTree::object({{"reference", fmt::format("Observation/{}", id)}}));
  return {};
}

Result<void> withdraw_results(const World& world, const Passage& passage, const Version& version, JsonTree& bundle) {
  for (const JsonView result : version.results) {
    if (JsonTree* entry = find_entry(bundle, "Observation", result["id"].text())) entry->set("status", kWrong);
  }
  if (!version.stored) return {};
  for (const JsonView known : version.stored->root()["result"]) {
    const std::string_view reference = known["reference"].text();
    if (!reference.starts_with("Observation/")) continue;
    const std::string_view id = reference.substr(reference.find('/') + 1);
    if (find_entry(bundle, "Observation", id) != nullptr) continue;
    JsonTree report = *find_entry(bundle, "DiagnosticReport", version.report["id"].text());
    if (auto added = add_withdrawn(world, passage, bundle, report, id); !added) return added;
    *find_entry(bundle, "DiagnosticReport", version.report["id"].text()) = std::move(report);
  }
  return {};
}

bool names(const std::vector<std::string>& outdated, JsonView resource) {
  return std::ranges::find(outdated, name_of(resource)) != outdated.end();
}

// What is outdated does not go on beside what is new.
void leave_out(JsonTree& bundle, JsonView view, const std::vector<std::string>& outdated) {
  JsonTree kept = JsonTree::array();
  std::size_t n = 0;
  for (auto& [name, entry] : bundle["entry"].children()) {
    if (!names(outdated, view["entry"].at(n++)["resource"])) kept.push(std::move(entry));
  }
  bundle.set("entry", std::move(kept));
  JsonTree& header = bundle["entry"].children().front().second["resource"];
  JsonTree focus = JsonTree::array();
  for (const JsonView one : view["entry"].at(0)["resource"]["focus"]) {
    if (!names(outdated, fhir::message::resolve(view, one["reference"].text()))) focus.push(JsonTree::from(one));
  }
  if (focus.size() != 0) header.set("focus", std::move(focus));
}

Result<void> rewrite(const World& world, Passage& passage, const std::vector<Version>& versions, bool leave) {
  JsonTree bundle = JsonTree::from(passage.view());
  bool changed = leave;
  for (const Version& version : versions) {
    if (version.news == ReportNews::outdated) continue;
    const bool withdrawn = version.status == kWrong;
    if (!withdrawn && version.status == version.report["status"].text()) continue;
    JsonTree* report = find_entry(bundle, "DiagnosticReport", version.report["id"].text());
    if (report == nullptr) continue;
    report->set("status", version.status);
    changed = true;
    if (!withdrawn) continue;
    report->set("text", withdrawn_text());
    if (auto done = withdraw_results(world, passage, version, bundle); !done) return done;
  }
  if (!changed) return {};
  if (leave) leave_out(bundle, passage.view(), passage.outdated);
  auto json = Json::parse(bundle.dump());
  if (!json) return fhir::pass(json);
  passage.set_bundle(*std::move(json));
  return {};
}

// ---- who is told ----------------------------------------------------------------------------------------------------

// By every number it had or has; a copy without one (minimised) by its case.
Result<std::vector<Earlier>> earlier_versions(const World& world, const Passage& passage, const Version& version) {
  std::set<std::string> numbers;
  for (const JsonView report : {version.report, version.stored->root()})
    for (const JsonView identifier : report["identifier"])
      if (identifier["value"]) numbers.emplace(identifier["value"].text());
  if (numbers.empty()) return earlier_messages(world, passage, {});
  std::vector<Earlier> all;
  for (const std::string& number : numbers) {
    auto found = earlier_messages(world, passage, {{store::KeyKind::report, number}});
    if (!found) return found;
    std::ranges::move(*found, std::back_inserter(all));
  }
  return all;
}

Result<void> add_readers(const World& world, std::set<std::string>& partners, std::string_view type,
                         std::string_view id) {
  const auto facts = world.store.facts(fmt::format("{}{}/{}", kPulled, type, id));
  if (!facts) return std::unexpected(facts.error());
  for (const store::Fact& fact : *facts) partners.insert(fact.key);
  return {};
}

Result<std::set<std::string>> readers(const World& world, const Version& version, const std::vector<Earlier>& earlier) {
  std::set<std::string> partners;
  if (auto done = add_readers(world, partners, "DiagnosticReport", version.row->id); !done) return fhir::pass(done);
  for (const JsonView result : version.stored->root()["result"]) {
    const std::string_view id = result["reference"].text().substr(result["reference"].text().rfind('/') + 1);
    if (auto done = add_readers(world, partners, "Observation", id); !done) return fhir::pass(done);
  }
  for (const Earlier& one : earlier) {
    const auto message = world.store.message(one.message);
    if (!message) return std::unexpected(message.error());
    if (!*message) continue;
    if (auto done = add_readers(world, partners, "Bundle", (*message)->transmission); !done) return fhir::pass(done);
  }
  return partners;
}

// Is there an opinion already that rests on the earlier version?
Result<bool> after_opinion(const World& world, const Passage& passage) {
  std::set<std::string> cases{passage.envelope.correlation};
  for (const Further& further : passage.further) cases.insert(further.correlation);
  for (const std::string& one : cases) {
    if (one.empty()) continue;
    const auto tasks = world.store.resources_of(one, "Task");
    if (!tasks) return std::unexpected(tasks.error());
    for (const store::StoredResource& task : *tasks) {
      const auto json = Json::parse(task.json);
      if (json && json->root()["status"].text() == "completed") return true;
    }
  }
  return false;
}

void tell(Passage& passage, const Version& version, const std::set<std::string>& partners) {
  JsonTree told = JsonTree::object(
      {{"from", version.stored->root()["status"].text()}, {"to", version.status}, {"news", to_string(version.news)}});
  told["had_it"] = JsonTree::array();
  for (const Further& further : passage.further) told["had_it"].push(JsonTree::string(further.to));
  told["pulled_by"] = JsonTree::array();
  for (const std::string& partner : partners) told["pulled_by"].push(JsonTree::string(partner));
  passage.explain["reports"].push(told);
  if (version.news == ReportNews::progress) return;
  told.set("report", version.row->id);
  passage.commit.audit.push_back(
      {0, passage.at, "report-" + std::string(to_string(version.news)), passage.arrival.actor, told.dump(), ""});
}

void flag(Passage& passage, std::string code, std::string say) {
  passage.explain["flags"].push(JsonTree::string(code));
  passage.issues.push_back(
      {fhir::Severity::warning, "business-rule", "DiagnosticReport", std::move(say), {0, 0}, std::move(code)});
}

Result<void> reach_earlier(const World& world, Passage& passage, const Version& version) {
  const auto earlier = earlier_versions(world, passage, version);
  if (!earlier) return std::unexpected(earlier.error());
  for (const Earlier& one : *earlier) add_further(passage, one, "it had an earlier version");
  const bool corrected = version.news != ReportNews::progress;
  const auto partners = corrected ? readers(world, version, *earlier) : std::set<std::string>();
  if (!partners) return std::unexpected(partners.error());
  tell(passage, version, *partners);
  if (!partners->empty())
    observe::log(observe::Level::warning, "report.pulled-before",
                 {{"news", std::string(to_string(version.news))}, {"partners", std::to_string(partners->size())}});
  const auto late = after_opinion(world, passage);
  if (!late) return std::unexpected(late.error());
  if (*late) flag(passage, "report.after-opinion", "an opinion rests on an earlier version of this report");
  return {};
}

void pass_over(Passage& passage, const Version& version) {
  passage.outdated.push_back(name_of(version.report));
  for (const JsonView result : version.results) passage.outdated.push_back(name_of(result));
  tell(passage, version, std::set<std::string>());
  flag(passage, "report.outdated", "a newer version of this report is known: this one is kept and changes nothing");
}

Result<void> only_outdated(const World& world, Passage& passage) {
  for (const JsonView report : fhir::message::all(passage.view(), "DiagnosticReport")) {
    const auto row = known_report(world, passage, report);
    if (!row) return std::unexpected(row.error());
    const auto stored = *row ? Json::parse((*row)->json) : Json::parse("{}");
    if (!stored || !fhir::message::is_outdated(stored->root(), report)) continue;
    passage.outdated.push_back(name_of(report));
    for (const JsonView result : results_of(passage.view(), report)) passage.outdated.push_back(name_of(result));
  }
  return {};
}

}  // namespace

Result<void> apply_report(const World& world, Passage& passage) {
  if (passage.envelope.event != "report") return only_outdated(world, passage);
  std::vector<Version> versions;
  for (const JsonView report : fhir::message::all(passage.view(), "DiagnosticReport")) {
    auto version = judge(world, passage, report);
    if (!version) return fhir::pass(version);
    versions.push_back(*std::move(version));
  }
  std::size_t fresh = 0;
  for (const Version& version : versions) {
    if (version.news == ReportNews::outdated) {
      pass_over(passage, version);
      continue;
    }
    ++fresh;
    if (!version.row) continue;
    if (auto told = reach_earlier(world, passage, version); !told) return told;
  }
  if (versions.empty()) return {};
  if (fresh == 0) passage.arrival.untold = true;
  return rewrite(world, passage, versions, fresh != 0 && fresh != versions.size());
}

bool remembers_pull(std::string_view type) {
  static constexpr auto kTypes = std::to_array<std::string_view>({"DiagnosticReport", "Observation", "Bundle"});
  return std::ranges::find(kTypes, type) != kTypes.end();
}

store::Fact pulled(const store::StoredResource& resource, std::string_view partner, Millis at) {
  return {fmt::format("{}{}/{}", kPulled, resource.type, resource.id), std::string(partner), at,
          JsonTree::object({{"version", JsonTree::number(std::to_string(resource.version))}}).dump(), false};
}

}  // namespace gateway::exchange
