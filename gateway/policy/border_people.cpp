#include "adapters/map/map.h"
#include "fhir/message/message.h"
#include "gateway/policy/border_work.h"

namespace gateway::policy {
namespace {

using fhir::Fault;
using fhir::JsonKind;
using fhir::JsonTree;
using fhir::Result;

bool is_at_work(const JsonTree& item) { return item.text_of("use") == "work"; }

void cut_private_items(Work& work, JsonTree& staff, const std::string& path, std::string_view list_name) {
  JsonTree* list = staff.find(list_name);
  if (list == nullptr) return;
  for (std::size_t i = 0; i < list->size(); ++i) {
    JsonTree& item = list->children()[i].second;
    if (is_at_work(item)) continue;
    if (list_name == "telecom") work.secrets.learn_numbers(&item);
    work.editor.drop(item, item_path(member_path(path, list_name), i), "P2.practitioner");
  }
}

bool is_personal_type(std::string_view code) {
  static constexpr auto kCodes = std::to_array<std::string_view>(
      {"MR", "NI", "PPN", "PRC", "HC", "PI", "SS", "DL", "MA", "MC", "PT", "PN", "JHN", "BCT", "CZ"});
  return is_one_of(code, kCodes);
}

// The certificate number of a doctor's qualification has 24 or 27 digits, 18 of them the resident id.
bool is_personal_identifier(const JsonTree& identifier) {
  static constexpr std::string_view kResidentIds = "urn:oid:2.16.156.10011.1.3";
  const std::string_view value = identifier.text_of("value");
  const bool national = identifier.text_of("system") == kResidentIds ||
                        has_code(identifier.find("type"), [](std::string_view code) { return is_personal_type(code); });
  const bool certificate = value.size() >= 24 && std::ranges::all_of(value.substr(0, 24), is_ascii_digit);
  return national || certificate || !find_resident_ids(fold(value, false)).empty();
}

bool speaks_of_staff(std::string_view type) {
  return type == "Organization" || type == "Location" || type == "HealthcareService";
}

/// One element of any resource; true when it was dropped.
bool cut_element(Work& work, JsonTree& value, std::string_view member, const std::string& path) {
  if (member == "identifier" && value.kind() == JsonKind::object && value.text_of("system") != pseudonym_system(work) &&
      value.text_of("system") != fhir::message::kOrganizationSystem && is_personal_identifier(value)) {
    work.secrets.learn_numbers(&value);
    work.editor.drop(value, path, "P2.identifier");
  } else if (value.kind() == JsonKind::object && value.text_of("url") == adapters::map::kSourceValueExtension) {
    work.secrets.learn_source_value(value);
    work.editor.drop(value, path, "P2.source-value");
  } else if (member == "signature") {
    work.editor.drop(value, path, "P2.signature");
  } else if (member == "header" && path.starts_with("Endpoint")) {
    work.editor.drop(value, path, "P2.endpoint-header");  // may carry an access token
  } else {
    return false;
  }
  return true;
}

// A link to the images is an export under the same permit as the message (domain.md §5); other documents behind a link
// could hold anything.
bool is_image_link(const JsonTree& attachment) {
  const std::string_view url = attachment.text_of("url");
  return attachment.text_of("contentType") == "application/dicom" || url.find("/studies/") != std::string_view::npos ||
         url.find("/dicom-web") != std::string_view::npos;
}

bool is_attachment(const JsonTree& value, std::string_view member) {
  static constexpr auto kMembers = std::to_array<std::string_view>(
      {"attachment", "presentedForm", "sourceAttachment", "valueAttachment", "contentAttachment", "photo", "image"});
  const bool looks = std::ranges::any_of(std::array{"contentType", "title", "size", "hash", "creation"},
                                         [&](const char* m) { return value.find(m) != nullptr; });
  return is_one_of(member, kMembers) || (looks && value.find("url") != nullptr);
}

/// What is hidden in it cannot be found, so a person must look at it.
void refuse_unsearchable(Work& work, const JsonTree& value, std::string_view member, const std::string& path) {
  if (member == "valueBase64Binary") return work.refuse(path, "minimise.attachment");
  if (value.kind() != JsonKind::object) return;
  const JsonTree* data = value.find("data");  // of Attachment, Binary; a SampledData's is readable text
  if (data != nullptr && data->kind() == JsonKind::string && value.find("origin") == nullptr) {
    return work.refuse(path, "minimise.attachment");
  }
  if (is_attachment(value, member) && value.find("url") != nullptr && !is_image_link(value)) {
    return work.refuse(path, "minimise.attachment");
  }
  const std::string_view type = member == "contained" ? value.text_of("resourceType") : "";
  if (type == "Patient" || type == "RelatedPerson" || type == "Person" || type == "Coverage") {
    work.refuse(path, "minimise.contained-person");
  }
}

}  // namespace

void drop_entry(Work& work, const Entry& entry, std::string_view rule) {
  work.editor.drop(work.editor.bundle()["entry"].children()[entry.index].second, entry.label, rule);
}

Result<void> drop_people(Work& work) {
  static constexpr auto kPeople = std::to_array<std::string_view>({"RelatedPerson", "Person"});
  static constexpr auto kInsurance = std::to_array<std::string_view>(
      {"Coverage", "Account", "Claim", "ClaimResponse", "ExplanationOfBenefit", "CoverageEligibilityRequest",
       "CoverageEligibilityResponse", "EnrollmentRequest", "EnrollmentResponse", "Invoice"});
  const JsonTree patient = work.editor.resource(*find_patient(work));
  for (const Entry& entry : work.editor.entries()) {
    const bool person = is_one_of(entry.type, kPeople);
    if (!person && !is_one_of(entry.type, kInsurance)) continue;
    const JsonTree& resource = work.editor.resource(entry);
    for (const char* member : {"identifier", "telecom"}) work.secrets.learn_numbers(resource.find(member));
    work.secrets.learn_number(resource.text_of("subscriberId"));
    if (person) work.secrets.learn_person(resource, patient);
    drop_entry(work, entry, person ? "P2.relative" : "P2.insurance");
  }
  return {};
}

Result<void> cut_practitioners(Work& work) {
  for (const Entry& entry : work.editor.entries()) {
    if (entry.type != "Practitioner" && entry.type != "PractitionerRole") continue;
    JsonTree& staff = work.editor.resource(entry);
    cut_private_items(work, staff, entry.label, "telecom");
    cut_private_items(work, staff, entry.label, "address");
    for (const char* member : {"photo", "birthDate", "_birthDate"}) {
      if (JsonTree* value = staff.find(member))
        work.editor.drop(*value, member_path(entry.label, member), "P2.practitioner");
    }
  }
  return {};
}

Result<void> cut_elements(Work& work) {
  for (const Entry& entry : work.editor.entries()) {
    if (!work.editor.is_there(entry) || speaks_of_staff(entry.type)) continue;
    visit(work.editor.resource(entry), "resource", entry.label,
          [&](JsonTree& value, std::string_view member, const std::string& path) {
            return !cut_element(work, value, member, path);
          });
  }
  return {};
}

Result<void> refuse_hidden(Work& work) {
  for (const Entry& entry : work.editor.entries()) {
    if (entry.type == "Binary" || entry.type == "Bundle" || entry.type == "Parameters") {
      work.refuse(entry.label, "minimise.attachment");
    }
  }
  visit_resources(work.editor, [&](JsonTree& value, std::string_view member, const std::string& path) {
    refuse_unsearchable(work, value, member, path);
    return true;
  });
  if (work.refusal.empty()) return {};
  return fhir::fail(Fault::needs_person, work.refusal, work.refused_at,
                    "what this element holds cannot be searched for what must not cross the border");
}

}  // namespace gateway::policy
