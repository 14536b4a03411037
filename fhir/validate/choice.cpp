#include "fhir/validate/choice.h"

namespace fhir::validate {

bool Choice::is(std::string_view fhir_type) const {
  return !type.empty() && type.size() == fhir_type.size() && (type[0] | 0x20) == (fhir_type[0] | 0x20) &&
         type.substr(1) == fhir_type.substr(1);
}

Choice choice_of(JsonView owner, std::string_view stem) {
  for (auto it = owner.begin(); it != owner.end(); ++it) {
    const std::string_view key = it.key();
    if (key.starts_with(stem) && key.size() > stem.size() && key[stem.size()] >= 'A' && key[stem.size()] <= 'Z')
      return {*it, key.substr(stem.size())};
  }
  return {};
}

Choice extension_of(JsonView owner, std::string_view url) {
  for (const JsonView extension : owner["extension"])
    if (extension["url"].text() == url) return choice_of(extension, "value");
  return {};
}

}  // namespace fhir::validate
