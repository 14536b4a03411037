#include "gateway/policy/rename.h"

#include <algorithm>
#include <array>

#include "fhir/message/message.h"
#include "fhir/primitives.h"

namespace gateway::policy {
namespace {

using fhir::JsonKind;
using fhir::JsonTree;

constexpr std::string_view kIdSpace = "b3c1a8f0-5d0e-5c55-9d7e-6f6a1c9e2b41";  // ours; fixed for ever
constexpr std::string_view kUrn = "urn:uuid:";

std::string secret_id(const Renaming& renaming, std::string_view name) {
  return fhir::message::uuid5(kIdSpace, renaming.maker(renaming.recipient, "id|" + std::string(name)));
}

bool is_type_and_id(std::string_view name) {
  const auto slash = name.find('/');
  if (slash == std::string_view::npos || slash == 0) return false;
  return name[0] >= 'A' && name[0] <= 'Z' && fhir::is_id(name.substr(slash + 1));
}

// A reference that leads out of the Bundle gets the name that its target would get, so it means the same resource when
// that one comes some other day. What is neither Type/id nor urn:uuid leads into our own network: nothing is left of
// it.
std::string outside_name(const Renaming& renaming, std::string_view name) {
  if (name.starts_with(kUrn)) return std::string(kUrn) + secret_id(renaming, name);
  if (!is_type_and_id(name)) return {};
  const std::string type(name.substr(0, name.find('/')));
  if (keeps_id(type) && !renaming.is_secret(name)) return std::string(name);
  return type + "/" + secret_id(renaming, name);
}

std::string new_id(const Entry& entry, const Renaming& renaming) {
  if (entry.type == "Patient") return renaming.pseudonym;
  return secret_id(renaming, entry.type + "/" + (entry.id.empty() ? entry.full_url : entry.id));
}

void rename_entry(Editor& editor, const Entry& entry, const Renaming& renaming, Names& names) {
  const std::string name = entry.type + "/" + entry.id;
  const bool secret = renaming.is_secret(entry.id) || renaming.is_secret(entry.full_url);
  if (keeps_id(entry.type) && !secret) {
    names[name] = name;
    if (!entry.full_url.empty()) names[entry.full_url] = entry.full_url;
    return;
  }
  const std::string id = new_id(entry, renaming);
  if (!entry.id.empty()) names[name] = entry.type + "/" + id;
  if (!entry.full_url.empty()) names[entry.full_url] = urn_of(id);
  editor.resource(entry).set("id", id);
  JsonTree& holder = editor.bundle()["entry"].children()[entry.index].second;
  if (!entry.full_url.empty()) holder.set("fullUrl", urn_of(id));
}

std::string_view name_part(std::string_view reference) {
  return reference.substr(0, std::min(reference.find("/_history/"), reference.find('#')));
}

// "https://host/fhir/Patient/7" -> "Patient/7"
std::string_view local_part(std::string_view name) {
  const auto id = name.rfind('/');
  if (id == std::string_view::npos || id == 0) return {};
  const auto type = name.rfind('/', id - 1);
  return type == std::string_view::npos ? std::string_view{} : name.substr(type + 1);
}

void rewrite(Editor& editor, JsonTree& value, std::string_view member, const std::string& path,
             const Renaming& renaming, const Names& names) {
  if (value.kind() != JsonKind::string) return;
  if (std::string known = follow(names, value.text()); !known.empty()) {
    value = JsonTree::string(std::move(known));
    return;
  }
  const std::string_view name = name_part(value.text());
  if (member != "reference" || name.empty()) return;
  std::string outside = follow(names, local_part(name));
  if (outside.empty()) outside = outside_name(renaming, name);
  if (outside.empty())
    editor.drop(value, path, "P2.foreign-reference");
  else
    value = JsonTree::string(outside + value.text().substr(name.size()));
}

}  // namespace

bool keeps_id(std::string_view type) {
  static constexpr std::array<std::string_view, 9> kTypes = {"MessageHeader",     "Task",         "ServiceRequest",
                                                             "Organization",      "Practitioner", "PractitionerRole",
                                                             "HealthcareService", "Location",     "Endpoint"};
  return std::ranges::find(kTypes, type) != kTypes.end();
}

std::string urn_of(std::string_view id) {
  return std::string(kUrn) + (fhir::message::is_uuid(id) ? std::string(id) : fhir::message::uuid5(kIdSpace, id));
}

std::string follow(const Names& names, std::string_view reference) {
  const std::string_view name = name_part(reference);
  const auto found = names.find(name);
  return found == names.end() ? std::string{} : found->second + std::string(reference.substr(name.size()));
}

Names rename(Editor& editor, const Renaming& renaming) {
  Names names;
  for (const Entry& entry : editor.entries()) {
    if (editor.is_there(entry)) rename_entry(editor, entry, renaming, names);
  }
  visit_resources(editor, [&](JsonTree& value, std::string_view member, const std::string& path) {
    rewrite(editor, value, member, path, renaming, names);
    return true;
  });
  return names;
}

}  // namespace gateway::policy
