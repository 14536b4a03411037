#include <map>
#include <string>

#include "fhir/definitions/compiler/source.h"

namespace fhir::pack {
namespace {

/// The elements of one extension: its own, or those of an extension within it. In a snapshot they stand together, after
/// the one they belong to, and their ids begin with its id.
struct Slice {
  std::string id;
  JsonView self, url, value;
  std::vector<Slice> parts;
};

Slice slice_of(JsonView elements, const std::string& id) {
  Slice slice;
  slice.id = id;
  for (const JsonView element : elements) {
    const std::string_view each = element["id"].text();
    if (each == id) slice.self = element;
    if (!each.starts_with(id + ".")) continue;
    const std::string_view rest = each.substr(id.size() + 1);
    if (rest == "url") slice.url = element;
    if (rest == "value[x]" || (rest.starts_with("value") && !rest.contains('.') && !slice.value)) slice.value = element;
    if (rest.starts_with("extension:") && !rest.contains('.'))
      slice.parts.push_back(slice_of(elements, std::string(each)));
  }
  return slice;
}

Extension row_of(JsonView definition, const Slice& slice, Writer& writer) {
  Extension row;
  std::vector<std::string> types, targets;
  for (const JsonView type : slice.value["type"]) {
    types.push_back(type_code(definition, slice.value, type));
    if (types.back() == "Reference") add_targets(type, targets);
  }
  row.url = writer.text(slice.url["fixedUri"].text());
  row.min = cardinality(slice.self["min"].text());
  row.max = cardinality(slice.self["max"].text());
  row.value_min = cardinality(slice.value["min"].text());
  row.value_max = cardinality(slice.value["max"].text());
  row.types = writer.list(row.value_max == 0 ? std::vector<std::string>() : types);
  row.targets = writer.list(targets);
  row.binding_strength = writer.text(slice.value["binding"]["strength"].text());
  row.binding_value_set = writer.text(without_version(slice.value["binding"]["valueSet"].text()));
  row.modifier = slice.self["isModifier"].text() == "true";
  return row;
}

/// The parts of a row are neighbours, so those of its parts come before them.
Range write_parts(JsonView definition, const std::vector<Slice>& slices, Writer& writer) {
  std::vector<Extension> rows;
  for (const Slice& slice : slices) {
    rows.push_back(row_of(definition, slice, writer));
    rows.back().parts = write_parts(definition, slice.parts, writer);
  }
  const Range range{static_cast<std::uint32_t>(writer.extension_parts.size()), static_cast<std::uint32_t>(rows.size())};
  writer.extension_parts.insert(writer.extension_parts.end(), rows.begin(), rows.end());
  return range;
}

void write(JsonView definition, Writer& writer) {
  const Slice slice = slice_of(definition["snapshot"]["element"], "Extension");
  Extension row = row_of(definition, slice, writer);
  std::vector<std::string> contexts, invariants;
  for (const JsonView context : definition["context"]) contexts.emplace_back(context["expression"].text());
  for (const JsonView invariant : definition["contextInvariant"]) invariants.emplace_back(invariant.text());
  row.url = writer.text(definition["url"].text());
  row.contexts = writer.list(contexts);
  row.context_invariants = writer.list(invariants);
  row.parts = write_parts(definition, slice.parts, writer);
  writer.extensions.push_back(row);
}

}  // namespace

Result<void> compile_extensions(const std::filesystem::path& folder, Writer& writer) {
  const auto bundle = read(folder / "Bundle-extensions.json");
  if (!bundle) return std::unexpected(bundle.error());
  std::map<std::string_view, JsonView> definitions;
  for (const JsonView entry : bundle->root()["entry"]) definitions[entry["resource"]["url"].text()] = entry["resource"];
  for (const auto& [url, definition] : definitions) {
    for (const JsonView context : definition["context"])
      if (context["type"].text() != "element")
        return fail(Fault::unsupported, "definitions.context", std::string(url), "has a context that is no element");
    write(definition, writer);
  }
  return {};
}

}  // namespace fhir::pack
