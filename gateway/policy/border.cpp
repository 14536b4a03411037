#include "gateway/policy/border.h"

#include <algorithm>
#include <array>
#include <set>

#include "adapters/map/map.h"
#include "fhir/message/message.h"
#include "gateway/policy/editor.h"
#include "gateway/policy/genomics.h"
#include "gateway/policy/rename.h"
#include "gateway/policy/secrets.h"

namespace gateway::policy {
namespace {

using fhir::Fault;
using fhir::JsonKind;
using fhir::JsonTree;
using fhir::JsonView;
using fhir::Result;

constexpr std::string_view kActCode = "http://terminology.hl7.org/CodeSystem/v3-ActCode";

struct Work {
  Editor editor;
  const config::Organization& own;
  const config::Peer& peer;
  const PseudonymMaker& maker;
  Secrets secrets;
  std::string recorded;      // Provenance.recorded: the Bundle's own time
  std::string pseudonym, patient;
  bool repeated = false;     // it went through here before
  std::string refused_at, refusal;  // the first thing that cannot be minimised

  void refuse(const std::string& path, std::string_view code) {
    if (refusal.empty()) refused_at = path, refusal = code;
  }
};

template <std::size_t N>
bool is_one_of(std::string_view name, const std::array<std::string_view, N>& names) {
  return std::ranges::find(names, name) != names.end();
}

const JsonTree* first_item(const JsonTree* list) {
  return list == nullptr || list->size() == 0 ? nullptr : &list->children()[0].second;
}

bool has_code(const JsonTree* concept_, auto test) {
  const JsonTree* codings = concept_ == nullptr ? nullptr : concept_->find("coding");
  return codings != nullptr && std::ranges::any_of(codings->children(), [&](const JsonTree::Member& coding) {
    return test(coding.second.text_of("code"));
  });
}

// ---- the patient ------------------------------------------------------------------------------------------------

const Entry* find_patient(const Work& work) {
  const Entry* found = nullptr;
  for (const Entry& entry : work.editor.entries()) {
    if (entry.type != "Patient") continue;
    if (found != nullptr) return nullptr;
    found = &entry;
  }
  return found;
}

std::string pseudonym_system(const Work& work) {
  return std::string(kPseudonymSystem) + "/" + work.peer.organization.id;
}

bool is_labelled(const JsonTree& resource, std::string_view code) {
  const JsonTree* meta = resource.find("meta");
  const JsonTree* labels = meta == nullptr ? nullptr : meta->find("security");
  return labels != nullptr && std::ranges::any_of(labels->children(), [code](const JsonTree::Member& label) {
    return label.second.text_of("code") == code;
  });
}

std::string key_of(const JsonTree& identifier) {
  return std::string(identifier.text_of("system")) + "|" + std::string(identifier.text_of("value"));
}

// The facility's own number first: a patient is joined by it, and national ids may come later or change.
std::string patient_key(const JsonTree& patient) {
  const JsonTree* identifiers = patient.find("identifier");
  if (const JsonTree* any = first_item(identifiers)) {
    for (const auto& [name, identifier] : identifiers->children()) {
      if (has_code(identifier.find("type"), [](std::string_view code) { return code == "MR"; })) return key_of(identifier);
    }
    return key_of(*any);
  }
  return patient.text_of("id").empty() ? std::string{} : "id|" + std::string(patient.text_of("id"));
}

Result<void> name_patient(Work& work) {
  const Entry* entry = find_patient(work);
  if (entry == nullptr) {
    return fhir::fail(Fault::needs_person, "minimise.patient", "Bundle.entry", "exactly one Patient can be pseudonymised");
  }
  const JsonTree& patient = work.editor.resource(*entry);
  const JsonTree* only = first_item(patient.find("identifier"));
  work.repeated = only != nullptr && patient.find("identifier")->size() == 1 && is_labelled(patient, "PSEUD") &&
                  only->text_of("system") == pseudonym_system(work) && only->text_of("value") == patient.text_of("id");
  const std::string key = patient_key(patient);
  if (key.empty()) return fhir::fail(Fault::needs_person, "minimise.patient", "Patient", "the Patient has no identifier");
  work.pseudonym = work.repeated ? std::string(only->text_of("value")) : work.maker(work.peer.organization.id, key);
  if (!fhir::message::is_id(work.pseudonym)) {
    return fhir::fail(Fault::broken, "minimise.pseudonym", "Patient", "the pseudonym is no FHIR id");
  }
  if (!work.repeated) work.patient = patient.dump();
  return {};
}

std::string_view patient_rule(std::string_view member) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 9> kRules = {{
      {"identifier", "P2.identifier"}, {"telecom", "P2.telecom"}, {"contact", "P2.relative"}, {"link", "P2.identifier"},
      {"photo", "P2.photo"}, {"extension", "P2.extension"}, {"modifierExtension", "P2.extension"},
      {"text", "P2.narrative"}, {"generalPractitioner", "P2.element"}}};
  const auto* rule = std::ranges::find(kRules, member, &std::pair<std::string_view, std::string_view>::first);
  return rule == kRules.end() ? "P2.element" : rule->second;
}

/// Drops the members that `keep` does not name, each item of a list by itself.
template <std::size_t N>
void keep_only(Work& work, JsonTree& object, const std::string& path, const std::array<std::string_view, N>& keep,
               auto rule_of) {
  for (auto& [name, value] : object.children()) {
    if (value.kind() == JsonKind::absent || is_one_of(name, keep)) continue;
    const std::string here = member_path(path, name);
    if (value.kind() == JsonKind::array) {
      for (std::size_t i = 0; i < value.size(); ++i) work.editor.note(item_path(here, i), rule_of(name));
      value = JsonTree{};
    } else {
      work.editor.drop(value, here, rule_of(name));
    }
  }
}

template <std::size_t N>
void keep_only_in_items(Work& work, JsonTree& patient, std::string_view list_name,
                        const std::array<std::string_view, N>& keep, std::string_view rule) {
  JsonTree* list = patient.find(list_name);
  if (list == nullptr) return;
  for (std::size_t i = 0; i < list->size(); ++i) {
    const std::string path = item_path("Patient." + std::string(list_name), i);
    keep_only(work, list->children()[i].second, path, keep, [rule](std::string_view) { return rule; });
  }
}

// Of a name's extensions only its script (IDE, ABC, SYL) crosses.
void cut_name_extensions(Work& work, JsonTree& patient) {
  JsonTree* names = patient.find("name");
  if (names == nullptr) return;
  visit(*names, "name", "Patient.name", [&](JsonTree& value, std::string_view member, const std::string& path) {
    if (member != "extension" || value.kind() != JsonKind::object) return true;
    if (!value.text_of("url").ends_with("/iso21090-EN-representation")) work.editor.drop(value, path, "P2.extension");
    return false;
  });
}

void learn_patient(Work& work, const JsonTree& patient) {
  for (const char* member : {"identifier", "telecom"}) work.secrets.learn_numbers(patient.find(member));
  work.secrets.learn_addresses(patient.find("address"), patient);
  work.secrets.learn_people(patient.find("contact"), patient);
}

Result<void> cut_patient(Work& work) {
  static constexpr auto kPatient = std::to_array<std::string_view>(
      {"resourceType", "id", "meta", "language", "active", "name", "gender", "birthDate", "deceasedBoolean",
       "deceasedDateTime", "address", "communication", "managingOrganization"});
  static constexpr auto kAddress = std::to_array<std::string_view>({"use", "type", "city", "state", "country", "period"});
  static constexpr auto kName =
      std::to_array<std::string_view>({"extension", "use", "text", "family", "given", "prefix", "suffix", "period"});
  static constexpr auto kCommunication = std::to_array<std::string_view>({"language", "preferred"});

  JsonTree& patient = work.editor.resource(*find_patient(work));
  if (work.repeated) return {};
  learn_patient(work, patient);
  keep_only(work, patient, "Patient", kPatient, patient_rule);
  keep_only_in_items(work, patient, "address", kAddress, "P2.address");
  keep_only_in_items(work, patient, "name", kName, "P2.element");
  keep_only_in_items(work, patient, "communication", kCommunication, "P2.element");
  cut_name_extensions(work, patient);
  JsonTree identifiers = JsonTree::array();
  identifiers.push(JsonTree::object({{"system", pseudonym_system(work)}, {"value", work.pseudonym}}));
  patient.set("identifier", std::move(identifiers));
  return {};
}

// ---- other people -----------------------------------------------------------------------------------------------

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

Result<void> cut_practitioners(Work& work) {
  for (const Entry& entry : work.editor.entries()) {
    if (entry.type != "Practitioner" && entry.type != "PractitionerRole") continue;
    JsonTree& staff = work.editor.resource(entry);
    cut_private_items(work, staff, entry.label, "telecom");
    cut_private_items(work, staff, entry.label, "address");
    for (const char* member : {"photo", "birthDate", "_birthDate"}) {
      if (JsonTree* value = staff.find(member)) work.editor.drop(*value, member_path(entry.label, member), "P2.practitioner");
    }
  }
  return {};
}

// ---- everything else --------------------------------------------------------------------------------------------

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

// ---- genomics ---------------------------------------------------------------------------------------------------

bool has_permit(const Work& work) {
  return work.peer.transfer && work.peer.transfer->genomics_permit && !work.peer.transfer->genomics_permit_no.empty();
}

void cut_codings(Work& work, JsonTree& concept_, const std::string& path) {
  JsonTree* codings = concept_.find("coding");
  if (codings == nullptr || codings->kind() != JsonKind::array) return;
  bool left = concept_.find("text") != nullptr;
  for (std::size_t i = 0; i < codings->size(); ++i) {
    JsonTree& coding = codings->children()[i].second;
    if (!is_genomic_coding(coding)) left = true;
    else work.editor.drop(coding, item_path(member_path(path, "coding"), i), "HGR.coding");
  }
  if (!left) concept_.set("text", kRedacted);
}

void cut_genomic_text(Work& work, JsonTree& value, std::string_view member, const std::string& path) {
  if (value.kind() == JsonKind::object) return cut_codings(work, value, path);
  if (value.kind() != JsonKind::string || is_structural(member)) return;
  auto spans = genomic_sentences(value.text());
  if (spans.empty()) return;
  value = JsonTree::string(replace(value.text(), std::move(spans), kRedacted));
  work.editor.note(path, "HGR.text");
}

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

// ---- references to what was dropped -----------------------------------------------------------------------------

std::set<std::string, std::less<>> dropped_names(Work& work) {
  std::set<std::string, std::less<>> names;
  for (const Entry& entry : work.editor.entries()) {
    if (work.editor.is_there(entry)) continue;
    names.insert(entry.type + "/" + entry.id);
    if (!entry.full_url.empty()) names.insert(entry.full_url);
  }
  return names;
}

struct References {
  Work& work;
  std::set<std::string, std::less<>> gone;

  bool is_gone(const JsonTree& value) const {
    std::string_view target = value.text_of("reference");
    return !target.empty() && gone.contains(target.substr(0, target.find("/_history/")));
  }

  // An item of these lists is about what it refers to: without that it says nothing, or something else.
  static bool stands_for_its_reference(std::string_view list) {
    static constexpr auto kLists = std::to_array<std::string_view>(
        {"input", "output", "entry", "actor", "data", "activity", "member", "participant", "performer", "diagnosis", "agent"});
    return is_one_of(list, kLists);
  }

  bool cut(JsonTree& value, std::string_view member, const std::string& path) {
    if (value.kind() == JsonKind::object && is_gone(value)) {
      work.editor.drop(value, path, "P2.reference");
      return false;
    }
    const bool holder = value.kind() == JsonKind::object && stands_for_its_reference(member) &&
                        std::ranges::any_of(value.children(), [this](const JsonTree::Member& m) { return is_gone(m.second); });
    if (holder) work.editor.drop(value, path, "P2.reference");
    return !holder;
  }
};

bool has_live_items(const JsonTree* list) {
  return list != nullptr && std::ranges::any_of(list->children(), [](const JsonTree::Member& item) {
    return item.second.kind() != JsonKind::absent;
  });
}

// cmp-1: a section has text, entries or sections.
void fill_section(JsonTree& section) {
  if (section.find("text") != nullptr || has_live_items(section.find("entry")) || has_live_items(section.find("section"))) {
    return;
  }
  section.set("text", JsonTree::object({{"status", "generated"},
                                        {"div", "<div xmlns=\"http://www.w3.org/1999/xhtml\">REDACTED</div>"}}));
}

Result<void> check_what_is_left(Work& work, const Entry& entry) {
  JsonTree& resource = work.editor.resource(entry);
  if (entry.type == "Provenance" && !(has_live_items(resource.find("target")) && has_live_items(resource.find("agent")))) {
    drop_entry(work, entry, "P2.reference");
  }
  if (entry.type == "MessageHeader" && resource.find("focus") != nullptr && !has_live_items(resource.find("focus"))) {
    return fhir::fail(Fault::needs_person, "minimise.focus", "MessageHeader.focus", "the message is about what must not cross");
  }
  if (entry.type != "Composition") return {};
  visit(resource, "resource", entry.label, [](JsonTree& value, std::string_view member, const std::string&) {
    if (member == "section" && value.kind() == JsonKind::object) fill_section(value);
    return true;
  });
  return {};
}

Result<void> cut_references(Work& work) {
  References references{work, dropped_names(work)};
  visit_resources(work.editor, [&](JsonTree& value, std::string_view member, const std::string& path) {
    return references.cut(value, member, path);
  });
  for (const Entry& entry : work.editor.entries()) {
    if (!work.editor.is_there(entry)) continue;
    if (auto checked = check_what_is_left(work, entry); !checked) return checked;
  }
  return {};
}

// ---- ids and what is embedded -----------------------------------------------------------------------------------

Result<void> rename_all(Work& work) {
  const bool header_tells = std::ranges::any_of(work.editor.entries(), [&](const Entry& entry) {
    return entry.type == "MessageHeader" && work.secrets.is_in(entry.id);
  });
  if (header_tells || work.secrets.is_in(work.editor.bundle().text_of("id"))) {
    return fhir::fail(Fault::needs_person, "minimise.message-id", "Bundle.id", "an id of the message holds a personal number");
  }
  if (work.repeated) return {};
  const Renaming renaming{work.peer.organization.id, work.pseudonym, work.maker,
                          [&](std::string_view name) { return work.secrets.is_in(name); }};
  for (const auto& [old_name, new_name] : rename(work.editor, renaming)) {
    if (old_name != new_name) work.secrets.learn_id(old_name);
  }
  return {};
}

void scrub_scalar(Work& work, JsonTree& value, std::string_view member, const std::string& path) {
  if (value.kind() == JsonKind::number && work.secrets.is_in(value.text())) return work.editor.drop(value, path, "P2.embedded");
  if (value.kind() != JsonKind::string) return;
  auto clean = work.secrets.scrub(value.text(), !is_structural(member));
  if (!clean) return;
  value = JsonTree::string(std::move(*clean));
  work.editor.note(path, "P2.embedded");
}

bool scrub(Work& work, JsonTree& value, std::string_view member, const std::string& path) {
  if (member == "identifier" && value.kind() == JsonKind::object && work.secrets.is_in(value.text_of("value"))) {
    work.editor.drop(value, path, "P2.embedded");
    return false;
  }
  if (value.kind() == JsonKind::object) {
    for (auto& [name, inner] : value.children()) {
      if (work.secrets.is_in(name)) work.editor.drop(inner, member_path(path, name), "P2.embedded");
    }
  }
  scrub_scalar(work, value, member, path);
  return true;
}

Result<void> scrub_all(Work& work) {
  const Visit scrubber = [&](JsonTree& value, std::string_view member, const std::string& path) {
    return scrub(work, value, member, path);
  };
  visit_resources(work.editor, scrubber);
  visit(work.editor.bundle(), "", "Bundle", [&](JsonTree& value, std::string_view member, const std::string& path) {
    return member != "resource" && scrubber(value, member, path);
  });
  return {};
}

// ---- what was done ----------------------------------------------------------------------------------------------

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

JsonTree provenance(const Work& work, std::string_view id) {
  JsonTree resource = JsonTree::object({{"resourceType", "Provenance"}, {"id", id}});
  resource["target"].push(JsonTree::object({{"reference", "Patient/" + work.pseudonym}}));
  resource.set("recorded", work.recorded);
  resource["policy"].push("https://causeway.example/policy/P2");
  JsonTree& activity = resource["activity"]["coding"];
  activity.push(JsonTree::object({{"system", kActivitySystem}, {"code", "minimise"}}));
  activity.push(JsonTree::object({{"system", "http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle"}, {"code", "pseudonymize"}}));
  JsonTree agent = JsonTree::object();
  agent["who"]["identifier"] = JsonTree::object({{"system", fhir::message::kOrganizationSystem}, {"value", work.own.id}});
  agent["who"].set("display", work.own.name);
  resource["agent"].push(std::move(agent));
  add_label(resource, "NORDSCLCD");
  return resource;
}

void add_provenance(Work& work) {
  if (work.repeated) return;
  const std::string seed = work.pseudonym + "|" + std::string(work.editor.bundle().text_of("id"));
  const std::string urn = urn_of("minimise|" + seed);
  work.editor.bundle()["entry"].push(JsonTree::object(
      {{"fullUrl", urn}, {"resource", provenance(work, std::string_view(urn).substr(urn.rfind(':') + 1))}}));
}

Result<void> sign_off(Work& work) {
  if (work.recorded.empty()) {
    return fhir::fail(Fault::invalid, "minimise.timestamp", "Bundle.timestamp", "a message says when it was put together");
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
    const bool found = (scalar && work.secrets.scrub(value.text(), !is_structural(member))) || work.secrets.is_in(member);
    if (found && left_at.empty()) left_at = path;
    return true;
  });
  if (left_at.empty()) return {};
  return fhir::fail(Fault::needs_person, "minimise.incomplete", left_at, "a personal number could not be taken out of this element");
}

}  // namespace

Result<Minimised> cross_border(JsonView bundle, const config::Organization& own, const config::Peer& peer,
                               const PseudonymMaker& pseudonym) {
  Work work{Editor(bundle), own, peer, pseudonym, {}, std::string(bundle["timestamp"].text()), {}, {}, false, {}, {}};
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
