#include "fhir/primitives.h"
#include "gateway/policy/border_work.h"

namespace gateway::policy {
namespace {

using fhir::Fault;
using fhir::JsonKind;
using fhir::JsonTree;
using fhir::Result;

const JsonTree* first_item(const JsonTree* list) {
  return list == nullptr || list->size() == 0 ? nullptr : &list->children()[0].second;
}

std::string key_of(const JsonTree& identifier) {
  return std::string(identifier.text_of("system")) + "|" + std::string(identifier.text_of("value"));
}

// The facility's own number first: a patient is joined by it, and national ids may come later or change.
std::string patient_key(const JsonTree& patient) {
  const JsonTree* identifiers = patient.find("identifier");
  if (const JsonTree* any = first_item(identifiers)) {
    for (const auto& [name, identifier] : identifiers->children()) {
      if (has_code(identifier.find("type"), [](std::string_view code) { return code == "MR"; }))
        return key_of(identifier);
    }
    return key_of(*any);
  }
  return patient.text_of("id").empty() ? std::string{} : "id|" + std::string(patient.text_of("id"));
}

// The pseudonym a Patient carries for this recipient, if that is all it is known by; anybody can write that.
std::string claimed_pseudonym(const Work& work, const JsonTree& patient) {
  const JsonTree* identifiers = patient.find("identifier");
  const JsonTree* only = first_item(identifiers);
  const bool claims = only != nullptr && identifiers->size() == 1 && is_labelled(patient, "PSEUD") &&
                      only->text_of("system") == pseudonym_system(work) &&
                      only->text_of("value") == patient.text_of("id");
  return claims ? std::string(patient.text_of("id")) : std::string{};
}

// Nobody without this site's secret can make it, nor carry it over to another message.
std::string seal_of(const Work& work, const std::string& pseudonym) {
  const auto& entries = work.editor.entries();
  const auto header = std::ranges::find(entries, "MessageHeader", &Entry::type);
  const std::string message = header == entries.end() ? std::string{} : header->id;
  return work.maker(work.peer.organization.id, "minimised|" + pseudonym + "|" + message);
}

bool has_resource(const Work& work, std::string_view type, std::string_view id) {
  return std::ranges::any_of(work.editor.entries(), [&](const Entry& e) { return e.type == type && e.id == id; });
}

std::string_view patient_rule(std::string_view member) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 9> kRules = {
      {{"identifier", "P2.identifier"},
       {"telecom", "P2.telecom"},
       {"contact", "P2.relative"},
       {"link", "P2.identifier"},
       {"photo", "P2.photo"},
       {"extension", "P2.extension"},
       {"modifierExtension", "P2.extension"},
       {"text", "P2.narrative"},
       {"generalPractitioner", "P2.element"}}};
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
  if (!work.repeated) work.secrets.learn_numbers(patient.find("identifier"));
  work.secrets.learn_numbers(patient.find("telecom"));
  work.secrets.learn_addresses(patient.find("address"), patient);
  work.secrets.learn_people(patient.find("contact"), patient);
}

}  // namespace

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

Result<void> name_patient(Work& work) {
  const Entry* entry = find_patient(work);
  if (entry == nullptr) {
    return fhir::fail(Fault::needs_person, "minimise.patient", "Bundle.entry",
                      "exactly one Patient can be pseudonymised");
  }
  const JsonTree& patient = work.editor.resource(*entry);
  const std::string claimed = claimed_pseudonym(work, patient);
  work.repeated = !claimed.empty() && has_resource(work, "Provenance", seal_of(work, claimed));
  const std::string key = patient_key(patient);
  if (key.empty())
    return fhir::fail(Fault::needs_person, "minimise.patient", "Patient", "the Patient has no identifier");
  work.pseudonym = work.repeated ? claimed : work.maker(work.peer.organization.id, key);
  if (!fhir::is_id(work.pseudonym)) {
    return fhir::fail(Fault::broken, "minimise.pseudonym", "Patient", "the pseudonym is no FHIR id");
  }
  work.seal = seal_of(work, work.pseudonym);
  if (!work.repeated) work.patient = patient.dump();
  return {};
}

Result<void> cut_patient(Work& work) {
  static constexpr auto kPatient = std::to_array<std::string_view>(
      {"resourceType", "id", "meta", "language", "active", "name", "gender", "birthDate", "deceasedBoolean",
       "deceasedDateTime", "address", "communication", "managingOrganization"});
  static constexpr auto kAddress =
      std::to_array<std::string_view>({"use", "type", "city", "state", "country", "period"});
  static constexpr auto kName =
      std::to_array<std::string_view>({"extension", "use", "text", "family", "given", "prefix", "suffix", "period"});
  static constexpr auto kCommunication = std::to_array<std::string_view>({"language", "preferred"});

  JsonTree& patient = work.editor.resource(*find_patient(work));
  learn_patient(work, patient);
  JsonTree identifiers = JsonTree::array();
  identifiers.push(JsonTree::object({{"system", pseudonym_system(work)}, {"value", work.pseudonym}}));
  if (work.repeated) patient.set("identifier", JsonTree{});  // it comes back below, and nothing was removed
  keep_only(work, patient, "Patient", kPatient, patient_rule);
  keep_only_in_items(work, patient, "address", kAddress, "P2.address");
  keep_only_in_items(work, patient, "name", kName, "P2.element");
  keep_only_in_items(work, patient, "communication", kCommunication, "P2.element");
  cut_name_extensions(work, patient);
  patient.set("identifier", std::move(identifiers));
  return {};
}

}  // namespace gateway::policy
