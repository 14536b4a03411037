// Collects the rows of a definition pack and lays them out as pack.h says. Used by the compiler only.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "fhir/definitions/definitions.h"
#include "fhir/definitions/pack.h"

namespace fhir::pack {

struct ConstraintRow {
  std::string key, human, expression;
  bool error = true;
};

struct ElementRow {
  std::string name, path;
  std::uint16_t min = 0, max = 1;
  bool choice = false, summary = false, modifier = false;
  std::vector<std::string> types, targets;
  std::string binding_strength, binding_value_set, binding_max_value_set;
  std::vector<ConstraintRow> constraints;
};

struct TypeRow {
  std::string base;
  TypeKind kind = TypeKind::complex;
  bool abstract = false;
  std::vector<ElementRow> elements;
  std::vector<ConstraintRow> constraints;
};

class Writer {
 public:
  void add_type(const std::string& name, TypeRow row) { types_[name] = std::move(row); }
  Text text(std::string_view value);
  Word word(std::string_view value) { return text(value).offset; }
  Range list(const std::vector<std::string>& values);
  /// The whole pack. Call once.
  std::string finish();

  // Sections that are filled row by row, in the order pack.h asks.
  std::vector<CodeSystem> code_systems;
  std::vector<Concept> concepts;
  std::vector<std::uint32_t> numbers;
  std::vector<ValueSet> value_sets;
  std::vector<Part> parts;
  std::vector<ConceptMap> concept_maps;
  std::vector<MapGroup> map_groups;
  std::vector<Mapping> mappings;
  std::vector<Extension> extensions, extension_parts;
  std::vector<SearchParameter> search_parameters;
  std::vector<Component> components;
  std::vector<CompartmentEntry> compartments;

 private:
  Range constraints(const std::vector<ConstraintRow>& rows);
  Element element(const ElementRow& row);
  template <class T>
  Section append(std::string& out, const std::vector<T>& rows) const;

  std::map<std::string, TypeRow> types_;
  std::string texts_;
  std::unordered_map<std::string, Text> known_texts_;
  std::vector<Constraint> constraints_;
  std::vector<Text> lists_;
  std::map<std::vector<std::string>, Range> known_lists_;
};

}  // namespace fhir::pack
