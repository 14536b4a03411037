#include "fhir/validate/facts.h"

#include <algorithm>
#include <array>
#include <utility>

namespace fhir::validate {
namespace {

/// In general.cpp, extensions.cpp, reference.cpp, narrative.cpp and questionnaire.cpp: those that stand at every
/// element or resource, and que-7, which asks in vain whether a FHIR boolean is a System.Boolean.
constexpr std::array kCoded = {"ele-1", "ext-1", "ref-1", "dom-2", "dom-3",
                               "dom-4", "dom-5", "que-7", "txt-1", "txt-2"};

constexpr std::pair<std::string_view, Rule> kRules[] = {
    {"Attachment", check_attachment},
    {"Bundle", check_bundle_rules},
    {"CodeSystem", check_code_system},
    {"Coding", check_coding},
    {"ConceptMap", check_concept_map},
    {"Extension", check_extension},
    {"Identifier", check_identifier},
    {"Narrative", check_narrative},
    {"Quantity", check_quantity},
    {"Questionnaire", check_questionnaire},
    {"QuestionnaireResponse", check_answers},
    {"Reference", check_reference_closely},
    {"SearchParameter", check_search_parameter},
    {"StructureDefinition", check_structure_definition},
    {"ValueSet", check_value_set},
};

Rule rule_of(std::string_view type) {
  const auto row = std::ranges::find(kRules, type, &std::pair<std::string_view, Rule>::first);
  return row == std::end(kRules) ? nullptr : row->second;
}

ElementFacts work_out(const ElementDefinition& element) {
  ElementFacts facts;
  for (const std::string_view name : element.types) facts.types.push_back({name, find_type(name), primitive_of(name)});
  for (const Constraint& constraint : element.constraints)
    if (!is_coded(constraint)) facts.constraints.push_back(&constraint);
  return facts;
}

TypeFacts work_out(const TypeDefinition& type) {
  TypeFacts facts;
  for (const ElementDefinition& element : type.elements) facts.elements.push_back(work_out(element));
  for (const TypeDefinition* at = &type; at != nullptr; at = find_type(at->base)) {
    facts.element = facts.element || at->name == "Element";
    if (facts.rule == nullptr) facts.rule = rule_of(at->name);  // an Age is a Quantity
    for (const Constraint& constraint : at->constraints)
      if (!is_coded(constraint)) facts.constraints.push_back(&constraint);
  }
  return facts;
}

/// The definitions lie in one row: what belongs to one is found by its place.
class AllFacts {
 public:
  AllFacts() {
    for (const TypeDefinition* type : all_types()) facts_.push_back(work_out(*type));
  }
  const TypeFacts& of(const TypeDefinition& type) const {
    return facts_[static_cast<std::size_t>(&type - all_types().front())];
  }

 private:
  std::vector<TypeFacts> facts_;
};

std::vector<bool> coded_constraints() {
  std::vector<bool> coded;
  for (const Constraint& constraint : all_constraints())
    coded.push_back(std::ranges::find(kCoded, constraint.key) != kCoded.end());
  return coded;
}

}  // namespace

bool is_coded(const Constraint& constraint) {
  static const std::vector<bool> coded = coded_constraints();
  return coded[static_cast<std::size_t>(&constraint - all_constraints().data())];
}

const TypeFacts& facts_of(const TypeDefinition& type) {
  static const AllFacts all;
  return all.of(type);
}

}  // namespace fhir::validate
