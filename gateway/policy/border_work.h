// Profile P2 at work: what its steps share, and the steps themselves, which border.cpp runs in order. Private to
// border*.cpp. One Work belongs to one Bundle and one thread.
#pragma once
#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "gateway/policy/editor.h"
#include "gateway/policy/policy.h"
#include "gateway/policy/secrets.h"

namespace gateway::policy {

struct Work {
  Editor editor;
  const config::Organization& own;
  const config::Peer& peer;
  const PseudonymMaker& maker;
  Secrets secrets;
  std::string recorded;  // Provenance.recorded: the Bundle's own time
  std::string pseudonym, patient;
  std::string seal;                 // id of the Provenance that only this site can have made for this message
  bool repeated = false;            // the seal is there: it went through here before
  std::string refused_at, refusal;  // the first thing that cannot be minimised

  void refuse(const std::string& path, std::string_view code) {
    if (refusal.empty()) refused_at = path, refusal = code;
  }
};

// border_patient.cpp
/// Exactly one Patient with a number: its pseudonym, and the Patient as it was.
fhir::Result<void> name_patient(Work& work);
/// The Patient by a list of what stays; what goes is learned.
fhir::Result<void> cut_patient(Work& work);

// border_people.cpp
fhir::Result<void> drop_people(Work& work);        // relatives and insurance, whole resources
fhir::Result<void> cut_practitioners(Work& work);  // private phones, addresses, birth dates of staff
fhir::Result<void> cut_elements(Work& work);       // personal identifiers, kept source values, signatures anywhere
fhir::Result<void> refuse_hidden(Work& work);      // what cannot be searched: attachments, contained people

// border_genomics.cpp
fhir::Result<void> cut_genomics(Work& work);  // unless the basis names a permit

// border_references.cpp
fhir::Result<void> cut_references(Work& work);  // to what was dropped
fhir::Result<void> rename_all(Work& work);      // ids made from local numbers
fhir::Result<void> scrub_all(Work& work);       // everything learned, wherever else it stands

// ---- what several of them need

template <std::size_t N>
bool is_one_of(std::string_view name, const std::array<std::string_view, N>& names) {
  return std::ranges::find(names, name) != names.end();
}

/// The one Patient; nullptr when there is none, or more.
const Entry* find_patient(const Work& work);
std::string pseudonym_system(const Work& work);
bool is_labelled(const fhir::JsonTree& resource, std::string_view code);
void drop_entry(Work& work, const Entry& entry, std::string_view rule);

/// Does a coding of this CodeableConcept (nullptr: none) have a code that satisfies `test`?
bool has_code(const fhir::JsonTree* codeable, auto test) {
  const fhir::JsonTree* codings = codeable == nullptr ? nullptr : codeable->find("coding");
  return codings != nullptr && std::ranges::any_of(codings->children(), [&](const fhir::JsonTree::Member& coding) {
           return test(coding.second.text_of("code"));
         });
}

}  // namespace gateway::policy
