#include "fhir/validate/codes.h"

#include <algorithm>

#include "fhir/definitions/terminology.h"

namespace fhir::validate {
namespace {

constexpr int kDeepest = 8;  // value sets that name each other

// ------------------------------------------------------------------------------------------------------ value sets

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

JsonView concept_below(JsonView concepts, std::string_view code, bool fold) {
  for (const JsonView one : concepts) {
    const std::string_view own = one["code"].text();
    const bool same = fold ? std::ranges::equal(own, code, {}, lower, lower) : own == code;
    if (same) return one;
    if (const JsonView found = concept_below(one["concept"], code, fold)) return found;
  }
  return {};
}

/// One answer out of two: a yes decides, and so does that both say no.
std::optional<bool> any_of(std::optional<bool> a, std::optional<bool> b) {
  if (a == true || b == true) return true;
  if (!a || !b) return std::nullopt;
  return false;
}

std::optional<bool> all_of(std::optional<bool> a, std::optional<bool> b) {
  if (a == false || b == false) return false;
  if (!a || !b) return std::nullopt;
  return true;
}

class Membership {
 public:
  Membership(const Library& library, JsonView container, std::string_view code, std::string_view system)
      : library_(library), container_(container), code_(code), system_(system) {}

  std::optional<bool> in(std::string_view canonical, int depth = 0) const {
    if (depth > kDeepest) return std::nullopt;
    const JsonView contained = contained_named(container_, canonical);
    const JsonView given = contained ? contained : library_.find("ValueSet", canonical);
    return given ? in(given, depth) : fhir::in_value_set(url_of(canonical), code_, system_);
  }

  std::optional<bool> in(JsonView value_set, int depth) const {
    const JsonView compose = value_set["compose"];
    if (!compose) return in_expansion(value_set["expansion"]);
    std::optional<bool> included = false, excluded = false;
    for (const JsonView include : compose["include"]) included = any_of(included, in_part(include, depth));
    for (const JsonView exclude : compose["exclude"]) excluded = any_of(excluded, in_part(exclude, depth));
    if (excluded) excluded = !*excluded;
    return all_of(included, excluded);
  }

 private:
  std::optional<bool> in_expansion(JsonView expansion) const {
    if (!expansion["contains"]) return std::nullopt;
    return contains(expansion["contains"]);
  }

  bool contains(JsonView list) const {
    return std::ranges::any_of(list, [&](JsonView one) {
      const bool same = one["code"].text() == code_ && (system_.empty() || one["system"].text() == system_);
      return same || contains(one["contains"]);
    });
  }

  std::optional<bool> in_part(JsonView part, int depth) const {
    std::optional<bool> result = true;
    for (const JsonView value_set : part["valueSet"]) result = all_of(result, in(value_set.text(), depth + 1));
    const JsonView system = part["system"];
    if (!system) return result;
    if (!system_.empty() && url_of(system.text()) != system_) return false;
    return all_of(result, of_system(part, system.text()));
  }

  std::optional<bool> of_system(JsonView part, std::string_view system) const {
    if (const JsonView concepts = part["concept"])
      return std::ranges::any_of(concepts, [&](JsonView one) { return one["code"].text() == code_; });
    std::optional<bool> result = has_code(library_, container_, system, code_);
    for (const JsonView filter : part["filter"]) result = all_of(result, passes(filter, system));
    return result;
  }

  /// is-a and descendent-of along the hierarchy of a code system that is at hand; the rest cannot be told.
  std::optional<bool> passes(JsonView filter, std::string_view system) const {
    const std::string_view op = filter["op"].text();
    if (filter["property"].text() == "concept" && op == "is-a")
      if (const auto below = fhir::subsumes(system, filter["value"].text(), code_)) return below;
    const JsonView code_system = library_.find("CodeSystem", system);
    if (filter["property"].text() != "concept" || !code_system || (op != "is-a" && op != "descendent-of"))
      return std::nullopt;
    const JsonView top = find_concept(code_system, filter["value"].text());
    const bool itself = filter["value"].text() == code_;
    return (op == "is-a" && itself) || !!concept_below(top["concept"], code_, false);
  }

  const Library& library_;
  JsonView container_;
  std::string_view code_, system_;
};

// -------------------------------------------------------------------------------------------------------- bindings

std::optional<bool> coding_fits(std::string_view value_set, JsonView coding, const Context& context) {
  if (!coding["code"].is_string()) return std::nullopt;
  return in_value_set(context.library, context.scope.container, value_set, coding["code"].text(),
                      coding["system"].text());
}

/// One of the codings is enough. A concept without any says in words, or by an extension, why there is none.
bool concept_fits(std::string_view value_set, JsonView value, bool required, const Context& context) {
  const JsonView codings = value["coding"];
  if (!codings) return value["extension"] || !required;
  return std::ranges::any_of(codings, [&](JsonView coding) {
    return coding_fits(value_set, coding, context).value_or(!required || coding["code"].is_string());
  });
}

bool fits(std::string_view value_set, std::string_view type, JsonView value, bool required, const Context& context) {
  if (type == "code" || type == "string" || type == "uri")
    return in_value_set(context.library, {}, value_set, value.text(), {}).value_or(true);
  if (type == "Coding") return coding_fits(value_set, value, context).value_or(true);
  if (type == "Quantity") return !value["code"] || coding_fits(value_set, value, context).value_or(true);
  if (type == "CodeableConcept") return concept_fits(value_set, value, required, context);
  return true;
}

std::optional<Message> message_for(std::string_view strength) {
  if (strength == "required") return Message("code");
  if (strength == "extensible") return Message("code-extensible");
  if (strength == "preferred") return Message("code-preferred");
  return std::nullopt;
}

}  // namespace

void check_code(const ElementDefinition& definition, std::string_view type, JsonView value, bool thorough,
                const Context& context) {
  if (definition.binding_strength.empty() || definition.binding_value_set.empty()) return;
  const bool required = definition.binding_strength == "required";
  if (!required && !thorough) return;
  const std::string_view largest = definition.binding_max_value_set;
  if (!largest.empty() && thorough && !fits(largest, type, value, true, context))
    return context.findings.add("code-largest", value, {definition.path, largest});
  const auto message = message_for(definition.binding_strength);
  if (!message || fits(definition.binding_value_set, type, value, required, context)) return;
  context.findings.add(*message, value, {definition.path, definition.binding_value_set});
}

std::optional<bool> in_value_set(const Library& library, JsonView container, std::string_view canonical,
                                 std::string_view code, std::string_view system) {
  return Membership(library, container, code, system).in(canonical);
}

std::optional<bool> has_code(const Library& library, JsonView container, std::string_view system,
                             std::string_view code) {
  JsonView code_system = library.find("CodeSystem", system);
  for (const JsonView one : code_system ? JsonView() : container["contained"])
    if (one["resourceType"].text() == "CodeSystem" && one["url"].text() == system) code_system = one;
  if (!code_system) return fhir::has_code(system, code);
  if (code_system["content"].text() != "complete" || is_supplement(code_system)) return std::nullopt;
  return !!find_concept(code_system, code);
}

JsonView contained_named(JsonView container, std::string_view reference) {
  if (!reference.starts_with('#')) return {};
  for (const JsonView one : container["contained"])
    if (one["id"].text() == reference.substr(1)) return one;
  return {};
}

bool is_supplement(JsonView code_system) {
  return code_system["supplements"] || code_system["content"].text() == "supplement";
}

JsonView find_concept(JsonView code_system, std::string_view code) {
  return concept_below(code_system["concept"], code, code_system["caseSensitive"].text() == "false");
}

}  // namespace fhir::validate
