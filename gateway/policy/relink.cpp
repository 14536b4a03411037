#include "gateway/policy/relink.h"

#include <map>
#include <optional>

#include "fhir/message/message.h"
#include "fhir/primitives.h"
#include "gateway/policy/editor.h"
#include "gateway/policy/policy.h"
#include "gateway/policy/reading.h"
#include "gateway/policy/rename.h"

namespace gateway::policy {
namespace {

using fhir::Fault;
using fhir::Json;
using fhir::JsonKind;
using fhir::JsonTree;
using fhir::JsonView;
using fhir::Result;

struct Person {
  JsonTree resource;
  std::string id, name;
};

std::string display_name(JsonView patient) {
  const JsonView name = patient["name"].at(0);
  if (!text(name["text"]).empty()) return std::string(text(name["text"]));
  return std::string(text(name["family"]));
}

class Relinker {
 public:
  Relinker(JsonView bundle, const RelinkLookup& lookup) : editor_(bundle), lookup_(lookup) {}

  Result<JsonTree> run() {
    for (const Entry& entry : editor_.entries()) {
      if (entry.type == "Patient") replace(entry);
    }
    visit_resources(editor_, [this](JsonTree& value, std::string_view, const std::string&) {
      if (value.kind() == JsonKind::object) relink_reference(value);
      return true;
    });
    if (!fault_.empty()) return fhir::fail(Fault::broken, "relink.lookup", "Patient", fault_);
    return std::move(editor_.bundle());
  }

 private:
  /// Who is behind the pseudonym; nullptr: none of ours.
  const Person* find(const std::string& pseudonym) {
    if (pseudonym.empty()) return nullptr;
    const auto known = people_.find(pseudonym);
    if (known != people_.end()) return known->second ? &*known->second : nullptr;
    auto& slot = people_[pseudonym];
    const std::string json = lookup_(pseudonym);
    if (!json.empty()) slot = read(json);
    return slot ? &*slot : nullptr;
  }

  std::optional<Person> read(const std::string& json) {
    const auto parsed = Json::parse(json);
    if (!parsed || text(parsed->root()["resourceType"]) != "Patient" || text(parsed->root()["id"]).empty()) {
      fault_ = "the stored patient of a pseudonym cannot be read";
      return {};
    }
    const JsonView patient = parsed->root();
    return Person{JsonTree::from(patient), std::string(text(patient["id"])), display_name(patient)};
  }

  const Person* find_in(const JsonTree& identifier) {
    const bool ours = identifier.text_of("system").starts_with(kPseudonymSystem);
    return ours ? find(std::string(identifier.text_of("value"))) : nullptr;
  }

  void replace(const Entry& entry) {
    JsonTree& resource = editor_.resource(entry);
    const JsonTree* identifiers = resource.find("identifier");
    const Person* person = nullptr;
    for (std::size_t i = 0; identifiers != nullptr && person == nullptr && i < identifiers->size(); ++i) {
      person = find_in(identifiers->children()[i].second);
    }
    if (person == nullptr) return;
    resource = person->resource;
    if (!entry.id.empty()) learn(entry.type + "/" + entry.id, "Patient/" + person->id, *person);
    if (entry.full_url.empty()) return;
    learn(entry.full_url, urn_of(person->id), *person);
    editor_.bundle()["entry"].children()[entry.index].second.set("fullUrl", urn_of(person->id));
  }

  void learn(const std::string& from, std::string to, const Person& person) {
    who_[to] = &person;
    names_[from] = std::move(to);
  }

  // Patient/PSEUDONYM, where the Patient itself did not come along.
  std::string outside(std::string_view reference) {
    static constexpr std::string_view kPrefix = "Patient/";
    const auto at = reference.rfind(kPrefix);
    if (at == std::string_view::npos) return {};
    const std::string id(reference.substr(at + kPrefix.size()));
    if (const Person* person = fhir::is_id(id) ? find(id) : nullptr) {
      learn(std::string(reference), "Patient/" + person->id, *person);
      return "Patient/" + person->id;
    }
    return {};
  }

  void relink_reference(JsonTree& value) {
    std::string target = follow(names_, value.text_of("reference"));
    if (target.empty()) target = outside(value.text_of("reference"));
    const JsonTree* identifier = value.find("identifier");
    const Person* person = identifier == nullptr ? nullptr : find_in(*identifier);
    if (person != nullptr && target.empty() && value.text_of("reference").empty()) target = "Patient/" + person->id;
    if (target.empty()) return;
    if (person == nullptr) person = who_[target];
    value.set("reference", target);
    if (identifier != nullptr) value.erase("identifier");
    if (person != nullptr && value.find("display") != nullptr) value.set("display", person->name);
  }

  Editor editor_;
  const RelinkLookup& lookup_;
  std::map<std::string, std::optional<Person>> people_;
  Names names_;
  std::map<std::string, const Person*, std::less<>> who_;
  std::string fault_;
};

}  // namespace

// An identifier of ours, or a Patient who did not come along: see Relinker::find_in and Relinker::outside.
bool may_relink(JsonView bundle) {
  for (auto member = bundle.begin(); member != bundle.end(); ++member) {
    const JsonView value = *member;
    if (member.key() == "system" && value.text().starts_with(kPseudonymSystem)) return true;
    if (member.key() == "reference" && value.text().contains("Patient/")) return true;
    if (may_relink(value)) return true;
  }
  return false;
}

Result<JsonTree> relink(JsonView bundle, const RelinkLookup& lookup) {
  if (text(bundle["resourceType"]) != "Bundle") {
    return fhir::fail(Fault::invalid, "relink.no-bundle", "Bundle", "only a Bundle can be re-linked");
  }
  return Relinker(bundle, lookup).run();
}

}  // namespace gateway::policy
