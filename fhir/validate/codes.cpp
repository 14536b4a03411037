#include "fhir/validate/codes.h"

#include <fmt/format.h>

#include <algorithm>

namespace fhir::validate {
namespace {

bool coding_fits(const ElementDefinition& definition, JsonView coding) {
  return in_value_set(definition.binding_value_set, coding["code"].text(), coding["system"].text()).value_or(true);
}

/// One of the codings is enough. A concept that only has extensions says why there is none.
bool concept_fits(const ElementDefinition& definition, JsonView value) {
  const JsonView codings = value["coding"];
  if (!codings && value["extension"]) return true;
  return std::ranges::any_of(codings, [&](JsonView coding) { return coding_fits(definition, coding); });
}

bool fits(const ElementDefinition& definition, std::string_view type, JsonView value) {
  if (type == "code") return in_value_set(definition.binding_value_set, value.text()).value_or(true);
  if (type == "Coding") return !value["code"].is_string() || coding_fits(definition, value);
  if (type == "CodeableConcept") return concept_fits(definition, value);
  return true;
}

}  // namespace

void check_required_code(const ElementDefinition& definition, std::string_view type, JsonView value,
                         Findings& findings) {
  if (definition.binding_strength != "required" || fits(definition, type, value)) return;
  findings.error("code-invalid", "code", value,
                 fmt::format("{} takes only codes of {}", definition.path, definition.binding_value_set));
}

}  // namespace fhir::validate
