#include <algorithm>
#include <array>
#include <string>

#include "fhir/definitions/compiler/source.h"
#include "fhir/definitions/compiler/vocabulary.h"

namespace fhir::pack {
namespace {

using ConceptNumbers = std::map<std::pair<std::string_view, std::string_view>, std::uint32_t>;

std::uint32_t count(const auto& rows) { return static_cast<std::uint32_t>(rows.size()); }

/// Systems by url, their concepts by code: the number of a concept orders it too.
ConceptNumbers write_systems(const std::map<std::string_view, KnownSystem>& systems, Writer& writer) {
  ConceptNumbers numbers;
  for (const auto& [url, system] : systems) {
    CodeSystem row;
    row.url = writer.text(url);
    row.concepts = {count(numbers), count(system.concepts)};
    row.content = static_cast<std::uint8_t>(system.content);
    row.letter_case = static_cast<std::uint8_t>(system.letter_case);
    writer.code_systems.push_back(row);
    for (const auto& [code, known] : system.concepts) numbers.emplace(std::pair(url, code), count(numbers));
  }
  for (const auto& [url, system] : systems) {
    for (const auto& [code, known] : system.concepts) {
      Concept row;
      row.code = writer.word(code);
      row.display = writer.word(known.display);
      row.first_parent = count(writer.numbers);
      row.parents = static_cast<std::uint8_t>(known.parents.size());
      row.flags = known.abstract ? kAbstract : std::uint8_t{0};
      for (const std::string_view parent : known.parents) writer.numbers.push_back(numbers.at({url, parent}));
      writer.concepts.push_back(row);
    }
  }
  return numbers;
}

void write_value_set(std::string_view url, const Composition& composition, const Vocabulary& vocabulary,
                     const ConceptNumbers& numbers, Writer& writer) {
  writer.value_sets.push_back({writer.text(url), {count(writer.parts), count(composition)}});
  for (const auto& [system, members] : composition) {
    const auto place = vocabulary.systems().find(system);
    Part part;
    part.system = static_cast<std::uint32_t>(std::distance(vocabulary.systems().begin(), place));
    part.members = {count(writer.numbers), count(members.codes)};
    part.kind = static_cast<std::uint32_t>(members.kind);
    for (const std::string_view code : members.codes) writer.numbers.push_back(numbers.at({system, code}));
    writer.parts.push_back(part);
  }
}

std::string_view either(JsonView resource, const char* one, const char* other) {
  return resource[one] ? resource[one].text() : resource[other].text();
}

void write_map(JsonView resource, Writer& writer) {
  ConceptMap map;
  map.url = writer.text(resource["url"].text());
  map.source = writer.text(either(resource, "sourceCanonical", "sourceUri"));
  map.target = writer.text(either(resource, "targetCanonical", "targetUri"));
  map.groups = {count(writer.map_groups), static_cast<std::uint32_t>(resource["group"].size())};
  for (const JsonView group : resource["group"]) {
    const std::uint32_t first = count(writer.mappings);
    for (const JsonView element : group["element"])
      for (const JsonView target : element["target"])
        writer.mappings.push_back({writer.word(element["code"].text()), writer.word(target["code"].text()),
                                   writer.word(target["equivalence"].text())});
    writer.map_groups.push_back({writer.text(group["source"].text()),
                                 writer.text(group["target"].text()),
                                 {first, count(writer.mappings) - first}});
  }
  writer.concept_maps.push_back(map);
}

Result<void> compile_maps(const std::filesystem::path& folder, Writer& writer) {
  const auto bundle = read(folder / "Bundle-conceptmaps.json");
  if (!bundle) return std::unexpected(bundle.error());
  std::map<std::string_view, JsonView> maps;
  for (const JsonView entry : bundle->root()["entry"]) maps[entry["resource"]["url"].text()] = entry["resource"];
  for (const auto& [url, map] : maps) write_map(map, writer);
  return {};
}

}  // namespace

Result<void> compile_terminology(const std::filesystem::path& folder, Writer& writer) {
  std::vector<Json> documents;  // the vocabulary looks into them
  Vocabulary vocabulary;
  for (const char* name : {"Bundle-valuesets.json", "Bundle-v2-valuesets.json", "Bundle-v3-valuesets.json",
                           "Bundle-externals.json", "Bundle-valueset-expansions.json"}) {
    auto bundle = read(folder / name);
    if (!bundle) return std::unexpected(bundle.error());
    documents.push_back(*std::move(bundle));
    for (const JsonView entry : documents.back().root()["entry"]) {
      const JsonView resource = entry["resource"];
      if (resource["resourceType"].text() == "CodeSystem")
        vocabulary.add_code_system(resource);
      else if (std::string_view(name).contains("expansions"))
        vocabulary.add_expansion(resource);
      else
        vocabulary.add_value_set(resource);
    }
  }
  const auto value_sets = vocabulary.compose();
  const ConceptNumbers numbers = write_systems(vocabulary.systems(), writer);
  for (const auto& [url, composition] : value_sets) write_value_set(url, composition, vocabulary, numbers, writer);
  return compile_maps(folder, writer);
}

}  // namespace fhir::pack
