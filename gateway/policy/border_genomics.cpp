#include "gateway/policy/border_work.h"
#include "gateway/policy/genomics.h"

namespace gateway::policy {
namespace {

using fhir::Fault;
using fhir::JsonKind;
using fhir::JsonTree;
using fhir::Result;

bool has_permit(const Work& work) {
  return work.peer.transfer && work.peer.transfer->genomics_permit && !work.peer.transfer->genomics_permit_no.empty();
}

void cut_codings(Work& work, JsonTree& codeable, const std::string& path) {
  JsonTree* codings = codeable.find("coding");
  if (codings == nullptr || codings->kind() != JsonKind::array) return;
  bool left = codeable.find("text") != nullptr;
  for (std::size_t i = 0; i < codings->size(); ++i) {
    JsonTree& coding = codings->children()[i].second;
    if (!is_genomic_coding(coding))
      left = true;
    else
      work.editor.drop(coding, item_path(member_path(path, "coding"), i), "HGR.coding");
  }
  if (!left) codeable.set("text", kRedacted);
}

void cut_genomic_text(Work& work, JsonTree& value, std::string_view member, const std::string& path) {
  if (value.kind() == JsonKind::object) return cut_codings(work, value, path);
  if (value.kind() != JsonKind::string || is_structural(member)) return;
  auto spans = genomic_sentences(value.text());
  if (spans.empty()) return;
  value = JsonTree::string(replace(value.text(), std::move(spans), kRedacted));
  work.editor.note(path, "HGR.text");
}

}  // namespace

Result<void> cut_genomics(Work& work) {
  if (has_permit(work)) return {};
  for (const Entry& entry : work.editor.entries()) {
    if (work.editor.is_there(entry) && is_genomic_resource(work.editor.resource(entry))) {
      drop_entry(work, entry, "HGR.resource");
    }
  }
  visit_resources(work.editor, [&](JsonTree& value, std::string_view member, const std::string& path) {
    if (member == "contained" && value.kind() == JsonKind::object && is_genomic_resource(value)) {
      work.refuse(path, "minimise.contained-genomics");
    }
    cut_genomic_text(work, value, member, path);
    return true;
  });
  if (work.refusal.empty()) return {};
  return fhir::fail(Fault::needs_person, work.refusal, work.refused_at, "a contained resource holds genomic findings");
}

}  // namespace gateway::policy
