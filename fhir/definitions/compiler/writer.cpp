#include "fhir/definitions/compiler/writer.h"

#include <algorithm>
#include <cstring>

namespace fhir::pack {
namespace {

template <class T>
std::uint32_t count(const std::vector<T>& rows) {
  return static_cast<std::uint32_t>(rows.size());
}

}  // namespace

/// Each with its length before it, so that a Word finds it by the offset alone.
Text Writer::text(std::string_view value) {
  const auto [it, fresh] = known_texts_.try_emplace(std::string(value));
  if (fresh) {
    const std::size_t length = std::min<std::size_t>(value.size(), 0xffff);
    texts_ += static_cast<char>(length & 0xff);
    texts_ += static_cast<char>(length >> 8);
    it->second = {static_cast<std::uint32_t>(texts_.size()), static_cast<std::uint32_t>(value.size())};
    texts_ += value;
  }
  return it->second;
}

Range Writer::list(const std::vector<std::string>& values) {
  const auto [it, fresh] = known_lists_.try_emplace(values);
  if (fresh) {
    it->second = {count(lists_), count(values)};
    for (const std::string& value : values) lists_.push_back(text(value));
  }
  return it->second;
}

Range Writer::constraints(const std::vector<ConstraintRow>& rows) {
  const Range range{count(constraints_), count(rows)};
  for (const ConstraintRow& row : rows)
    constraints_.push_back({text(row.key), text(row.human), text(row.expression), row.error, {}});
  return range;
}

Element Writer::element(const ElementRow& row) {
  Element element;
  element.name = text(row.name);
  element.path = text(row.path);
  element.types = list(row.types);
  element.targets = list(row.targets);
  element.constraints = constraints(row.constraints);
  element.binding_strength = text(row.binding_strength);
  element.binding_value_set = text(row.binding_value_set);
  element.binding_max_value_set = text(row.binding_max_value_set);
  element.min = row.min;
  element.max = row.max;
  element.flags = static_cast<std::uint8_t>((row.choice ? kChoice : 0) | (row.summary ? kSummary : 0) |
                                            (row.modifier ? kModifier : 0));
  return element;
}

template <class T>
Section Writer::append(std::string& out, const std::vector<T>& rows) const {
  out.resize((out.size() + kAlignment - 1) / kAlignment * kAlignment, '\0');
  const Section section{static_cast<std::uint32_t>(out.size()), count(rows)};
  out.append(reinterpret_cast<const char*>(rows.data()), rows.size() * sizeof(T));
  return section;
}

std::string Writer::finish() {
  std::vector<Type> types;
  std::vector<Element> elements;
  for (const auto& [name, row] : types_) {
    const Range range{count(elements), count(row.elements)};
    for (const ElementRow& element_row : row.elements) elements.push_back(element(element_row));
    types.push_back({text(name), text(row.base), range, constraints(row.constraints),
                     static_cast<std::uint8_t>(row.kind), row.abstract, 0});
  }
  Header header;
  std::string out(sizeof(Header), '\0');
  header.types = append(out, types);
  header.elements = append(out, elements);
  header.constraints = append(out, constraints_);
  header.lists = append(out, lists_);
  header.code_systems = append(out, code_systems);
  header.concepts = append(out, concepts);
  header.numbers = append(out, numbers);
  header.value_sets = append(out, value_sets);
  header.parts = append(out, parts);
  header.concept_maps = append(out, concept_maps);
  header.map_groups = append(out, map_groups);
  header.mappings = append(out, mappings);
  header.extensions = append(out, extensions);
  header.extension_parts = append(out, extension_parts);
  header.search_parameters = append(out, search_parameters);
  header.components = append(out, components);
  header.compartments = append(out, compartments);
  header.texts = append(out, std::vector<char>(texts_.begin(), texts_.end()));
  header.size = static_cast<std::uint32_t>(out.size());
  std::memcpy(out.data(), &header, sizeof header);
  return out;
}

}  // namespace fhir::pack
