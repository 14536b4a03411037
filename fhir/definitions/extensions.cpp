#include "fhir/definitions/extensions.h"

#include <algorithm>
#include <vector>

#include "fhir/definitions/open_pack.h"

namespace fhir {
namespace {

/// Laid over the pack at the first question.
class Extensions {
 public:
  static const Extensions& get() {
    static const Extensions extensions;
    return extensions;
  }
  std::span<const ExtensionDefinition> all() const { return rows_; }

 private:
  Extensions() {
    const auto parts = pack_.section<pack::Extension>(pack_.header().extension_parts);
    parts_.reserve(parts.size());
    for (const pack::Extension& row : parts) parts_.push_back(lay(row));
    const auto rows = pack_.section<pack::Extension>(pack_.header().extensions);
    rows_.reserve(rows.size());
    for (const pack::Extension& row : rows) rows_.push_back(lay(row));
  }

  ExtensionDefinition lay(const pack::Extension& row) const {
    ExtensionDefinition extension;
    extension.url = pack_.text(row.url);
    extension.contexts = pack::list(row.contexts);
    extension.context_invariants = pack::list(row.context_invariants);
    extension.modifier = row.modifier != 0;
    extension.min = row.min;
    extension.max = row.max;
    extension.value_min = row.value_min;
    extension.value_max = row.value_max;
    extension.value_types = pack::list(row.types);
    extension.reference_targets = pack::list(row.targets);
    extension.binding_strength = pack_.text(row.binding_strength);
    extension.binding_value_set = pack_.text(row.binding_value_set);
    extension.parts = pack::part(std::span<const ExtensionDefinition>(parts_), row.parts);
    return extension;
  }

  const pack::Pack& pack_ = pack::linked();
  std::vector<ExtensionDefinition> parts_, rows_;
};

}  // namespace

const ExtensionDefinition* find_extension(std::string_view url) {
  const std::span<const ExtensionDefinition> all = all_extensions();
  const auto found = std::ranges::lower_bound(all, url, {}, &ExtensionDefinition::url);
  return found != all.end() && found->url == url ? &*found : nullptr;
}

std::span<const ExtensionDefinition> all_extensions() { return Extensions::get().all(); }

}  // namespace fhir
