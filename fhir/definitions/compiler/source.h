// The Bundles of the official package as the parts of the compiler read them, and the parts themselves: each turns its
// resources into sections of the pack.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/definitions/compiler/writer.h"
#include "fhir/json.h"

namespace fhir::pack {

inline std::string_view after_last(std::string_view text, char separator) {
  return text.substr(text.find_last_of(separator) + 1);  // the whole text when there is none (npos + 1 = 0)
}

inline std::string_view without_version(std::string_view canonical) { return canonical.substr(0, canonical.find('|')); }

/// "0", "3"; "*" is ElementDefinition::kUnbounded.
std::uint16_t cardinality(std::string_view text);
/// A FHIR type of an element, where R4 itself names a System type too.
std::string type_code(JsonView definition, JsonView element, JsonView type);
/// Names of resource types that a Reference may lead to.
void add_targets(JsonView type, std::vector<std::string>& targets);

Result<Json> read(const std::filesystem::path& file);

/// Bundle-types, Bundle-resources: types, elements, invariants.
Result<void> compile_structures(const std::filesystem::path& folder, Writer& writer);
/// Bundle-valuesets, -v2-valuesets, -v3-valuesets, -externals, -valueset-expansions, -conceptmaps.
Result<void> compile_terminology(const std::filesystem::path& folder, Writer& writer);
/// Bundle-extensions.
Result<void> compile_extensions(const std::filesystem::path& folder, Writer& writer);
/// Bundle-searchParams and the CompartmentDefinitions.
Result<void> compile_searches(const std::filesystem::path& folder, Writer& writer);

}  // namespace fhir::pack
