// The keys of the configuration as tables: one row a key says how it is written, how it is read, whether it is needed,
// what it is when absent, and what it is for. Reading, unknown keys, did-you-mean and docs/CONFIG.md all follow from
// the same rows (tables.cpp). Adding a setting is adding a row. Tables are immutable after the first call.
#pragma once
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/config/reader.h"

namespace gateway::config {

/// Required, or what stands for it when it is absent (as it would be written; empty: nothing; {}: the defaults of its
/// own keys).
struct Need {
  bool required = false;
  std::string_view fallback;
};
inline constexpr Need kRequired{true, {}};
inline constexpr Need kOptional{};
constexpr Need otherwise(std::string_view fallback) { return {false, fallback}; }

/// A table without its types: for the reference.
struct SectionInfo;
struct KeyInfo {
  std::string_view name;
  std::string form;
  Need need;
  std::string_view doc, since;
  std::vector<SectionInfo> nested;  // none or one
};
struct SectionInfo {
  std::string_view title, doc;
  std::vector<KeyInfo> keys;
};

/// How one kind of value is written, and how it gets into a T.
template <class T>
struct Kind {
  std::string form;  // for people: "duration, 1s to 10m"
  std::function<void(Reader&, const Yaml&, T&)> read;
  std::function<SectionInfo()> nested;  // for sections
};

template <class T>
struct Key {
  std::string_view name;
  Kind<T> kind;
  Need need;
  std::string_view doc;
  std::string_view since = "0.1";
};

template <class T>
struct Section {
  std::string_view title;  // "doors[]"
  std::string_view doc;
  std::vector<Key<T>> keys;
};

/// A fallback as if it stood in the file: a value, `[a, b]` or `{}`.
Yaml written(std::string_view fallback, Mark mark);

/// Fills `into` from a section of a file. Keys are read in the table's order; an absent one is read from its fallback.
template <class T>
void read_section(Reader& reader, const Yaml& node, const Section<T>& section, T& into) {
  std::vector<KeyName> names;
  for (const auto& key : section.keys) names.push_back({key.name, key.need.required});
  const auto values = reader.keys(node, names);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const Key<T>& key = section.keys[i];
    if (values[i] != nullptr) {
      key.kind.read(reader, *values[i], into);
    } else if (!key.need.fallback.empty()) {
      key.kind.read(reader, written(key.need.fallback, node.mark), into);
    }
  }
}

template <class T>
SectionInfo describe(const Section<T>& section) {
  SectionInfo info{section.title, section.doc, {}};
  for (const auto& key : section.keys) {
    info.keys.push_back({key.name, key.kind.form, key.need, key.doc, key.since, {}});
    if (key.kind.nested) info.keys.back().nested.push_back(key.kind.nested());
  }
  return info;
}

}  // namespace gateway::config
