#include "fhir/definitions/terminology.h"

#include <algorithm>

#include "fhir/definitions/open_pack.h"
#include "fhir/definitions/standards.h"

namespace fhir {
namespace {

using pack::Pack;
using pack::part;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same_letters(std::string_view a, std::string_view b) { return std::ranges::equal(a, b, {}, lower, lower); }

std::span<const pack::Concept> all_concepts() {
  const Pack& pack = pack::linked();
  return pack.section<pack::Concept>(pack.header().concepts);
}

std::span<const std::uint32_t> numbers(pack::Range range) {
  const Pack& pack = pack::linked();
  return part(pack.section<std::uint32_t>(pack.header().numbers), range);
}

const pack::CodeSystem* system_of(std::string_view url) {
  const Pack& pack = pack::linked();
  return pack.by_url<pack::CodeSystem>(pack.header().code_systems, url);
}

const pack::Concept* concept_of(const pack::CodeSystem& system, std::string_view code) {
  const Pack& pack = pack::linked();
  const std::span<const pack::Concept> concepts = part(all_concepts(), system.concepts);
  if (system.letter_case == static_cast<std::uint8_t>(pack::Case::insensitive)) {
    const auto same = [&](const pack::Concept& c) { return same_letters(pack.word(c.code), code); };
    const auto found = std::ranges::find_if(concepts, same);
    return found == concepts.end() ? nullptr : &*found;
  }
  const auto found = std::ranges::lower_bound(concepts, code, {}, [&](const auto& c) { return pack.word(c.code); });
  return found != concepts.end() && pack.word(found->code) == code ? &*found : nullptr;
}

const pack::Concept* concept_of(std::string_view system, std::string_view code) {
  const pack::CodeSystem* found = system_of(system);
  return found == nullptr ? nullptr : concept_of(*found, code);
}

std::uint32_t number_of(const pack::Concept& concept_) {
  return static_cast<std::uint32_t>(&concept_ - all_concepts().data());
}

bool is_complete(const pack::CodeSystem& system) {
  return system.content == static_cast<std::uint8_t>(pack::Content::complete);
}

std::optional<bool> has_code(const pack::CodeSystem& system, std::string_view url, std::string_view code) {
  if (concept_of(system, code) != nullptr) return true;
  if (const std::optional<bool> known = standard_has_code(url, code)) return known;
  return is_complete(system) ? std::optional(false) : std::nullopt;
}

std::optional<bool> in_part(const pack::Part& from, const pack::CodeSystem& system, std::string_view code) {
  const auto kind = static_cast<pack::PartKind>(from.kind);
  const pack::Concept* found = concept_of(system, code);
  if (kind == pack::PartKind::all) {
    if (found != nullptr) return (found->flags & pack::kAbstract) == 0;
    return has_code(system, pack::linked().text(system.url), code);
  }
  if (found != nullptr && std::ranges::binary_search(numbers(from.members), number_of(*found))) return true;
  return kind == pack::PartKind::open ? std::nullopt : std::optional(false);
}

bool is_below(std::uint32_t concept_, std::uint32_t ancestor) {
  if (concept_ == ancestor) return true;
  const pack::Concept& row = all_concepts()[concept_];
  return std::ranges::any_of(numbers({row.first_parent, row.parents}),
                             [&](std::uint32_t parent) { return is_below(parent, ancestor); });
}

}  // namespace

std::optional<CodeSystemContent> find_code_system(std::string_view url) {
  if (is_standard_system(url)) return CodeSystemContent::standard;
  const pack::CodeSystem* system = system_of(url);
  return system == nullptr ? std::nullopt : std::optional(static_cast<CodeSystemContent>(system->content));
}

std::optional<bool> has_code(std::string_view system, std::string_view code) {
  const pack::CodeSystem* found = system_of(system);
  return found == nullptr ? standard_has_code(system, code) : has_code(*found, system, code);
}

std::string_view display_of(std::string_view system, std::string_view code) {
  const pack::Concept* found = concept_of(system, code);
  return found == nullptr ? std::string_view() : pack::linked().word(found->display);
}

bool is_abstract(std::string_view system, std::string_view code) {
  const pack::Concept* found = concept_of(system, code);
  return found != nullptr && (found->flags & pack::kAbstract) != 0;
}

std::optional<bool> subsumes(std::string_view system, std::string_view ancestor, std::string_view code) {
  const pack::Concept* above = concept_of(system, ancestor);
  const pack::Concept* below = concept_of(system, code);
  if (above == nullptr || below == nullptr) return std::nullopt;
  return is_below(number_of(*below), number_of(*above));
}

bool is_value_set(std::string_view url) {
  const Pack& pack = pack::linked();
  return pack.by_url<pack::ValueSet>(pack.header().value_sets, url) != nullptr;
}

std::string_view only_system(std::string_view value_set) {
  const Pack& pack = pack::linked();
  const auto* set = pack.by_url<pack::ValueSet>(pack.header().value_sets, value_set);
  if (set == nullptr || set->parts.count != 1) return {};
  const pack::Part& only = part(pack.section<pack::Part>(pack.header().parts), set->parts).front();
  return pack.text(part(pack.section<pack::CodeSystem>(pack.header().code_systems), {only.system, 1}).front().url);
}

std::optional<bool> in_value_set(std::string_view value_set, std::string_view code, std::string_view system) {
  const Pack& pack = pack::linked();
  const auto* set = pack.by_url<pack::ValueSet>(pack.header().value_sets, value_set);
  if (set == nullptr) return std::nullopt;
  const auto systems = pack.section<pack::CodeSystem>(pack.header().code_systems);
  const auto parts = part(pack.section<pack::Part>(pack.header().parts), set->parts);
  std::optional<bool> answer = parts.empty() ? std::nullopt : std::optional(false);
  for (const pack::Part& from : parts) {
    const pack::CodeSystem& part_system = part(systems, {from.system, 1}).front();
    if (!system.empty() && pack.text(part_system.url) != system) continue;
    const std::optional<bool> found = in_part(from, part_system, code);
    if (found == true) return true;
    if (!found) answer = std::nullopt;
  }
  return answer;
}

std::vector<Translation> translate(std::string_view concept_map, std::string_view system, std::string_view code) {
  const Pack& pack = pack::linked();
  std::vector<Translation> result;
  const auto* map = pack.by_url<pack::ConceptMap>(pack.header().concept_maps, concept_map);
  if (map == nullptr) return result;
  for (const pack::MapGroup& group : part(pack.section<pack::MapGroup>(pack.header().map_groups), map->groups)) {
    if (pack.text(group.source) != system) continue;
    for (const pack::Mapping& row : part(pack.section<pack::Mapping>(pack.header().mappings), group.mappings))
      if (pack.word(row.code) == code)
        result.push_back({pack.text(group.target), pack.word(row.target), pack.word(row.equivalence)});
  }
  return result;
}

}  // namespace fhir
