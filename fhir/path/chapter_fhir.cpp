#include <algorithm>

#include "fhir/path/arithmetic.h"
#include "fhir/path/chapters.h"
#include "fhir/path/navigate.h"
#include "fhir/path/operators.h"
#include "fhir/path/units.h"
#include "fhir/xhtml.h"

namespace fhir::path {
namespace {

Value type_info(const Value& value) {
  const bool fhir = value.type != nullptr;
  const std::string_view name = fhir ? value.type->name() : system_name(value.kind);
  return {.kind = Kind::type_info, .text = fhir ? "FHIR" : "System", .unit = name};
}

}  // namespace

// --- types (§6.3) ----------------------------------------------------------------------------------------------------

// The functions mean what the operators of the same name do.
Values fn_is(const Call& call) { return type_operator(call.evaluator, call.step, Op::is, call.input); }
Values fn_as(const Call& call) { return type_operator(call.evaluator, call.step, Op::as, call.input); }

Values fn_type(const Call& call) {
  Values out;
  for (const Value& item : call.input) out.push(call.arena(), type_info(item));
  return out;
}

// --- utility (§5.9) --------------------------------------------------------------------------------------------------

// What is traced goes nowhere: this library has no log, and data values stay out of logs.
Values fn_trace(const Call& call) { return call.input; }

Values fn_pathname(const Call& call) {
  Values out;
  for (const Value& item : call.input) {
    if (item.place != nullptr) out.push(call.arena(), string(call.arena().copy(path_of(item.place))));
  }
  return out;
}

Values fn_comparable(const Call& call) {
  if (call.arguments[0].empty()) return {};
  const Value a = system_value(call.item());
  const Value b = system_value(call.argument(0));
  const bool fit = (a.kind == Kind::quantity || a.is_number()) && (b.kind == Kind::quantity || b.is_number());
  if (!fit) return {};
  const std::string_view unit = a.kind == Kind::quantity ? a.unit : "1";
  const std::string_view other = b.kind == Kind::quantity ? b.unit : "1";
  return call.truth(in_one_unit({Decimal(1), unit}, {Decimal(1), other}, false).has_value());
}

// --- R4 (fhirpath.html#functions) ------------------------------------------------------------------------------------

Values fn_extension(const Call& call) {
  static const Name extensions("_extension", 0);
  Values kept;
  for (const Value& item : call.input) {
    Values all;
    append_members(call.arena(), item, extensions, all);
    if (!call.evaluator.charge(call.step, all.size())) return {};
    for (const Value& extension : all) {
      if (extension.node["url"].text() == call.text(0)) kept.push(call.arena(), extension);
    }
  }
  return kept;
}

Values fn_has_value(const Call& call) {
  const bool primitive = call.input.size() == 1 && call.item().kind != Kind::node;
  return call.truth(primitive && call.item().valued);
}

Values fn_get_value(const Call& call) {
  Value value = call.item();
  if (value.kind == Kind::node || !value.valued) return {};
  value.type = nullptr;
  value.node = value.twin = {};
  value.place = nullptr;
  return call.one(value);
}

namespace {

/// Finds what a reference leads to: a contained resource, what the caller knows, an entry of the Bundle around it.
class Resolver {
 public:
  Resolver(const Call& call, const Value& from) : call_(call), from_(from) {}

  std::optional<Value> target() {
    const std::string_view reference = from_.kind == Kind::node ? from_.node["reference"].text() : from_.text;
    if (reference.empty()) return std::nullopt;
    if (reference.starts_with('#')) return contained(reference.substr(1));
    const auto& resolve = call_.evaluator.environment().resolve;
    if (const JsonView found = resolve ? resolve(reference) : JsonView()) return root_element(call_.arena(), found);
    return in_bundle(reference);
  }

 private:
  // From the inside out: the resource around the reference, then what contains that. "#" alone is the container.
  std::optional<Value> contained(std::string_view id) {
    JsonView last;
    for (const Place* place = from_.place; place != nullptr; place = place->parent) {
      const JsonView resource = place->resource;
      if (!resource || resource == last) continue;
      last = resource;
      for (const JsonView inner : resource["contained"]) {
        if (!id.empty() && inner["id"].text() == id) return below(resource_place(place), "contained", inner);
      }
      if (id.empty() && resource["contained"]) return root_element(call_.arena(), resource);
    }
    return std::nullopt;
  }

  static const Place* resource_place(const Place* place) {
    while (place->parent != nullptr && place->parent->resource == place->resource) place = place->parent;
    return place;
  }

  Value below(const Place* parent, std::string_view name, JsonView resource) {
    return element(resource, {}, nullptr, call_.arena().make(Place{parent, name, Place::kNoIndex, resource}));
  }

  std::optional<Value> in_bundle(std::string_view reference) {
    const Place* outermost = from_.place;
    while (outermost != nullptr && outermost->parent != nullptr) outermost = outermost->parent;
    if (outermost == nullptr) return std::nullopt;
    for (const JsonView entry : outermost->resource["entry"]) {
      if (!call_.evaluator.charge(call_.step)) return std::nullopt;
      const JsonView resource = entry["resource"];
      if (resource && names(entry["fullUrl"].text(), resource, reference)) return below(outermost, "entry", resource);
    }
    return std::nullopt;
  }

  // By fullUrl, or "Type/id" as the end of it (R4 bundle.html#references).
  static bool names(std::string_view full_url, JsonView resource, std::string_view reference) {
    if (full_url == reference) return true;
    const std::string_view type = resource["resourceType"].text();
    const std::string_view id = resource["id"].text();
    return reference.size() == type.size() + 1 + id.size() && reference.starts_with(type) && reference.ends_with(id) &&
           reference[type.size()] == '/' && !id.empty();
  }

  const Call& call_;
  const Value& from_;
};

}  // namespace

Values fn_resolve(const Call& call) {
  Values out;
  for (const Value& item : call.input) {
    if (!call.evaluator.charge(call.step)) return {};
    if (const std::optional<Value> target = Resolver(call, item).target()) out.push(call.arena(), *target);
  }
  return out;
}

namespace {

std::optional<bool> code_in(std::string_view value_set, JsonView coding) {
  const std::string_view code = coding.is_object() ? coding["code"].text() : coding.text();
  return code.empty() ? std::optional(false) : in_value_set(value_set.substr(0, value_set.find('|')), code);
}

}  // namespace

// What txt-1 and txt-2 ask of a narrative (R4 fhirpath.html#functions).
Values fn_html_checks(const Call& call) { return call.truth(check_xhtml(call.item().text).empty()); }

// A code, Coding or CodeableConcept. A value set that is not in the pack is an error: to call it empty would let an
// invariant pass or a route fail in silence.
Values fn_member_of(const Call& call) {
  const Value& item = call.item();
  std::optional<bool> found = false;
  if (item.kind == Kind::string && item.type == nullptr) {
    found = in_value_set(call.text(0).substr(0, call.text(0).find('|')), item.text);
  } else if (item.kind == Kind::node && item.node["coding"].is_array()) {
    for (const JsonView coding : item.node["coding"]) {
      const std::optional<bool> one = code_in(call.text(0), coding);
      if (found != true) found = one;
    }
  } else {
    found = code_in(call.text(0), item.node);
  }
  return found ? call.truth(*found)
               : call.evaluator.fail(call.step, "this value set is not known here", Fault::unsupported);
}

namespace {

/// The codes of a Coding or CodeableConcept, or the code itself.
bool shares_a_code(const Value& a, const Value& b) {
  const auto same = [](JsonView x, JsonView y) {
    return x["code"].text() == y["code"].text() && x["system"].text() == y["system"].text();
  };
  const auto one_of = [&](JsonView concept_or_coding, auto test) {
    const JsonView codings = concept_or_coding["coding"];
    return codings.is_array() ? std::ranges::any_of(codings, test) : test(concept_or_coding);
  };
  if (a.kind != Kind::node || b.kind != Kind::node) return a.kind == b.kind && a.text == b.text;
  return one_of(a.node, [&](JsonView x) { return one_of(b.node, [&](JsonView y) { return same(x, y); }); });
}

// A code subsumes itself; what else it does only a code system's hierarchy tells, which no evaluation has.
Values subsumption(const Call& call) {
  if (call.arguments[0].empty()) return {};
  if (shares_a_code(call.item(), call.argument(0))) return call.truth(true);
  return call.evaluator.fail(call.step, "a hierarchy of codes is not known here", Fault::unsupported);
}

Values needs_profiles(const Call& call) {
  return call.evaluator.fail(call.step, std::string(call.step.function->name) + "() needs profiles, which are not here",
                             Fault::unsupported);
}

}  // namespace

Values fn_subsumes(const Call& call) { return subsumption(call); }
Values fn_subsumed_by(const Call& call) { return subsumption(call); }
Values fn_element_definition(const Call& call) { return needs_profiles(call); }
Values fn_slice(const Call& call) { return needs_profiles(call); }

// R4's own types: an item conforms when it is of the type or of one derived from it.
Values fn_conforms_to(const Call& call) {
  constexpr std::string_view kBase = "http://hl7.org/fhir/StructureDefinition/";
  const std::string_view url = call.text(0).substr(0, call.text(0).find('|'));
  const Shape* type = url.starts_with(kBase) ? find_shape(url.substr(kBase.size())) : nullptr;
  if (type == nullptr) return call.evaluator.fail(call.step, "this profile is not known here", Fault::unsupported);
  return call.truth(call.item().type != nullptr && call.item().type->is(*type));
}

Values fn_check_modifiers(const Call& call) {
  static const Name modifiers("_modifierExtension", 0);
  Values allowed;
  for (std::uint32_t n = 0; n < call.step.count; ++n) {
    allowed.append(call.arena(), call.apply(n, call.scope.focus, call.scope.index).span());
  }
  for (const Value& item : call.input) {
    Values all;
    append_members(call.arena(), item, modifiers, all);
    for (const Value& extension : all) {
      const auto names = [&](const Value& url) { return url.text == extension.node["url"].text(); };
      if (std::ranges::none_of(allowed, names)) return call.fail("an element has another modifier extension");
    }
  }
  return call.input;
}

}  // namespace fhir::path
