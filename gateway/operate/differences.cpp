#include "gateway/operate/differences.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "adapters/map/yaml.h"
#include "gateway/config/mask.h"

namespace gateway::operate {
namespace {

namespace fs = std::filesystem;
using adapters::map::Yaml;
using adapters::map::YamlEntry;
using Kind = Change::Kind;

constexpr std::size_t kShown = 160;      // bytes of a value
constexpr std::size_t kMostMoved = 500;  // items whose order is compared one by one

// ---- values as text

std::string text_of(const Yaml& node) {
  std::string out;
  switch (node.kind) {
    case Yaml::Kind::null: return "~";
    case Yaml::Kind::scalar: return node.text;
    case Yaml::Kind::list:
      for (const Yaml& item : node.items) out += (out.empty() ? "" : ", ") + text_of(item);
      return "[" + out + "]";
    case Yaml::Kind::map:
      for (const YamlEntry& entry : node.entries)
        out += (out.empty() ? "" : ", ") + entry.key + ": " + config::masked(entry.key, text_of(entry.value));
      return "{" + out + "}";
  }
  return out;
}

/// Not in the middle of a character.
std::string shortened(std::string text) {
  if (text.size() <= kShown) return text;
  std::size_t end = kShown;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0u) == 0x80u) --end;
  return text.substr(0, end) + "...";
}

std::string shown(std::string_view key, const Yaml* node) {
  if (node == nullptr) return {};
  const auto dot = key.rfind('.');
  return shortened(config::masked(dot == std::string_view::npos ? key : key.substr(dot + 1), text_of(*node)));
}

std::string name_of(const Yaml& item) {
  for (const char* key : {"id", "name"})
    if (const Yaml* name = item.find(key); name != nullptr && name->is_scalar()) return name->text;
  return {};
}

/// Whatever the order of keys. Not by text_of(): two secrets look alike.
bool same(const Yaml& a, const Yaml& b) {
  if (a.kind != b.kind || a.text != b.text || a.entries.size() != b.entries.size()) return false;
  const auto has_same = [&](const YamlEntry& entry) {
    const Yaml* other = b.find(entry.key);
    return other != nullptr && same(entry.value, *other);
  };
  return std::ranges::all_of(a.entries, has_same) && std::ranges::equal(a.items, b.items, same);
}

// ---- files

/// A configuration's files by their way from its folder: "routes.yaml", "../../mappings/base/adt.map.yaml".
std::map<std::string, const std::string*> files_of(const config::Config& config) {
  std::map<std::string, const std::string*> files;
  const fs::path folder = fs::absolute(config.folder).lexically_normal();
  for (const auto& [file, bytes] : config.sources) files.emplace(file.lexically_relative(folder).string(), &bytes);
  return files;
}

bool is_ours(const std::string& file) {
  return file == "causeway.yaml" || file == "routes.yaml" || file == "peers.yaml" || file == "partners.yaml";
}

std::optional<Yaml> document_of(const std::string* text) {
  std::vector<config::FileFault> ignored;  // both were loaded before: they are YAML
  adapters::map::Faults faults(ignored);
  return text != nullptr ? adapters::map::parse_yaml(*text, faults.add_file(""), faults) : std::nullopt;
}

std::size_t first_difference(std::string_view a, std::string_view b) {
  const auto [at, end] = std::ranges::mismatch(a, b);
  return static_cast<std::size_t>(std::count(a.begin(), at, '\n')) + 1;
}

// ---- the comparison

class Comparison {
 public:
  explicit Comparison(std::string file) : file_(std::move(file)) {}

  void documents(const Yaml& before, const Yaml& after) {
    for_each_key(before, after, [&](const std::string& key, const Yaml* a, const Yaml* b) { top(key, a, b); });
  }

  std::vector<Change> found;

 private:
  template <class Do>
  static void for_each_key(const Yaml& before, const Yaml& after, Do what) {
    for (const YamlEntry& entry : before.entries) what(entry.key, &entry.value, after.find(entry.key));
    for (const YamlEntry& entry : after.entries)
      if (before.find(entry.key) == nullptr) what(entry.key, nullptr, &entry.value);
  }

  std::string place(const Yaml* node) const { return node == nullptr ? "" : place(node->mark.line); }
  std::string place(std::uint32_t line) const { return fmt::format("{}:{}", file_, line); }

  static bool is_named_list(const Yaml* node) {
    return node != nullptr && node->is_list() && !node->items.empty() &&
           std::ranges::all_of(node->items, [](const Yaml& item) { return !name_of(item).empty(); });
  }

  void top(const std::string& key, const Yaml* a, const Yaml* b) {
    const bool lists =
        (is_named_list(a) || is_named_list(b)) && (a == nullptr || a->is_list()) && (b == nullptr || b->is_list());
    if (lists) return items(key.ends_with('s') ? key.substr(0, key.size() - 1) : key, a, b);
    Change change{Kind::changed, "setting", key, place(b != nullptr ? b : a), {}, {}};
    if (a != nullptr && b != nullptr)
      nested(key, *a, *b, change.keys);
    else
      change.keys.push_back({key, shown(key, a), shown(key, b), place(b != nullptr ? b : a)});
    if (!change.keys.empty()) found.push_back(std::move(change));
  }

  /// Keys of sections one by one; everything else as a whole.
  void nested(const std::string& key, const Yaml& a, const Yaml& b, std::vector<KeyChange>& into) const {
    if (same(a, b)) return;
    if (!a.is_map() || !b.is_map()) return into.push_back({key, shown(key, &a), shown(key, &b), place(&b)});
    for_each_key(a, b, [&](const std::string& name, const Yaml* x, const Yaml* y) {
      const std::string whole = key.empty() ? name : key + "." + name;
      if (x != nullptr && y != nullptr) return nested(whole, *x, *y, into);
      into.push_back({whole, shown(whole, x), shown(whole, y), place(y != nullptr ? y : x)});
    });
  }

  void items(const std::string& section, const Yaml* a, const Yaml* b) {
    const auto of = [](const Yaml* list) { return list != nullptr ? std::span(list->items) : std::span<const Yaml>(); };
    for (const Yaml& item : of(a))
      if (find(of(b), name_of(item)) == nullptr) whole(Kind::removed, section, item);
    for (const Yaml& item : of(b)) {
      const Yaml* before = find(of(a), name_of(item));
      if (before == nullptr) {
        whole(Kind::added, section, item);
        continue;
      }
      Change change{Kind::changed, section, name_of(item), place(&item), {}, {}};
      nested("", *before, item, change.keys);
      if (!change.keys.empty()) found.push_back(std::move(change));
    }
    if (section == "route") moved(of(a), of(b));  // the first match decides: their order is meaning
  }

  static const Yaml* find(std::span<const Yaml> list, const std::string& name) {
    const auto at = std::ranges::find_if(list, [&](const Yaml& item) { return name_of(item) == name; });
    return at == list.end() ? nullptr : &*at;
  }

  void whole(Kind kind, const std::string& section, const Yaml& item) {
    Change change{kind, section, name_of(item), place(&item), {}, {}};
    for (const YamlEntry& entry : item.entries) {
      if (entry.key == "id" || entry.key == "name") continue;
      const std::string value = shown(entry.key, &entry.value);
      change.keys.push_back(
          {entry.key, kind == Kind::removed ? value : "", kind == Kind::added ? value : "", place(entry.mark.line)});
    }
    found.push_back(std::move(change));
  }

  /// Those that stand in both, in each one's order.
  static std::vector<std::string> common(std::span<const Yaml> list, std::span<const Yaml> other) {
    std::vector<std::string> names;
    for (const Yaml& item : list)
      if (find(other, name_of(item)) != nullptr) names.push_back(name_of(item));
    return names;
  }

  void moved(std::span<const Yaml> before, std::span<const Yaml> after) {
    const auto old_order = common(before, after), new_order = common(after, before);
    if (old_order == new_order || new_order.size() > kMostMoved) return;
    const auto stayed = longest_common(old_order, new_order);
    for (std::size_t i = 0; i < new_order.size(); ++i) {
      if (std::ranges::find(stayed, new_order[i]) != stayed.end()) continue;
      const std::string say = i == 0 ? "now asked first" : fmt::format("now asked after \"{}\"", new_order[i - 1]);
      found.push_back({Kind::moved, "route", new_order[i], place(find(after, new_order[i])), {}, say});
    }
  }

  /// The longest sequence that both have: what need not have moved.
  static std::vector<std::string> longest_common(const std::vector<std::string>& a, const std::vector<std::string>& b) {
    std::vector<std::vector<std::size_t>> length(a.size() + 1, std::vector<std::size_t>(b.size() + 1, 0));
    for (std::size_t i = a.size(); i-- > 0;)
      for (std::size_t j = b.size(); j-- > 0;)
        length[i][j] = a[i] == b[j] ? length[i + 1][j + 1] + 1 : std::max(length[i + 1][j], length[i][j + 1]);
    std::vector<std::string> stayed;
    for (std::size_t i = 0, j = 0; i < a.size() && j < b.size();) {
      if (a[i] == b[j]) {
        stayed.push_back(a[i]);
        ++i, ++j;
      } else {
        length[i + 1][j] >= length[i][j + 1] ? ++i : ++j;
      }
    }
    return stayed;
  }

  std::string file_;
};

/// A map, a code table, a list of pins: that it differs, and from where on.
Change file_change(const std::string& name, const std::string* before, const std::string* after) {
  const Kind kind = before == nullptr ? Kind::added : after == nullptr ? Kind::removed : Kind::changed;
  Change change{kind, "file", name, name, {}, {}};
  if (kind == Kind::changed) {
    change.place = fmt::format("{}:{}", name, first_difference(*after, *before));
    change.say = fmt::format("{} -> {} bytes, differs from here on", before->size(), after->size());
  }
  return change;
}

std::string_view word(Kind kind) {
  constexpr std::string_view kWords[] = {"added", "removed", "changed", "moved"};
  return kWords[static_cast<std::size_t>(kind)];
}

std::string line_of(const KeyChange& key) {
  const auto value = [](const std::string& text) { return text.empty() ? std::string("(none)") : text; };
  return fmt::format("    {}: {} -> {}  ({})\n", key.key, value(key.before), value(key.after), key.place);
}

std::string paragraph(const Change& change) {
  std::string out = fmt::format("{} {} {}  ({})", change.section, change.name, word(change.kind), change.place);
  if (!change.say.empty()) out += ": " + change.say;
  out += "\n";
  for (const KeyChange& key : change.keys) {
    const bool one = change.kind == Kind::added || change.kind == Kind::removed;
    out +=
        one ? fmt::format("    {}: {}\n", key.key, change.kind == Kind::added ? key.after : key.before) : line_of(key);
  }
  return out;
}

}  // namespace

std::vector<Change> differences(const config::Config& before, const config::Config& after) {
  std::vector<Change> changes;
  const auto old_files = files_of(before), new_files = files_of(after);
  const auto compare = [&](const std::string& name, const std::string* a, const std::string* b) {
    if (a != nullptr && b != nullptr && *a == *b) return;
    const auto old_document = is_ours(name) ? document_of(a) : std::nullopt;
    const auto new_document = is_ours(name) ? document_of(b) : std::nullopt;
    if (!old_document || !new_document) return changes.push_back(file_change(name, a, b));
    Comparison comparison(name);
    comparison.documents(*old_document, *new_document);
    std::ranges::move(comparison.found, std::back_inserter(changes));
  };
  for (const auto& [name, text] : old_files)
    compare(name, text, new_files.contains(name) ? new_files.at(name) : nullptr);
  for (const auto& [name, text] : new_files)
    if (!old_files.contains(name)) compare(name, nullptr, text);
  return changes;
}

std::string in_words(const std::vector<Change>& changes) {
  std::string out;
  for (const Change& change : changes) out += paragraph(change);
  return out;
}

fhir::JsonTree to_json(const std::vector<Change>& changes) {
  using fhir::JsonTree;
  JsonTree list = JsonTree::array();
  for (const Change& change : changes) {
    JsonTree told = JsonTree::object(
        {{"change", word(change.kind)}, {"section", change.section}, {"name", change.name}, {"place", change.place}});
    if (!change.say.empty()) told.set("say", change.say);
    JsonTree keys = JsonTree::array();
    for (const KeyChange& key : change.keys)
      keys.push(
          JsonTree::object({{"key", key.key}, {"before", key.before}, {"after", key.after}, {"place", key.place}}));
    told.set("keys", std::move(keys));
    list.push(std::move(told));
  }
  return list;
}

}  // namespace gateway::operate
