#include "adapters/map/extend.h"

#include <algorithm>

namespace adapters::map {
namespace {

std::string_view id_of(const Yaml& item) {
  const Yaml* id = item.find("id");
  return id != nullptr && id->is_scalar() ? std::string_view(id->text) : std::string_view();
}

Yaml merge_lists(Yaml base, const Yaml& over) {
  for (const auto& item : over.items) {
    const auto id = id_of(item);
    const auto known = id.empty()
                           ? base.items.end()
                           : std::ranges::find_if(base.items, [&](const Yaml& other) { return id_of(other) == id; });
    if (known == base.items.end()) {
      base.items.push_back(item);
    } else {
      *known = item;
    }
  }
  return base;
}

Yaml merge_maps(Yaml base, const Yaml& over) {
  for (const auto& entry : over.entries) {
    const auto known = std::ranges::find(base.entries, entry.key, &YamlEntry::key);
    if (entry.value.is_null()) {
      if (known != base.entries.end()) base.entries.erase(known);
    } else if (known == base.entries.end()) {
      base.entries.push_back(entry);
    } else {
      known->value = laid_over(std::move(known->value), entry.value);
      known->mark = entry.mark;
    }
  }
  return base;
}

}  // namespace

Yaml laid_over(Yaml base, const Yaml& over) {
  if (base.is_map() && over.is_map()) return merge_maps(std::move(base), over);
  if (base.is_list() && over.is_list()) return merge_lists(std::move(base), over);
  return over;
}

}  // namespace adapters::map
