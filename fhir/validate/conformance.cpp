// StructureDefinition and SearchParameter: that what they say fits the types they are about, and that the FHIRPath in
// them can be read. R4 profiling.html, elementdefinition.html, searchparameter.html.
#include <algorithm>
#include <string>
#include <vector>

#include "fhir/path/fhirpath.h"
#include "fhir/validate/answers.h"
#include "fhir/validate/rules.h"

namespace fhir::validate {
namespace {

std::string_view last_of(std::string_view url) { return url.substr(url.rfind('/') + 1); }

// --------------------------------------------------------------------------------------------- structure definitions

/// Does the path lead to an element of R4? Types that a choice is narrowed to ("valueQuantity") and slices count.
bool is_known_path(std::string_view path) {
  const auto dot = path.find('.');
  const TypeDefinition* type = find_type(path.substr(0, dot));
  while (type != nullptr && dot != path.npos) {
    path.remove_prefix(path.find('.') + 1);
    const auto next = path.find('.');
    std::string_view step = path.substr(0, next);
    if (step.ends_with("[x]")) step.remove_suffix(3);
    std::string_view chosen;
    const ElementDefinition* element = type->element(step, &chosen);
    const auto exact = std::ranges::find(type->elements, step, &ElementDefinition::name);
    if (element == nullptr && exact == type->elements.end()) return false;
    if (next == path.npos) return true;
    if (element == nullptr && exact->types.size() != 1) return true;  // below a choice that nobody has made
    type = find_type(element == nullptr ? exact->types.front() : chosen);
    if (type == nullptr || type->name == "Resource") return true;
  }
  return type != nullptr;
}

class ProfileCheck {
 public:
  ProfileCheck(JsonView definition, const Context& context)
      : definition_(definition), context_(context), findings_(context.findings) {}

  void check() {
    for (const std::string_view part : {"snapshot", "differential"}) {
      const Findings::Step step(findings_, part);
      std::size_t index = 0;
      for (const JsonView element : definition_[part]["element"]) {
        const Findings::Step at(findings_, "element", index);
        this->element(element, index++, part == "differential");
        if (findings_.full()) return;
      }
    }
  }

 private:
  void element(JsonView element, std::size_t index, bool differential) {
    const std::string_view path = element["path"].text(), type = last_of(definition_["type"].text());
    const std::string_view root = path.substr(0, path.find('.'));
    if (!path.empty() && root != type) findings_.add("sd-root", element["path"]);
    if (path.contains("..") || path.ends_with('.')) return findings_.add("sd-path", element["path"]);
    const bool constraint = definition_["derivation"].text() == "constraint";
    if (constraint && root == type && find_type(type) != nullptr && !is_known_path(path))
      findings_.add("sd-path", element["path"]);
    if (constraint && index == 0 && element["slicing"] && !path.contains('.'))
      findings_.add("sd-root-slicing", element["slicing"]);
    if (element["binding"]) binding(element);
    constraints(element);
    if (differential) fixed_as_base(element);
  }

  void binding(JsonView element) {
    constexpr std::array<std::string_view, 8> kBindable = {"code",   "Coding", "CodeableConcept",   "Quantity",
                                                           "string", "uri",    "CodeableReference", "Extension"};
    const JsonView types = element["type"];
    const bool fits = !types || std::ranges::any_of(types, [&](JsonView type) {
      const std::string_view code = type["code"].text();
      return std::ranges::find(kBindable, code) != kBindable.end() || is_a(code, "Quantity") || code.contains('/');
    });
    if (!fits) findings_.add("sd-binding", element["binding"]);
  }

  void constraints(JsonView element) {
    std::size_t index = 0;
    for (const JsonView constraint : element["constraint"]) {
      const Findings::Step step(findings_, "constraint", index++);
      const JsonView expression = constraint["expression"];
      if (!expression.is_string() || path::Expression::compile(expression.text())) continue;
      const Findings::Step at(findings_, "expression");
      findings_.add("fhirpath", expression);
    }
  }

  /// What the profile above has fixed stays as it is.
  void fixed_as_base(JsonView element) {
    const JsonView base = context_.library.find("StructureDefinition", definition_["baseDefinition"].text());
    const Choice own = choice_of(element, "fixed");
    if (!base || own.type.empty()) return;
    const JsonView snapshot = base["snapshot"]["element"];
    for (const JsonView above : snapshot ? snapshot : base["differential"]["element"]) {
      if (above["path"].text() != element["path"].text() || above["sliceName"] || element["sliceName"]) continue;
      const Choice fixed = choice_of(above, "fixed");
      if (!fixed.type.empty() && (fixed.type != own.type || fixed.value.dump() != own.value.dump()))
        findings_.add("sd-fixed", own.value);
    }
  }

  JsonView definition_;
  const Context& context_;
  Findings& findings_;
};

// --------------------------------------------------------------------------------------------------- search parameters

bool includes(JsonView list, std::string_view word) {
  return std::ranges::any_of(list, [&](JsonView one) { return one.text() == word; });
}

/// What is derived from another parameter has its type, and bases among its bases.
void check_derived(JsonView parameter, const Context& context) {
  const JsonView from = parameter["derivedFrom"];
  const JsonView other = context.library.find("SearchParameter", from.text());
  if (!from || !other) return;
  if (other["type"].text() != parameter["type"].text()) context.findings.add("sp-type", parameter["type"]);
  for (const JsonView base : parameter["base"])
    if (!includes(other["base"], base.text()) && !includes(other["base"], "Resource"))
      context.findings.add("sp-base", base);
}

}  // namespace

void check_structure_definition(JsonView definition, const Context& context) {
  ProfileCheck(definition, context).check();
}

void check_search_parameter(JsonView parameter, const Context& context) {
  const JsonView expression = parameter["expression"];
  if (expression.is_string() && !path::Expression::compile(expression.text())) {
    const Findings::Step step(context.findings, "expression");
    context.findings.add("fhirpath", expression);
  }
  check_derived(parameter, context);
}

}  // namespace fhir::validate
