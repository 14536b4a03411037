#include <map>
#include <string>

#include "fhir/definitions/compiler/source.h"
#include "fhir/definitions/search_parameters.h"

namespace fhir::pack {
namespace {

std::vector<std::string> texts(JsonView list) {
  std::vector<std::string> result;
  for (const JsonView item : list) result.emplace_back(item.text());
  return result;
}

Result<void> write(JsonView resource, Writer& writer) {
  const std::optional<SearchType> type = search_type_of(resource["type"].text());
  if (!type)
    return fail(Fault::unsupported, "definitions.search", std::string(resource["url"].text()), "has an unknown type");
  SearchParameter row;
  row.url = writer.text(resource["url"].text());
  row.code = writer.text(resource["code"].text());
  row.expression = writer.text(resource["expression"].text());
  row.base = writer.list(texts(resource["base"]));
  row.targets = writer.list(texts(resource["target"]));
  row.type = static_cast<std::uint32_t>(*type);
  row.components = {static_cast<std::uint32_t>(writer.components.size()),
                    static_cast<std::uint32_t>(resource["component"].size())};
  for (const JsonView component : resource["component"])
    writer.components.push_back(
        {writer.text(component["definition"].text()), writer.text(component["expression"].text())});
  writer.search_parameters.push_back(row);
  return {};
}

Result<void> compile_parameters(const std::filesystem::path& folder, Writer& writer) {
  const auto bundle = read(folder / "Bundle-searchParams.json");
  if (!bundle) return std::unexpected(bundle.error());
  std::map<std::string_view, JsonView> parameters;
  for (const JsonView entry : bundle->root()["entry"]) parameters[entry["resource"]["url"].text()] = entry["resource"];
  for (const auto& [url, parameter] : parameters)
    if (auto done = write(parameter, writer); !done) return done;
  return {};
}

}  // namespace

Result<void> compile_searches(const std::filesystem::path& folder, Writer& writer) {
  if (auto done = compile_parameters(folder, writer); !done) return done;
  for (const char* name :
       {"device", "encounter", "patient", "practitioner", "relatedPerson"}) {  // Device < Encounter ..
    const auto document = read(folder / (std::string("CompartmentDefinition-") + name + ".json"));
    if (!document) return std::unexpected(document.error());
    const JsonView definition = document->root();
    std::map<std::string_view, JsonView> resources;
    for (const JsonView resource : definition["resource"]) resources[resource["code"].text()] = resource;
    for (const auto& [type, resource] : resources)
      if (resource["param"])
        writer.compartments.push_back(
            {writer.text(definition["code"].text()), writer.text(type), writer.list(texts(resource["param"]))});
  }
  return {};
}

}  // namespace fhir::pack
