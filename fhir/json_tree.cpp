#include <algorithm>

#include "fhir/json.h"

namespace fhir {

JsonTree JsonTree::object() {
  JsonTree tree;
  tree.kind_ = JsonKind::object;
  return tree;
}

JsonTree JsonTree::array() {
  JsonTree tree;
  tree.kind_ = JsonKind::array;
  return tree;
}

JsonTree JsonTree::string(std::string value) {
  JsonTree tree;
  tree.kind_ = JsonKind::string;
  tree.text_ = std::move(value);
  return tree;
}

JsonTree JsonTree::number(std::string digits) {
  JsonTree tree;
  tree.kind_ = JsonKind::number;
  tree.text_ = std::move(digits);
  return tree;
}

JsonTree JsonTree::boolean(bool value) {
  JsonTree tree;
  tree.kind_ = JsonKind::boolean;
  tree.text_ = value ? "true" : "false";
  return tree;
}

JsonTree JsonTree::null() {
  JsonTree tree;
  tree.kind_ = JsonKind::null;
  return tree;
}

JsonTree JsonTree::object(std::initializer_list<std::pair<std::string_view, JsonTree>> members) {
  JsonTree tree = object();
  for (const auto& [key, value] : members) tree.set(key, value);
  return tree;
}

JsonTree JsonTree::from(JsonView view) {
  JsonTree tree;
  tree.kind_ = view.kind();
  tree.text_ = view.text();
  tree.children_.reserve(view.size());
  for (auto it = view.begin(); it != view.end(); ++it) tree.children_.emplace_back(it.key(), from(*it));
  return tree;
}

const JsonTree* JsonTree::find(std::string_view key) const {
  if (kind_ != JsonKind::object) return nullptr;
  const auto it = std::ranges::find(children_, key, &Member::first);
  return it == children_.end() ? nullptr : &it->second;
}

JsonTree* JsonTree::find(std::string_view key) {
  return const_cast<JsonTree*>(std::as_const(*this).find(key));  // NOLINT: the same search, on an object that is ours
}

std::string_view JsonTree::text_of(std::string_view key) const {
  const JsonTree* member = find(key);
  return member == nullptr ? std::string_view{} : std::string_view(member->text_);
}

JsonTree& JsonTree::operator[](std::string_view key) {
  if (kind_ == JsonKind::absent) kind_ = JsonKind::object;
  if (JsonTree* member = find(key)) return *member;
  return children_.emplace_back(key, JsonTree()).second;
}

void JsonTree::set(std::string_view key, JsonTree value) { (*this)[key] = std::move(value); }

bool JsonTree::erase(std::string_view key) {
  return kind_ == JsonKind::object && std::erase_if(children_, [&](const Member& m) { return m.first == key; }) > 0;
}

JsonTree& JsonTree::push(JsonTree value) {
  if (kind_ == JsonKind::absent) kind_ = JsonKind::array;
  return children_.emplace_back("", std::move(value)).second;
}

namespace {

constexpr int kCompact = -1;

void new_line(std::string& out, int indent, int level) {
  if (indent == kCompact) return;
  out += '\n';
  out.append(static_cast<std::size_t>(indent) * static_cast<std::size_t>(level), ' ');
}

void append(std::string& out, const JsonTree& tree, int indent, int level);

void append_children(std::string& out, const JsonTree& tree, int indent, int level) {
  const bool object = tree.kind() == JsonKind::object;
  bool first = true;
  out += object ? '{' : '[';
  for (const auto& [key, value] : tree.children()) {
    if (!value) continue;
    if (!first) out += ',';
    first = false;
    new_line(out, indent, level + 1);
    if (object) {
      append_json_string(out, key);
      out += indent == kCompact ? ":" : ": ";
    }
    append(out, value, indent, level + 1);
  }
  if (!first) new_line(out, indent, level);
  out += object ? '}' : ']';
}

void append(std::string& out, const JsonTree& tree, int indent, int level) {
  switch (tree.kind()) {
    case JsonKind::absent: return;
    case JsonKind::null: out += "null"; return;
    case JsonKind::boolean:
    case JsonKind::number: out += tree.text(); return;
    case JsonKind::string: return append_json_string(out, tree.text());
    case JsonKind::array:
    case JsonKind::object: return append_children(out, tree, indent, level);
  }
}

}  // namespace

std::string JsonTree::dump() const {
  std::string out;
  append(out, *this, kCompact, 0);
  return out;
}

std::string JsonTree::dump(int indent) const {
  std::string out;
  append(out, *this, std::max(indent, 0), 0);
  return out;
}

}  // namespace fhir
