#include "fhir/definitions/compiler/vocabulary.h"

#include <algorithm>
#include <string>

#include "fhir/definitions/compiler/source.h"

namespace fhir::pack {
namespace {

Content content_of(std::string_view code) {
  if (code == "complete") return Content::complete;
  if (code == "example") return Content::example;
  if (code == "fragment") return Content::fragment;
  return code == "supplement" ? Content::supplement : Content::not_present;
}

Case case_of(std::string_view sensitive) {
  if (sensitive.empty()) return Case::unsaid;
  return sensitive == "true" ? Case::sensitive : Case::insensitive;
}

JsonView property_of(JsonView concept_, std::string_view name) {
  for (const JsonView property : concept_["property"])
    if (property["code"].text() == name)
      for (const char* value : {"valueBoolean", "valueCode", "valueString", "valueCoding"})
        if (property[value]) return property[value];
  return {};
}

/// A concept may stand below several others: then it is written once under each.
void add_concepts(JsonView list, std::string_view parent, KnownSystem& system) {
  for (const JsonView item : list) {
    const std::string_view code = item["code"].text();
    KnownConcept& known = system.concepts[code];
    known.display = item["display"].text();
    known.definition = item;
    known.abstract = property_of(item, "notSelectable").text() == "true";
    if (!parent.empty()) known.parents.push_back(parent);
    add_concepts(item["concept"], code, system);
  }
}

/// ISO 3166's two forms; value sets of R4 ask for no other pattern.
bool matches_pattern(std::string_view code, std::string_view pattern) {
  const bool letters = pattern.starts_with("[A-Z]");
  const auto fits = [&](char c) { return letters ? c >= 'A' && c <= 'Z' : c >= '0' && c <= '9'; };
  return code.size() == 3 && std::ranges::all_of(code, fits);
}

/// Those that are in both.
void keep_common(Composition& a, const Composition& b) {
  std::erase_if(a, [&](const auto& part) { return !b.contains(part.first); });
  for (auto& [system, members] : a) {
    const Members& other = b.at(system);
    if (other.kind == PartKind::all) continue;
    if (members.kind == PartKind::all) {
      members = other;
      continue;
    }
    if (other.kind == PartKind::open) members.kind = PartKind::open;
    std::erase_if(members.codes, [&](std::string_view code) { return !other.codes.contains(code); });
  }
}

void add_all(Composition& to, const Composition& from) {
  for (const auto& [system, members] : from) {
    const auto [place, fresh] = to.try_emplace(system, members);
    if (fresh) continue;
    place->second.codes.insert(members.codes.begin(), members.codes.end());
    if (place->second.kind == PartKind::listed || members.kind == PartKind::all) place->second.kind = members.kind;
  }
}

bool has_open_part(const Composition& composition) {
  return std::ranges::any_of(composition, [](const auto& part) { return part.second.kind == PartKind::open; });
}

/// An expansion that is too costly or open (unclosed) says so in an extension: it is not the whole set.
bool is_whole(JsonView expansion) { return expansion["contains"].size() > 0 && !expansion["extension"]; }

}  // namespace

bool KnownSystem::is_a(std::string_view code, std::string_view ancestor) const {
  if (code == ancestor) return true;
  const auto found = concepts.find(code);
  return found != concepts.end() &&
         std::ranges::any_of(found->second.parents, [&](std::string_view parent) { return is_a(parent, ancestor); });
}

void Vocabulary::add_code_system(JsonView resource) {
  KnownSystem& system = systems_[resource["url"].text()];
  system.content = content_of(resource["content"].text());
  system.letter_case = case_of(resource["caseSensitive"].text());
  add_concepts(resource["concept"], {}, system);
}

void Vocabulary::add_value_set(JsonView resource) { value_sets_.try_emplace(resource["url"].text(), resource); }

void Vocabulary::add_expansion(JsonView resource) { expansions_[resource["url"].text()] = resource["expansion"]; }

std::map<std::string_view, Composition> Vocabulary::compose() {
  for (const auto& [url, value_set] : value_sets_) composed(url);
  return composed_;
}

/// A value set that includes itself, by whatever way, adds nothing by that.
const Composition& Vocabulary::composed(std::string_view url) {
  const auto [place, fresh] = composed_.try_emplace(url);
  const auto value_set = value_sets_.find(url);
  if (fresh && value_set != value_sets_.end()) place->second = work_out(value_set->second);
  return place->second;
}

/// What cannot be worked out here (filters over SNOMED CT and LOINC) is taken from the package's own expansion.
Composition Vocabulary::work_out(JsonView value_set) {
  Composition all;
  for (const JsonView include : value_set["compose"]["include"]) add_all(all, included(include));
  for (const JsonView what : value_set["compose"]["exclude"]) exclude(what, all);
  const auto expansion = expansions_.find(value_set["url"].text());
  if (expansion == expansions_.end() || !is_whole(expansion->second)) return all;
  Composition listed = listed_in(expansion->second);  // whose codes and displays are known from here on
  return has_open_part(all) || !value_set["compose"] ? listed : all;
}

Composition Vocabulary::included(JsonView include) {
  Composition result;
  const std::string_view system = include["system"].text();
  if (!system.empty()) result[system] = from_system(include, systems_[system]);
  bool first = system.empty();
  for (const JsonView reference : include["valueSet"]) {
    const Composition& other = composed(without_version(reference.text()));
    if (first)
      result = other;
    else
      keep_common(result, other);
    first = false;
  }
  return result;
}

Members Vocabulary::from_system(JsonView include, KnownSystem& system) {
  Members members;
  for (const JsonView item : include["concept"]) {
    const std::string_view code = item["code"].text();
    members.codes.insert(code);
    KnownConcept& known = system.concepts[code];
    if (known.display.empty()) known.display = item["display"].text();
  }
  if (include["concept"]) return members;
  if (!include["filter"]) return {PartKind::all, {}};
  std::optional<std::set<std::string_view>> codes = filtered(include, system);
  return codes ? Members{PartKind::listed, std::move(*codes)} : Members{PartKind::open, {}};
}

/// Nothing when the system is not here as a whole, or the filter is one that only its own service can answer.
std::optional<std::set<std::string_view>> Vocabulary::filtered(JsonView include, const KnownSystem& system) const {
  if (system.content != Content::complete) return std::nullopt;
  std::set<std::string_view> codes;
  for (const auto& [code, known] : system.concepts) {
    bool fits = !known.abstract;
    for (const JsonView filter : include["filter"]) {
      const std::string_view op = filter["op"].text(), value = filter["value"].text();
      if (op == "is-a")
        fits = fits && system.is_a(code, value);
      else if (op == "descendent-of")
        fits = fits && code != value && system.is_a(code, value);
      else if (op == "is-not-a")
        fits = fits && !system.is_a(code, value);
      else if (op == "=")
        fits = fits && property_of(known.definition, filter["property"].text()).text() == value;
      else if (op == "regex")
        fits = fits && matches_pattern(code, value);
      else
        return std::nullopt;
    }
    if (fits) codes.insert(code);
  }
  return codes;
}

void Vocabulary::exclude(JsonView what, Composition& from) const {
  const auto part = from.find(what["system"].text());
  if (part == from.end()) return;
  Members& members = part->second;
  if (members.kind == PartKind::all) {
    const KnownSystem& system = systems_.at(part->first);
    members.kind = system.content == Content::complete ? PartKind::listed : PartKind::open;
    for (const auto& [code, known] : system.concepts)
      if (!known.abstract) members.codes.insert(code);
  }
  for (const JsonView item : what["concept"]) members.codes.erase(item["code"].text());
  if (!what["concept"]) members = {};
}

Composition Vocabulary::listed_in(JsonView expansion) {
  Composition result;
  for (const JsonView item : expansion["contains"]) {
    const std::string_view code = item["code"].text(), system = item["system"].text();
    if (item["abstract"].text() != "true" && !code.empty()) {
      result[system].codes.insert(code);
      KnownConcept& known = systems_[system].concepts[code];
      if (known.display.empty()) known.display = item["display"].text();
    }
    add_all(result, listed_in(item));
  }
  return result;
}

}  // namespace fhir::pack
