#include <algorithm>
#include <array>

#include "adapters/map/map.h"
#include "gateway/policy/border.h"
#include "gateway/policy/editor.h"
#include "gateway/policy/policy.h"
#include "gateway/policy/reading.h"

namespace gateway::policy {
namespace {

using fhir::Fault;
using fhir::JsonKind;
using fhir::JsonTree;
using fhir::JsonView;
using fhir::Result;

bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

// Ethnicity (民族, race) and employer, however a map or vendor named the extension; and what a map kept without knowing
// what it is.
bool is_unneeded(const JsonTree& extension) {
  static constexpr auto kParts =
      std::to_array<std::string_view>({"ethnic", "-race", "/race", "employer", "occupation", "workplace", "work-unit"});
  const std::string_view url = extension.text_of("url");
  return url == adapters::map::kSourceValueExtension ||
         std::ranges::any_of(kParts, [url](std::string_view part) { return contains(url, part); });
}

bool is_employer(const JsonTree& contact) {
  bool found = false;
  if (const JsonTree* relationships = contact.find("relationship")) {
    for (const auto& [name, relationship] : relationships->children()) {
      const JsonTree* codings = relationship.find("coding");
      if (codings == nullptr) continue;
      for (const auto& [index, coding] : codings->children()) found = found || coding.text_of("code") == "E";
    }
  }
  return found || contact.find("organization") != nullptr;
}

void drop_where(Editor& editor, JsonTree& patient, const std::string& label, std::string_view list_name, auto test,
                std::string_view rule) {
  JsonTree* list = patient.find(list_name);
  if (list == nullptr) return;
  for (std::size_t i = 0; i < list->size(); ++i) {
    JsonTree& item = list->children()[i].second;
    if (test(item)) editor.drop(item, item_path(member_path(label, list_name), i), rule);
  }
}

Minimised domestic(JsonView bundle) {
  Editor editor(bundle);
  for (const Entry& entry : editor.entries()) {
    if (entry.type != "Patient") continue;
    JsonTree& patient = editor.resource(entry);
    const std::size_t before = editor.removed().size();
    drop_where(editor, patient, entry.label, "extension", is_unneeded, "P1.extension");
    drop_where(editor, patient, entry.label, "contact", is_employer, "P1.employer");
    // The narrative says again what was just dropped.
    JsonTree* text = patient.find("text");
    if (text != nullptr && editor.removed().size() > before) editor.drop(*text, entry.label + ".text", "P1.narrative");
  }
  JsonTree result = editor.finish();
  return {std::move(result), editor.take_removed(), {}, {}};
}

}  // namespace

Result<Minimised> minimise(JsonView bundle, const config::Organization& own, const config::Peer& peer,
                           std::string_view profile, const PseudonymMaker& pseudonym) {
  if (text(bundle["resourceType"]) != "Bundle") {
    return fhir::fail(Fault::invalid, "minimise.no-bundle", "Bundle", "only a Bundle can be minimised");
  }
  if (profile == "P0") return Minimised{JsonTree::from(bundle), {}, {}, {}};
  if (profile == "P1") return domestic(bundle);
  if (profile == "P2") return cross_border(bundle, own, peer, pseudonym);
  return fhir::fail(Fault::unsupported, "minimise.profile", "", "profiles P0, P1 and P2 are offered");
}

}  // namespace gateway::policy
