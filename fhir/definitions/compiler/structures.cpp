#include <charconv>
#include <map>
#include <set>
#include <string>

#include "fhir/definitions/compiler/source.h"

namespace fhir::pack {
namespace {

constexpr std::string_view kVersionOfFhir = "4.0.1";
constexpr std::string_view kSystemTypes = "http://hl7.org/fhirpath/";

void read_types(JsonView definition, JsonView element, bool has_children, ElementRow& row) {
  if (const std::string_view reference = element["contentReference"].text(); !reference.empty()) {
    row.types.emplace_back(reference.substr(1));  // "#Questionnaire.item"
    return;
  }
  if (has_children) {
    row.types.emplace_back(element["path"].text());
    return;
  }
  for (const JsonView type : element["type"]) {
    row.types.push_back(type_code(definition, element, type));
    if (row.types.back() == "Reference") add_targets(type, row.targets);
  }
}

/// Those that this definition adds: inherited ones stand at their own type. ele-1 is a matter of structure.
std::vector<ConstraintRow> constraints_of(JsonView definition, JsonView element) {
  std::vector<ConstraintRow> rows;
  for (const JsonView constraint : element["constraint"]) {
    const std::string_view source = constraint["source"].text(), key = constraint["key"].text();
    const bool own = source.empty() || source == definition["url"].text();
    if (!own || key == "ele-1" || !constraint["expression"]) continue;
    rows.push_back({std::string(key), std::string(constraint["human"].text()),
                    std::string(constraint["expression"].text()), constraint["severity"].text() == "error"});
  }
  return rows;
}

ElementRow element_row(JsonView definition, JsonView element, bool has_children) {
  ElementRow row;
  row.path = element["path"].text();
  row.name = after_last(row.path, '.');
  row.choice = row.name.ends_with("[x]");
  if (row.choice) row.name.resize(row.name.size() - 3);
  row.min = cardinality(element["min"].text());
  row.max = cardinality(element["max"].text());
  row.summary = element["isSummary"].text() == "true";
  row.modifier = element["isModifier"].text() == "true";
  row.binding_strength = element["binding"]["strength"].text();
  row.binding_value_set = without_version(element["binding"]["valueSet"].text());
  for (const JsonView extension : element["binding"]["extension"])
    if (extension["url"].text().ends_with("/elementdefinition-maxValueSet"))
      row.binding_max_value_set = without_version(extension["valueCanonical"].text());
  row.constraints = constraints_of(definition, element);
  read_types(definition, element, has_children, row);
  return row;
}

TypeKind kind_of(std::string_view kind) {
  if (kind == "primitive-type") return TypeKind::primitive;
  return kind == "resource" ? TypeKind::resource : TypeKind::complex;
}

/// One definition makes one type for itself and one for each element that has children of its own.
void add_structure(Writer& writer, JsonView definition) {
  std::set<std::string_view> parents;
  for (const JsonView element : definition["snapshot"]["element"]) {
    const std::string_view path = element["path"].text();
    if (const auto dot = path.rfind('.'); dot != path.npos) parents.insert(path.substr(0, dot));
  }
  std::map<std::string, TypeRow> types;
  for (const JsonView element : definition["snapshot"]["element"]) {
    const std::string path(element["path"].text());
    const bool has_children = parents.contains(path);
    const auto dot = path.rfind('.');
    if (dot != path.npos) types[path.substr(0, dot)].elements.push_back(element_row(definition, element, has_children));
    if (dot == path.npos) {
      types[path].kind = kind_of(definition["kind"].text());
      types[path].base = after_last(definition["baseDefinition"].text(), '/');
      types[path].constraints = constraints_of(definition, element);
      types[path].abstract = definition["abstract"].text() == "true";
    } else if (has_children) {
      types[path].kind = TypeKind::backbone;
      types[path].base = element["type"].at(0)["code"].text();
    }
  }
  for (auto& [name, row] : types) writer.add_type(name, std::move(row));
}

bool is_type(JsonView resource) {
  return resource["resourceType"].text() == "StructureDefinition" && resource["kind"].text() != "logical" &&
         resource["derivation"].text() != "constraint";
}

}  // namespace

std::uint16_t cardinality(std::string_view text) {
  std::uint16_t value = text == "*" ? ElementDefinition::kUnbounded : std::uint16_t{0};
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// In R4 itself the elements that are System strings name their FHIR type beside ("string", "uri"); for Resource.id it
// says string, but the standard's text and its own examples mean id (resource.html#id).
std::string type_code(JsonView definition, JsonView element, JsonView type) {
  const std::string_view code = type["code"].text();
  if (!code.starts_with(kSystemTypes)) return std::string(code);
  const std::string_view path = element["path"].text(), kind = definition["kind"].text();
  const bool depth_one = path.find('.') == path.rfind('.');
  if (kind == "resource" && depth_one && path.ends_with(".id")) return "id";
  if (kind == "primitive-type" && path.ends_with(".value")) return "System." + std::string(after_last(code, '.'));
  for (const JsonView extension : type["extension"])
    if (extension["url"].text().ends_with("/structuredefinition-fhir-type"))
      return std::string(extension["valueUrl"].text());
  return std::string(code.substr(kSystemTypes.size()));
}

void add_targets(JsonView type, std::vector<std::string>& targets) {
  for (const JsonView target : type["targetProfile"])
    if (const std::string_view name = after_last(target.text(), '/'); name != "Resource") targets.emplace_back(name);
}

Result<void> compile_structures(const std::filesystem::path& folder, Writer& writer) {
  for (const char* name : {"Bundle-types.json", "Bundle-resources.json"}) {
    const auto bundle = read(folder / name);
    if (!bundle) return std::unexpected(bundle.error());
    for (const JsonView entry : bundle->root()["entry"]) {
      const JsonView resource = entry["resource"];
      if (!is_type(resource)) continue;
      if (resource["fhirVersion"].text() != kVersionOfFhir)
        return fail(Fault::invalid, "definitions.version", name, "holds definitions of another FHIR version");
      add_structure(writer, resource);
    }
  }
  return {};
}

}  // namespace fhir::pack
