// Extensions: a value or extensions, an absolute URL, and, when the definition is at hand, the place, the kind and the
// value that it allows. R4 extensibility.html, defining-extensions.html.
#include "fhir/definitions/extensions.h"

#include <algorithm>
#include <string>
#include <vector>

#include "fhir/path/fhirpath.h"
#include "fhir/primitives.h"
#include "fhir/validate/choice.h"
#include "fhir/validate/general.h"
#include "fhir/validate/rules.h"

namespace fhir::validate {
namespace {

constexpr std::string_view kHl7 = "http://hl7.org/fhir/";
constexpr std::string_view kCore = "http://hl7.org/fhir/StructureDefinition/";

bool is_extension(const Spot* spot) {
  return spot != nullptr && spot->type != nullptr && spot->type->name == "Extension";
}

// ---------------------------------------------------------------------------------------------------------- context

/// "value" or "value[x]" for a choice, as the writers of definitions have it either way.
bool ends_with_step(std::string_view expression, const ElementDefinition& step, std::size_t& length) {
  const std::string_view name = step.name;
  const std::string_view stem = expression.ends_with("[x]") ? expression.substr(0, expression.size() - 3) : expression;
  if (!stem.ends_with(name) || stem.size() == name.size() || stem[stem.size() - name.size() - 1] != '.') return false;
  length = stem.size() - name.size() - 1;
  return true;
}

/// Definitions written for R5 may name its interfaces, which R4 has not.
bool is_type(const TypeDefinition* type, std::string_view name) {
  if (type != nullptr && (name == "CanonicalResource" || name == "MetadataResource")) return has_canonical_url(*type);
  return type != nullptr && (type->name == name || is_a(type->name, name));
}

/// An element context: a type ("Address", "Element"), or a path from a type or resource to the element.
bool stands_at(const Spot* spot, std::string_view expression) {
  if (spot == nullptr) return false;
  const auto types = spot->definition == nullptr ? std::span<const std::string_view>() : spot->definition->types;
  if (is_type(spot->type, expression) || std::ranges::find(types, expression) != types.end()) return true;
  if (spot->definition == nullptr) return false;
  if (spot->definition->path == expression) return true;
  std::size_t length = 0;
  return ends_with_step(expression, *spot->definition, length) && stands_at(spot->above, expression.substr(0, length));
}

bool is_selected(const Spot& owner, std::string_view expression, const Context& context) {
  const auto program = path::Expression::compile(expression);
  if (!program) return true;  // the definition is wrong, not this
  const auto selected = program->evaluate(context.root_resource);
  return !selected || std::ranges::any_of(*selected, [&](const path::Item& item) {
    return item.node == owner.value || (owner.twin && item.twin == owner.twin);
  });
}

/// The extension itself, or its value.
bool is_in_extension(const Spot* spot, std::string_view url) {
  return is_extension(spot) && spot->value["url"].text() == url;
}

bool allows(JsonView allowed, const Spot& owner, const Context& context) {
  const std::string_view type = allowed["type"].text(), expression = allowed["expression"].text();
  if (type == "extension") return is_in_extension(&owner, expression) || is_in_extension(owner.above, expression);
  if (type == "fhirpath") return is_selected(owner, expression, context);
  return stands_at(&owner, expression);
}

void check_place(JsonView definition, const Context& context) {
  const JsonView contexts = definition["context"];
  const Spot* owner = context.spot.above;
  if (!contexts || owner == nullptr) return;
  if (std::ranges::none_of(contexts, [&](JsonView one) { return allows(one, *owner, context); }))
    context.findings.add("extension-context", context.spot.value);
}

// ------------------------------------------------------------------------------------------------------- definition

/// The elements of a definition, from its snapshot, else from its differential.
JsonView elements_of(JsonView definition) {
  const JsonView snapshot = definition["snapshot"]["element"];
  return snapshot ? snapshot : definition["differential"]["element"];
}

bool is_modifier(JsonView definition) {
  return std::ranges::any_of(elements_of(definition), [](JsonView element) {
    return element["path"].text() == "Extension" && element["isModifier"].text() == "true";
  });
}

void check_kind(bool modifier, const Context& context) {
  const bool as_modifier = context.spot.name == "modifierExtension";
  if (as_modifier && !modifier) context.findings.add("extension-no-modifier", context.spot.value);
  if (!as_modifier && modifier) context.findings.add("extension-modifier", context.spot.value);
}

void check_value(JsonView definition, JsonView extension, const Context& context) {
  const Choice value = choice_of(extension, "value");
  for (const JsonView element : elements_of(definition)) {
    const std::string_view path = element["path"].text();
    if (path != "Extension.value[x]" && path != "Extension.value") continue;
    const bool none = element["max"].text() == "0";
    if (none && !value.type.empty()) return context.findings.add("extension-value", value.value);
    if (!none && value.type.empty() && element["min"].text() == "1" && !extension["extension"])
      return context.findings.add("extension-no-value", extension);
    const JsonView types = element["type"];
    const bool fits = !types || value.type.empty() ||
                      std::ranges::any_of(types, [&](JsonView type) { return value.is(type["code"].text()); });
    if (!fits) context.findings.add("extension-value", value.value);
    return;
  }
}

/// A complex extension's parts, as slices of Extension.extension: those that must be there.
void check_parts(JsonView definition, JsonView extension, const Context& context) {
  for (const JsonView element : elements_of(definition)) {
    if (element["path"].text() != "Extension.extension" || !element["sliceName"]) continue;
    const std::string_view name = element["sliceName"].text();
    const auto count =
        std::ranges::count_if(extension["extension"], [&](JsonView part) { return part["url"].text() == name; });
    if (count == 0 && element["min"] && element["min"].text() != "0") context.findings.add("extension-part", extension);
    if (count > 1 && element["max"].text() == "1") context.findings.add("extension-part-again", extension);
  }
}

// ---------------------------------------------------------------------------------------------------------- unknown

/// An element of another version of R: http://hl7.org/fhir/5.0/StructureDefinition/extension-Patient.x.
bool is_cross_version(std::string_view url) {
  return url.size() > kHl7.size() && url[kHl7.size()] >= '1' && url[kHl7.size()] <= '9' &&
         url.contains("/StructureDefinition/extension-");
}

/// What HL7 has defined is known to those who load its packages; what others define need not be.
void check_unknown(JsonView url, const Context& context) {
  const std::string_view text = url.text();
  if (!text.starts_with(kHl7) || is_cross_version(text)) {
    if (context.spot.name == "modifierExtension") context.findings.add("extension-unknown-modifier", url);
    return;
  }
  const bool guide = !text.starts_with(kCore) && !text.starts_with("http://hl7.org/fhir/tools/");
  context.findings.add(guide ? Severity::error : Severity::information, "extension-unknown", url);
}

void check_known(JsonView definition, JsonView extension, const Context& context) {
  check_place(definition, context);
  check_kind(is_modifier(definition), context);
  check_value(definition, extension, context);
  check_parts(definition, extension, context);
}

// --------------------------------------------------------------------------------------------------- R4's own, packed

void check_place(const ExtensionDefinition& definition, const Context& context) {
  const Spot* owner = context.spot.above;
  const auto contexts = definition.contexts;
  if (contexts.empty() || owner == nullptr) return;
  const auto allowed = [&](std::string_view one) {
    return stands_at(owner, one) || is_in_extension(owner, one) || is_in_extension(owner->above, one);
  };
  if (std::ranges::any_of(contexts, allowed)) return;
  // R4's own definitions carry extensions where R4 does not allow them; later versions do.
  const bool definition_resource = has_canonical_url(*find_type(context.root_resource["resourceType"].text()));
  context.findings.add(definition_resource ? Severity::warning : Severity::error, "extension-context",
                       context.spot.value);
}

void check_value(const ExtensionDefinition& definition, JsonView extension, const Context& context) {
  const Choice value = choice_of(extension, "value");
  if (value.type.empty()) {
    if (definition.value_min > 0 && choice_of(extension, "_value").type.empty() && !extension["extension"])
      context.findings.add("extension-no-value", extension);
    return;
  }
  const bool none = definition.value_max == 0;
  if (none || (!definition.value_types.empty() &&
               std::ranges::none_of(definition.value_types, [&](auto type) { return value.is(type); })))
    context.findings.add("extension-value", value.value);
}

/// Each part as often as it may, and nothing that is no part.
void check_parts(const ExtensionDefinition& definition, JsonView extension, const Context& context) {
  for (const ExtensionDefinition& part : definition.parts) {
    std::size_t count = 0;
    for (const JsonView one : extension["extension"]) {
      if (one["url"].text() != part.url) continue;
      ++count;
      check_value(part, one, context);
    }
    if (count < part.min) context.findings.add("extension-part", extension);
    if (count > part.max) context.findings.add("extension-part-again", extension);
  }
}

void check_known(const ExtensionDefinition& definition, JsonView extension, const Context& context) {
  check_place(definition, context);
  check_kind(definition.modifier, context);
  check_value(definition, extension, context);
  check_parts(definition, extension, context);
}

}  // namespace

void check_extension(JsonView extension, const Context& context) {
  const bool valued = !choice_of(extension, "value").type.empty() || !choice_of(extension, "_value").type.empty();
  if (valued == !!extension["extension"]) context.findings.add("ext-1", extension);
  const JsonView url = extension["url"];
  if (!url.is_string()) return;
  const bool nested = is_extension(context.spot.above);
  if (url.text().contains('|')) return context.findings.add("extension-version", url);
  if (!is_absolute_uri(url.text())) {
    if (!nested) context.findings.add("extension-url", url);
    return;
  }
  const JsonView definition = context.library.find("StructureDefinition", url.text());
  if (definition && definition["type"].text() == "Extension") return check_known(definition, extension, context);
  if (const ExtensionDefinition* own = find_extension(url.text())) return check_known(*own, extension, context);
  if (!nested || url.text().starts_with(kHl7)) check_unknown(url, context);
}

}  // namespace fhir::validate
