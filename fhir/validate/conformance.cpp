// StructureDefinition and SearchParameter: that what they say fits the types they are about, and that the FHIRPath in
// them can be read. R4 profiling.html, elementdefinition.html, searchparameter.html.
#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <vector>

#include "fhir/path/fhirpath.h"
#include "fhir/validate/choice.h"
#include "fhir/validate/rules.h"

namespace fhir::validate {
namespace {

std::string_view last_of(std::string_view url) { return url.substr(url.rfind('/') + 1); }

// --------------------------------------------------------------------------------------------- structure definitions

struct KnownPath {
  bool known = true;
  const ElementDefinition* element = nullptr;  // when it is one of R4's own, seen without choices made on the way
};

/// Does the path lead to an element of R4? Types that a choice is narrowed to ("valueQuantity") and slices count.
KnownPath look_up(std::string_view path) {
  auto dot = path.find('.');
  const TypeDefinition* type = find_type(path.substr(0, dot));
  if (type == nullptr) return {false, nullptr};
  while (dot != path.npos) {
    path.remove_prefix(dot + 1);
    dot = path.find('.');
    std::string_view step = path.substr(0, dot);
    if (step.ends_with("[x]")) step.remove_suffix(3);
    std::string_view chosen;
    const ElementDefinition* narrowed = type->element(step, &chosen);
    const auto exact = std::ranges::find(type->elements, step, &ElementDefinition::name);
    if (narrowed == nullptr && exact == type->elements.end()) return {false, nullptr};
    const ElementDefinition* element = narrowed == nullptr ? &*exact : narrowed;
    if (dot == path.npos) return {true, element};
    if (narrowed == nullptr && element->types.size() != 1) return {};  // below a choice that nobody has made
    type = find_type(narrowed == nullptr ? element->types.front() : chosen);
    if (type == nullptr || type->name == "Resource") return {};
  }
  return {};
}

/// The types that some constraints of an element go with.
constexpr std::array<std::string_view, 8> kBindable = {"code",   "Coding", "CodeableConcept",   "Quantity",
                                                       "string", "uri",    "CodeableReference", "Extension"};
constexpr std::array<std::string_view, 11> kLong = {"base64Binary", "canonical", "code", "id",   "markdown", "oid",
                                                    "string",       "uri",       "url",  "uuid", "xhtml"};
constexpr std::array<std::string_view, 10> kOrdered = {
    "date", "dateTime", "decimal", "instant", "integer", "integer64", "positiveInt", "time", "unsignedInt", "Quantity"};

bool is_among(std::string_view type, std::span<const std::string_view> types) {
  return std::ranges::find(types, type) != types.end() || type.contains('/') ||
         (is_a(type, "Quantity") && std::ranges::find(types, "Quantity") != types.end());
}

class ProfileCheck {
 public:
  ProfileCheck(JsonView definition, const Context& context)
      : definition_(definition), context_(context), findings_(context.findings) {}

  void check() {
    base();
    if (definition_["type"].text() == "Extension")
      extension();
    else if (definition_["context"])
      findings_.add("sd-context", definition_["context"]);
    obligations();
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
  static constexpr std::string_view kCore = "http://hl7.org/fhir/StructureDefinition/";

  /// A profile is of the type, and of the kind, of what it is based on; a new type is of another.
  void base() {
    const std::string_view url = definition_["baseDefinition"].text(), type = definition_["type"].text();
    const JsonView given = context_.library.find("StructureDefinition", url);
    std::string_view of = given ? given["type"].text() : std::string_view();
    if (!given && url.starts_with(kCore) && find_type(last_of(url)) != nullptr) of = last_of(url);
    if (of.empty() || type.empty()) return;
    const bool constraint = definition_["derivation"].text() == "constraint";
    if (constraint && last_of(of) != last_of(type)) findings_.add("sd-type", definition_["type"], {last_of(of)});
    if (given && constraint && given["kind"].text() != definition_["kind"].text())
      findings_.add("sd-kind", definition_["kind"]);
  }

  /// An extension fixes its own URL, and says where it may stand.
  void extension() {
    const JsonView url = definition_["url"];
    if (definition_["baseDefinition"].text() == "http://hl7.org/fhir/StructureDefinition/Extension" && url) {
      JsonView fixed;
      for (const JsonView element : definition_["differential"]["element"])
        if (element["path"].text() == "Extension.url" && !fixed) fixed = element["fixedUri"];
      if (definition_["differential"] && fixed.text() != url.text())
        findings_.add("sd-extension-url", fixed ? fixed : url);
    }
    std::size_t index = 0;
    for (const JsonView one : definition_["context"]) {
      const Findings::Step step(findings_, "context", index++);
      const std::string_view expression = one["expression"].text();
      const bool interface = expression == "CanonicalResource" || expression == "MetadataResource";
      if (one["type"].text() == "element" && !interface && !look_up(expression).known)
        findings_.add("sd-context-path", one["expression"]);
    }
  }

  /// What obligations are inherited from is a profile of obligations on the same base.
  void obligations() {
    std::size_t index = 0;
    for (const JsonView one : definition_["extension"]) {
      const Findings::Step step(findings_, "extension", index++);
      if (one["url"].text() != std::string(kCore) + "inherit-obligations") continue;
      const JsonView from = context_.library.find("StructureDefinition", choice_of(one, "value").value.text());
      if (!from) continue;
      if (extension_of(from, std::string(kCore) + "obligation-profile-flag").value.text() != "true")
        findings_.add("sd-obligation-flag", one);
      else if (from["baseDefinition"].text() != definition_["baseDefinition"].text())
        findings_.add("sd-obligation-base", one);
    }
  }

  void element(JsonView element, std::size_t index, bool differential) {
    const std::string_view path = element["path"].text(), type = last_of(definition_["type"].text());
    const std::string_view root = path.substr(0, path.find('.'));
    const bool inside = path.starts_with(type) && (path.size() == type.size() || path[type.size()] == '.');
    if (!path.empty() && !inside) findings_.add("sd-root", element["path"]);
    if (path.contains("..") || path.ends_with('.')) return findings_.add("sd-path", element["path"]);
    const bool constraint = definition_["derivation"].text() == "constraint";
    const KnownPath known = constraint && root == type && find_type(type) != nullptr ? look_up(path) : KnownPath{};
    if (!known.known) findings_.add("sd-path", element["path"]);
    if (differential && constraint && index == 0 && element["slicing"] && !path.contains('.'))
      findings_.add("sd-root-slicing", element["slicing"]);
    if (element["slicing"] && known.element != nullptr && !known.element->repeats() && !known.element->choice)
      findings_.add("sd-slicing", element["slicing"]);
    relevance(element, known.element);
    constraints(element);
    if (differential && constraint && element["meaningWhenMissing"])
      findings_.add("sd-meaning", element["meaningWhenMissing"]);
    if (differential) fixed_as_base(element);
  }

  /// A binding, a length or a range says something of some types only.
  void relevance(JsonView element, const ElementDefinition* known) {
    relevance(element["binding"], element, known, kBindable);
    relevance(element["maxLength"], element, known, kLong);
    relevance(choice_of(element, "minValue").value, element, known, kOrdered);
    relevance(choice_of(element, "maxValue").value, element, known, kOrdered);
  }

  void relevance(JsonView constraint, JsonView element, const ElementDefinition* known,
                 std::span<const std::string_view> types) {
    if (!constraint) return;
    const JsonView own = element["type"];
    const bool fits =
        own ? std::ranges::any_of(own, [&](JsonView type) { return is_among(type["code"].text(), types); })
            : known == nullptr ||
                  std::ranges::any_of(known->types, [&](std::string_view type) { return is_among(type, types); });
    if (!fits) findings_.add("sd-relevance", constraint);
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
