// A YAML file as a tree in which everything knows where it was written. Plain YAML only: no tabs, anchors, tags, merge
// keys or second documents, and no key twice; each such thing is a fault. Every scalar is text: whether `1.10` or
// `no` is a number or a word is decided by the element it is for, never by YAML. Only yaml.cpp knows yaml-cpp.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/map/faults.h"

namespace adapters::map {

struct YamlEntry;

struct Yaml {
  enum class Kind : std::uint8_t { null, scalar, list, map };
  Kind kind = Kind::null;
  bool quoted = false;  // scalar in quotes: certainly text
  Mark mark;
  std::string text;                // scalar
  std::vector<Yaml> items;         // list
  std::vector<YamlEntry> entries;  // map, in the order of the file

  bool is_null() const { return kind == Kind::null; }
  bool is_scalar() const { return kind == Kind::scalar; }
  bool is_list() const { return kind == Kind::list; }
  bool is_map() const { return kind == Kind::map; }
  /// The value of a map's key, or nullptr.
  const Yaml* find(std::string_view key) const;
  const YamlEntry* entry(std::string_view key) const;
};

struct YamlEntry {
  std::string key;
  Mark mark;  // of the key
  Yaml value;
};

Yaml make_yaml(Yaml::Kind kind, Mark mark);

/// "a list", "text", ... for sentences.
std::string_view name_of(Yaml::Kind kind);

/// The one document in `text`, or nothing after reporting at least one error. Deeper nesting than 60 is refused.
std::optional<Yaml> parse_yaml(const std::string& text, std::uint32_t file, Faults& faults);

}  // namespace adapters::map
