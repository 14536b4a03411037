// causeway_definitions PACKAGE_FOLDER PACK: compiles the definition Bundles of the official R4 package into a pack.
// Runs in the build, never in the product.
#include <fmt/format.h>

#include <charconv>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

#include "fhir/definitions/compiler/writer.h"
#include "fhir/json.h"

using namespace fhir;

namespace {

constexpr std::string_view kVersion = "4.0.1";
constexpr std::string_view kSystemTypes = "http://hl7.org/fhirpath/";

std::string_view after_last(std::string_view text, char separator) {
  return text.substr(text.find_last_of(separator) + 1);  // the whole text when there is none (npos + 1 = 0)
}

std::string_view without_version(std::string_view canonical) { return canonical.substr(0, canonical.find('|')); }

Result<Json> read(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(in)), {});
  if (!in) return fail(Fault::not_found, "definitions.file", file.string(), "cannot be read; run ./dev setup");
  auto json = Json::parse(std::move(text), {std::size_t{1} << 30, 200});
  if (!json) json.error().where = file.string() + ":" + json.error().where;
  return json;
}

std::uint16_t number(std::string_view text) {
  std::uint16_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

/// In R4 itself the elements that are System strings name their FHIR type beside ("string", "uri"); for Resource.id it
/// says string, but the standard's text and its own examples mean id (resource.html#id).
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

void read_types(JsonView definition, JsonView element, bool has_children, pack::ElementRow& row) {
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
    if (row.types.back() != "Reference") continue;
    for (const JsonView target : type["targetProfile"])
      if (const std::string_view name = after_last(target.text(), '/'); name != "Resource")
        row.targets.emplace_back(name);
  }
}

/// Those that this definition adds: inherited ones stand at their own type. ele-1 is a matter of structure.
std::vector<pack::ConstraintRow> constraints_of(JsonView definition, JsonView element) {
  std::vector<pack::ConstraintRow> rows;
  for (const JsonView constraint : element["constraint"]) {
    const std::string_view source = constraint["source"].text(), key = constraint["key"].text();
    const bool own = source.empty() || source == definition["url"].text();
    if (!own || key == "ele-1" || !constraint["expression"]) continue;
    rows.push_back({std::string(key), std::string(constraint["human"].text()),
                    std::string(constraint["expression"].text()), constraint["severity"].text() == "error"});
  }
  return rows;
}

pack::ElementRow element_row(JsonView definition, JsonView element, bool has_children) {
  pack::ElementRow row;
  row.path = element["path"].text();
  row.name = after_last(row.path, '.');
  row.choice = row.name.ends_with("[x]");
  if (row.choice) row.name.resize(row.name.size() - 3);
  row.min = number(element["min"].text());
  row.max = element["max"].text() == "*" ? ElementDefinition::kUnbounded : number(element["max"].text());
  row.summary = element["isSummary"].text() == "true";
  row.modifier = element["isModifier"].text() == "true";
  row.binding_strength = element["binding"]["strength"].text();
  row.binding_value_set = without_version(element["binding"]["valueSet"].text());
  row.constraints = constraints_of(definition, element);
  read_types(definition, element, has_children, row);
  return row;
}

TypeKind kind_of(std::string_view kind) {
  if (kind == "primitive-type") return TypeKind::primitive;
  return kind == "resource" ? TypeKind::resource : TypeKind::complex;
}

/// One definition makes one type for itself and one for each element that has children of its own.
void add_structure(pack::Writer& writer, JsonView definition) {
  std::set<std::string_view> parents;
  for (const JsonView element : definition["snapshot"]["element"]) {
    const std::string_view path = element["path"].text();
    if (const auto dot = path.rfind('.'); dot != path.npos) parents.insert(path.substr(0, dot));
  }
  std::map<std::string, pack::TypeRow> types;
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

using ValueSetUrls = std::set<std::string, std::less<>>;

/// Value sets that can be enforced or warned about.
void collect_bindings(JsonView definition, ValueSetUrls& urls) {
  for (const JsonView element : definition["snapshot"]["element"]) {
    const std::string_view strength = element["binding"]["strength"].text();
    if (strength == "required" || strength == "extensible")
      urls.emplace(without_version(element["binding"]["valueSet"].text()));
  }
}

void collect_codes(JsonView contains, pack::CodeRows& codes) {
  for (const JsonView item : contains) {
    if (item["abstract"].text() != "true" && item["code"])
      codes.emplace_back(item["code"].text(), item["system"].text());
    collect_codes(item["contains"], codes);
  }
}

/// An expansion that is too costly or open (unclosed) says so in an extension: it is not the whole set.
bool is_whole(JsonView expansion) { return expansion["contains"].size() > 0 && !expansion["extension"]; }

Result<void> compile(const std::filesystem::path& folder, pack::Writer& writer) {
  ValueSetUrls urls;
  for (const char* name : {"Bundle-types.json", "Bundle-resources.json"}) {
    const auto bundle = read(folder / name);
    if (!bundle) return std::unexpected(bundle.error());
    for (const JsonView entry : bundle->root()["entry"]) {
      const JsonView resource = entry["resource"];
      if (!is_type(resource)) continue;
      if (resource["fhirVersion"].text() != kVersion)
        return fail(Fault::invalid, "definitions.version", name, "holds definitions of another FHIR version");
      add_structure(writer, resource);
      collect_bindings(resource, urls);
    }
  }
  const auto bundle = read(folder / "Bundle-valueset-expansions.json");
  if (!bundle) return std::unexpected(bundle.error());
  for (const JsonView entry : bundle->root()["entry"]) {
    const JsonView set = entry["resource"];
    if (!urls.contains(set["url"].text()) || !is_whole(set["expansion"])) continue;
    pack::CodeRows codes;
    collect_codes(set["expansion"]["contains"], codes);
    writer.add_value_set(std::string(set["url"].text()), std::move(codes));
  }
  return {};
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) {
    fmt::print(stderr, "usage: causeway_definitions PACKAGE_FOLDER PACK\n");
    return 2;
  }
  pack::Writer writer;
  if (const auto done = compile(arguments[1], writer); !done) {
    fmt::print(stderr, "{}\n", to_string(done.error()));
    return 1;
  }
  std::ofstream out(arguments[2], std::ios::binary);
  out << writer.finish() << std::flush;
  if (!out) fmt::print(stderr, "{}: cannot be written\n", arguments[2]);
  return out ? 0 : 1;
}
