#include <set>

#include "gateway/policy/border_work.h"
#include "gateway/policy/rename.h"

namespace gateway::policy {
namespace {

using fhir::Fault;
using fhir::JsonKind;
using fhir::JsonTree;
using fhir::Result;

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
    static constexpr auto kLists =
        std::to_array<std::string_view>({"input", "output", "entry", "actor", "data", "activity", "member",
                                         "participant", "performer", "diagnosis", "agent"});
    return is_one_of(list, kLists);
  }

  bool cut(JsonTree& value, std::string_view member, const std::string& path) {
    if (value.kind() == JsonKind::object && is_gone(value)) {
      work.editor.drop(value, path, "P2.reference");
      return false;
    }
    const bool holder =
        value.kind() == JsonKind::object && stands_for_its_reference(member) &&
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
  if (section.find("text") != nullptr || has_live_items(section.find("entry")) ||
      has_live_items(section.find("section"))) {
    return;
  }
  section.set("text", JsonTree::object({{"status", "generated"},
                                        {"div", "<div xmlns=\"http://www.w3.org/1999/xhtml\">REDACTED</div>"}}));
}

Result<void> check_what_is_left(Work& work, const Entry& entry) {
  JsonTree& resource = work.editor.resource(entry);
  if (entry.type == "Provenance" &&
      !(has_live_items(resource.find("target")) && has_live_items(resource.find("agent")))) {
    drop_entry(work, entry, "P2.reference");
  }
  if (entry.type == "MessageHeader" && resource.find("focus") != nullptr && !has_live_items(resource.find("focus"))) {
    return fhir::fail(Fault::needs_person, "minimise.focus", "MessageHeader.focus",
                      "the message is about what must not cross");
  }
  if (entry.type != "Composition") return {};
  visit(resource, "resource", entry.label, [](JsonTree& value, std::string_view member, const std::string&) {
    if (member == "section" && value.kind() == JsonKind::object) fill_section(value);
    return true;
  });
  return {};
}

void scrub_scalar(Work& work, JsonTree& value, std::string_view member, const std::string& path) {
  if (value.kind() == JsonKind::number && work.secrets.is_in(value.text()))
    return work.editor.drop(value, path, "P2.embedded");
  if (value.kind() != JsonKind::string) return;
  auto clean = work.secrets.scrub(value.text(), !is_structural(member));
  if (!clean) return;
  value = JsonTree::string(std::move(*clean));
  work.editor.note(path, "P2.embedded");
}

bool scrub(Work& work, JsonTree& value, std::string_view member, const std::string& path) {
  const std::string_view number = member == "identifier" ? value.text_of("value") : std::string_view{};
  if (!number.empty() && (work.secrets.is_number(number) || work.secrets.is_in(number))) {
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

}  // namespace

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

Result<void> rename_all(Work& work) {
  const bool header_tells = std::ranges::any_of(work.editor.entries(), [&](const Entry& entry) {
    return entry.type == "MessageHeader" && work.secrets.is_in(entry.id);
  });
  if (header_tells || work.secrets.is_in(work.editor.bundle().text_of("id"))) {
    return fhir::fail(Fault::needs_person, "minimise.message-id", "Bundle.id",
                      "an id of the message holds a personal number");
  }
  if (work.repeated) return {};
  const Renaming renaming{work.peer.organization.id, work.pseudonym, work.maker,
                          [&](std::string_view name) { return work.secrets.is_in(name); }};
  for (const auto& [old_name, new_name] : rename(work.editor, renaming)) {
    if (old_name != new_name) work.secrets.learn_id(old_name);
  }
  return {};
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

}  // namespace gateway::policy
