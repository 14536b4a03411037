#include "gateway/policy/border.h"

#include "fhir/message/message.h"
#include "gateway/policy/border_work.h"
#include "gateway/policy/rename.h"

namespace gateway::policy {
namespace {

using fhir::Fault;
using fhir::JsonKind;
using fhir::JsonTree;
using fhir::JsonView;
using fhir::Result;

constexpr std::string_view kActCode = "http://terminology.hl7.org/CodeSystem/v3-ActCode";

void add_label(JsonTree& resource, std::string_view code) {
  if (is_labelled(resource, code)) return;
  resource["meta"]["security"].push(JsonTree::object({{"system", kActCode}, {"code", code}}));
}

bool was_changed(const Work& work, const Entry& entry) {
  return std::ranges::any_of(work.editor.removed(), [&](const Removal& removal) {
    const std::string_view path = removal.path;
    return path.starts_with(entry.label) && path.substr(entry.label.size()).starts_with('.');
  });
}

void label_all(Work& work) {
  for (const char* code : {"PSEUD", "REDACT", "NORDSCLCD"}) add_label(work.editor.bundle(), code);
  for (const Entry& entry : work.editor.entries()) {
    if (!work.editor.is_there(entry)) continue;
    JsonTree& resource = work.editor.resource(entry);
    if (entry.type == "Patient") add_label(resource, "PSEUD");
    if (was_changed(work, entry)) add_label(resource, "REDACT");
    add_label(resource, "NORDSCLCD");
  }
}

JsonTree provenance(const Work& work) {
  JsonTree resource = JsonTree::object({{"resourceType", "Provenance"}, {"id", work.seal}});
  resource["target"].push(JsonTree::object({{"reference", "Patient/" + work.pseudonym}}));
  resource.set("recorded", work.recorded);
  resource["policy"].push("https://causeway.example/policy/P2");
  JsonTree& activity = resource["activity"]["coding"];
  activity.push(JsonTree::object({{"system", kActivitySystem}, {"code", "minimise"}}));
  activity.push(JsonTree::object(
      {{"system", "http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle"}, {"code", "pseudonymize"}}));
  JsonTree agent = JsonTree::object();
  agent["who"]["identifier"] =
      JsonTree::object({{"system", fhir::message::kOrganizationSystem}, {"value", work.own.id}});
  agent["who"].set("display", work.own.name);
  resource["agent"].push(std::move(agent));
  add_label(resource, "NORDSCLCD");
  return resource;
}

void add_provenance(Work& work) {
  if (work.repeated) return;
  work.editor.bundle()["entry"].push(
      JsonTree::object({{"fullUrl", urn_of(work.seal)}, {"resource", provenance(work)}}));
}

Result<void> sign_off(Work& work) {
  if (work.recorded.empty()) {
    return fhir::fail(Fault::invalid, "minimise.timestamp", "Bundle.timestamp",
                      "a message says when it was put together");
  }
  label_all(work);
  add_provenance(work);
  return {};
}

// The last look, at what will be sent: whatever rule was forgotten, no secret passes here.
Result<void> verify(Work& work, JsonTree& bundle) {
  std::string left_at;
  visit(bundle, "", "Bundle", [&](JsonTree& value, std::string_view member, const std::string& path) {
    const bool scalar = value.kind() == JsonKind::string || value.kind() == JsonKind::number;
    const bool found =
        (scalar && work.secrets.scrub(value.text(), !is_structural(member))) || work.secrets.is_in(member);
    if (found && left_at.empty()) left_at = path;
    return true;
  });
  if (left_at.empty()) return {};
  return fhir::fail(Fault::needs_person, "minimise.incomplete", left_at,
                    "a personal number could not be taken out of this element");
}

}  // namespace

Result<Minimised> cross_border(JsonView bundle, const config::Organization& own, const config::Peer& peer,
                               const PseudonymMaker& pseudonym) {
  Work work{Editor(bundle), own, peer, pseudonym, {}, std::string(bundle["timestamp"].text()), {}, {}, {},
            false,          {},  {}};
  // In this order: what is dropped teaches what to search for; ids are renamed while references can still be followed;
  // the search comes last, over all that is left.
  for (const auto step : {name_patient, drop_people, cut_patient, cut_practitioners, cut_elements, refuse_hidden,
                          cut_genomics, cut_references, rename_all, scrub_all, sign_off}) {
    if (auto done = step(work); !done) return fhir::pass(done);
  }
  JsonTree result = work.editor.finish();
  if (auto clean = verify(work, result); !clean) return fhir::pass(clean);
  return Minimised{std::move(result), work.editor.take_removed(), std::move(work.pseudonym), std::move(work.patient)};
}

}  // namespace gateway::policy
