#include "fhir/definitions/search_parameters.h"

#include <algorithm>
#include <tuple>
#include <vector>

#include "fhir/definitions/open_pack.h"

namespace fhir {
namespace {

/// Laid over the pack at the first question.
class Searches {
 public:
  static const Searches& get() {
    static const Searches searches;
    return searches;
  }

  std::span<const SearchParameter> all() const { return parameters_; }

  std::span<const std::string_view> compartment(std::string_view compartment, std::string_view type) const {
    const auto rows = pack_.section<pack::CompartmentEntry>(pack_.header().compartments);
    const auto key = [this](const pack::CompartmentEntry& row) {
      return std::pair(pack_.text(row.compartment), pack_.text(row.type));
    };
    const auto found = std::ranges::lower_bound(rows, std::pair(compartment, type), {}, key);
    if (found == rows.end() || key(*found) != std::pair(compartment, type)) return {};
    return pack::list(found->parameters);
  }

 private:
  Searches() {
    for (const pack::Component& row : pack_.section<pack::Component>(pack_.header().components))
      components_.push_back({pack_.text(row.definition), pack_.text(row.expression)});
    for (const pack::SearchParameter& row : pack_.section<pack::SearchParameter>(pack_.header().search_parameters))
      parameters_.push_back(lay(row));
  }

  SearchParameter lay(const pack::SearchParameter& row) const {
    return {pack_.text(row.url),
            pack_.text(row.code),
            pack_.text(row.expression),
            static_cast<SearchType>(row.type),
            pack::list(row.base),
            pack::list(row.targets),
            pack::part(std::span<const SearchComponent>(components_), row.components)};
  }

  const pack::Pack& pack_ = pack::linked();
  std::vector<SearchComponent> components_;
  std::vector<SearchParameter> parameters_;
};

}  // namespace

std::span<const SearchParameter> all_search_parameters() { return Searches::get().all(); }

const SearchParameter* find_search_parameter(std::string_view url) {
  const std::span<const SearchParameter> all = all_search_parameters();
  const auto found = std::ranges::lower_bound(all, url, {}, &SearchParameter::url);
  return found != all.end() && found->url == url ? &*found : nullptr;
}

std::span<const std::string_view> compartment_parameters(std::string_view compartment, std::string_view type) {
  return Searches::get().compartment(compartment, type);
}

}  // namespace fhir
