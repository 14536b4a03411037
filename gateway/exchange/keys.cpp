#include "gateway/exchange/keys.h"

#include <algorithm>
#include <array>

namespace gateway::exchange {
namespace {

using fhir::JsonView;
using store::Key;
using store::KeyKind;

// A message is a sender's to shape: what it puts into the index of everybody is bounded.
constexpr std::size_t kLongestKey = 256, kMostKeys = 1000;

class Keys {
 public:
  void add(KeyKind kind, std::string_view value) {
    if (!value.empty() && value.size() <= kLongestKey) all_.push_back({kind, std::string(value)});
  }
  // Composition and Bundle have one identifier, the others a list.
  void add_identifiers(KeyKind kind, JsonView identifier) {
    if (identifier.is_object()) return add(kind, identifier["value"].text());
    for (const JsonView one : identifier) add(kind, one["value"].text());
  }
  std::vector<Key> take() && {
    std::ranges::sort(all_);
    all_.erase(std::ranges::unique(all_).begin(), all_.end());
    if (all_.size() > kMostKeys) all_.resize(kMostKeys);
    return std::move(all_);
  }

 private:
  std::vector<Key> all_;
};

struct TypeRow {
  std::string_view type;
  KeyKind kind;
  std::string_view element;  // that holds the identifiers
};

// A further number that people look a message up by is a row here.
constexpr auto kTypes = std::to_array<TypeRow>({
    {"Patient", KeyKind::patient, "identifier"},
    {"DiagnosticReport", KeyKind::report, "identifier"},
    {"ServiceRequest", KeyKind::referral, "identifier"},
    {"ServiceRequest", KeyKind::referral, "requisition"},
    {"MedicationRequest", KeyKind::prescription, "identifier"},
    {"MedicationRequest", KeyKind::prescription, "groupIdentifier"},
    {"MedicationDispense", KeyKind::prescription, "identifier"},
    {"Specimen", KeyKind::accession, "accessionIdentifier"},
    {"Specimen", KeyKind::accession, "identifier"},
    {"ImagingStudy", KeyKind::accession, "identifier"},
});

void add_bundle(Keys& keys, JsonView bundle) {
  for (const JsonView entry : bundle["entry"]) {
    const JsonView resource = entry["resource"];
    const std::string_view type = resource["resourceType"].text();
    for (const TypeRow& row : kTypes) {
      if (row.type == type) keys.add_identifiers(row.kind, resource[row.element]);
    }
    // What is only named (a dispense names the prescription it answers) counts as well.
    for (const JsonView asked : resource["basedOn"]) {
      if (type == "Task" || type == "DiagnosticReport")
        keys.add(KeyKind::referral, asked["identifier"]["value"].text());
    }
    for (const JsonView asked : resource["authorizingPrescription"]) {
      keys.add(KeyKind::prescription, asked["identifier"]["value"].text());
    }
    for (const std::string_view person : {"subject", "patient", "for"}) {
      keys.add(KeyKind::patient, resource[person]["identifier"]["value"].text());
    }
  }
  keys.add(KeyKind::bundle, bundle["id"].text());
}

struct Name {
  std::string_view name;
  KeyKind kind;
};

constexpr auto kNames = std::to_array<Name>({{"patient", KeyKind::patient},
                                             {"report", KeyKind::report},
                                             {"referral", KeyKind::referral},
                                             {"prescription", KeyKind::prescription},
                                             {"accession", KeyKind::accession},
                                             {"message", KeyKind::message},
                                             {"msh10", KeyKind::message},
                                             {"bundle", KeyKind::bundle}});

}  // namespace

std::vector<Key> keys_of(const Passage& passage) {
  Keys keys;
  for (const Key& key : passage.commit.keys) keys.add(key.kind, key.value);
  add_bundle(keys, passage.view());
  for (const auto& link : passage.commit.links) keys.add(KeyKind::patient, link.pseudonym);
  keys.add(KeyKind::message, passage.message().control_id);
  keys.add(KeyKind::message, passage.given_id);
  return std::move(keys).take();
}

std::vector<Key> keys_of(JsonView bundle) {
  Keys keys;
  add_bundle(keys, bundle);
  return std::move(keys).take();
}

std::string_view to_string(KeyKind kind) { return std::ranges::find(kNames, kind, &Name::kind)->name; }

std::optional<KeyKind> key_kind_named(std::string_view name) {
  const auto* found = std::ranges::find(kNames, name, &Name::name);
  return found == kNames.end() ? std::nullopt : std::optional(found->kind);
}

}  // namespace gateway::exchange
