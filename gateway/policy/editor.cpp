#include "gateway/policy/editor.h"

#include <algorithm>
#include <map>

#include "gateway/policy/search.h"

namespace gateway::policy {
namespace {

using fhir::JsonKind;
using fhir::JsonTree;

bool is_container(const JsonTree& value) { return value.kind() == JsonKind::object || value.kind() == JsonKind::array; }

void prune(JsonTree& value) {
  for (auto& [name, inner] : value.children()) {
    prune(inner);
    if (is_container(inner) && inner.size() == 0) inner = JsonTree{};
  }
  std::erase_if(value.children(), [](const JsonTree::Member& m) { return m.second.kind() == JsonKind::absent; });
}

}  // namespace

Editor::Editor(fhir::JsonView bundle) : bundle_(JsonTree::from(bundle)) {
  std::map<std::string, std::size_t, std::less<>> seen;
  JsonTree* list = bundle_.find("entry");
  if (list == nullptr) return;
  for (std::size_t i = 0; i < list->size(); ++i) {
    const JsonTree& entry = list->children()[i].second;
    const JsonTree* resource = entry.find("resource");
    if (resource == nullptr) continue;
    Entry made{i,
               std::string(resource->text_of("resourceType")),
               std::string(resource->text_of("id")),
               std::string(entry.text_of("fullUrl")),
               {}};
    if (made.type.empty() || !std::ranges::all_of(made.type, is_ascii_letter)) made.type = "?";
    made.label = std::to_string(seen[made.type]++);
    entries_.push_back(std::move(made));
  }
  for (Entry& entry : entries_) entry.label = seen[entry.type] == 1 ? entry.type : entry.type + "[" + entry.label + "]";
}

JsonTree& Editor::resource(const Entry& entry) { return bundle_["entry"].children()[entry.index].second["resource"]; }

bool Editor::is_there(const Entry& entry) {
  return bundle_["entry"].children()[entry.index].second.kind() == JsonKind::object;
}

void Editor::drop(JsonTree& value, std::string path, std::string_view rule) {
  value = JsonTree{};
  note(std::move(path), rule);
}

void Editor::note(std::string path, std::string_view rule) { removed_.push_back({std::move(path), std::string(rule)}); }

JsonTree Editor::finish() {
  prune(bundle_);
  return std::move(bundle_);
}

std::string member_path(const std::string& path, std::string_view name) {
  const bool letters = std::ranges::all_of(name, [](char c) { return is_ascii_alnum(c) || c == '_'; });
  const bool plain =
      letters && name.size() <= 64 && std::ranges::count_if(name, is_ascii_digit) <= 2;  // valueBase64Binary
  return path + "." + (plain ? std::string(name) : "?");
}

std::string item_path(const std::string& path, std::size_t index) { return path + "[" + std::to_string(index) + "]"; }

void visit(JsonTree& value, std::string_view name, const std::string& path, const Visit& visitor) {
  if (value.kind() == JsonKind::absent || !visitor(value, name, path)) return;
  const bool array = value.kind() == JsonKind::array;
  for (std::size_t i = 0; i < value.children().size(); ++i) {
    auto& [member, inner] = value.children()[i];
    visit(inner, array ? name : std::string_view(member), array ? item_path(path, i) : member_path(path, member),
          visitor);
  }
}

void visit_resources(Editor& editor, const Visit& visitor) {
  for (const Entry& entry : editor.entries()) {
    if (editor.is_there(entry)) visit(editor.resource(entry), "resource", entry.label, visitor);
  }
}

}  // namespace gateway::policy
