// The extensions that R4 defines (extensibility-registry.html), from the pack (definitions.h). Immutable, safe from any
// thread; what is returned lives as long as the program.
#pragma once
#include <cstdint>
#include <span>
#include <string_view>

namespace fhir {

struct ExtensionDefinition {
  std::string_view url;                        // of a part: relative to the extension it is in ("code")
  std::span<const std::string_view> contexts;  // elements where it may stand: "Patient", "Patient.contact", "Element"
  std::span<const std::string_view> context_invariants;  // FHIRPath that must hold there besides
  bool modifier = false;
  std::uint16_t min = 0, max = 0;              // ElementDefinition::kUnbounded for *
  std::uint16_t value_min = 0, value_max = 0;  // of value[x]; a max of 0: it has parts instead
  std::span<const std::string_view> value_types;
  std::span<const std::string_view> reference_targets;
  std::string_view binding_strength, binding_value_set;
  std::span<const ExtensionDefinition> parts;
};

/// nullptr when R4 defines none with that url.
const ExtensionDefinition* find_extension(std::string_view url);
/// All, sorted by url.
std::span<const ExtensionDefinition> all_extensions();

}  // namespace fhir
