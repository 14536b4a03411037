#include "fhir/validate/library.h"

#include <algorithm>

namespace fhir::validate {

std::string_view url_of(std::string_view canonical) {
  const std::string_view unversioned = canonical.substr(0, canonical.find('|'));
  return unversioned.substr(0, std::max<std::size_t>(unversioned.find('#'), 1));
}

void Library::add(JsonView resource) {
  const std::string_view type = resource["resourceType"].text();
  for (const JsonView entry : type == "Bundle" ? resource["entry"] : JsonView()) add(entry["resource"]);
  const std::string_view url = resource["url"].text();
  if (!url.empty()) by_url_.try_emplace({type, url}, resource);
}

JsonView Library::find(std::string_view type, std::string_view canonical) const {
  if (by_url_.empty()) return {};
  const auto found = by_url_.find({type, url_of(canonical)});
  if (found == by_url_.end()) return {};
  const auto bar = canonical.find('|');
  const std::string_view version = found->second["version"].text();
  const bool other = bar != canonical.npos && !version.empty() && canonical.substr(bar + 1) != version;
  return other ? JsonView() : found->second;
}

}  // namespace fhir::validate
