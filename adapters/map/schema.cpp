#include "adapters/map/schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "adapters/map/convert.h"
#include "adapters/map/slot.h"
#include "fhir/definitions/definitions.h"

namespace adapters::map {
namespace {

using fhir::JsonTree;

JsonTree texts(std::initializer_list<std::string_view> values) {
  JsonTree list = JsonTree::array();
  for (const auto value : values) list.push(JsonTree::string(std::string(value)));
  return list;
}

JsonTree typed(std::string_view type, std::string_view about = {}) {
  JsonTree tree = JsonTree::object({{"type", type}});
  if (!about.empty()) tree.set("description", JsonTree::string(std::string(about)));
  return tree;
}

JsonTree ref_to(std::string_view name) { return JsonTree::object({{"$ref", fmt::format("#/definitions/{}", name)}}); }

JsonTree any_of(std::vector<JsonTree> choices) {
  JsonTree list = JsonTree::array();
  for (auto& one : choices) list.push(std::move(one));
  JsonTree tree = JsonTree::object();
  tree.set("anyOf", std::move(list));
  return tree;
}

JsonTree list_of(JsonTree item) {
  JsonTree tree = typed("array");
  tree.set("items", std::move(item));
  return tree;
}

JsonTree closed(JsonTree properties) {
  JsonTree tree = typed("object");
  tree.set("properties", std::move(properties));
  tree.set("additionalProperties", JsonTree::boolean(false));
  return tree;
}

JsonTree about(JsonTree schema, std::string_view text) {
  schema.set("description", JsonTree::string(std::string(text)));
  return schema;
}

JsonTree readings() {
  JsonTree list = JsonTree::array();
  for (const auto name : reader_names()) list.push(JsonTree::string(std::string(name)));
  return JsonTree::object({{"enum", std::move(list)}});
}

JsonTree only_true() {
  JsonTree list = texts({"true"});
  list.push(JsonTree::boolean(true));
  return JsonTree::object({{"enum", std::move(list)}});
}

/// The words that may stand in any rule; `value`: what `then:` and `else:` hold.
JsonTree words(const JsonTree& value) {
  return JsonTree::object({
      {"from", about(any_of({ref_to("scalar"), list_of(ref_to("scalar"))}),
                     "source path, or several: the first that is present")},
      {"const", about(JsonTree::object(), "a constant")},
      {"default", about(ref_to("scalar"), "when there is no value")},
      {"each", about(ref_to("scalar"), "once for every spot this path leads to")},
      {"when", about(ref_to("scalar"), "only then")},
      {"if", ref_to("scalar")},
      {"first", about(list_of(value), "the first of these rules that makes something")},
      {"then", value},
      {"else", value},
      {"table", about(ref_to("scalar"), "codes/NAME.csv")},
      {"column", about(ref_to("scalar"), "of the table; default its second")},
      {"unmapped", about(ref_to("scalar"), "error, keep, omit or a code: for codes without a row")},
      {"read", about(readings(), "how the text is read")},
      {"whole", only_true()},
      {"as", about(ref_to("scalar"), "in a JSON target: decimal, integer, boolean; otherwise a value is text")},
      {"refuse", about(ref_to("scalar"), "the record is not carried, for this reason")},
      {"required", only_true()},
      {"back", about(JsonTree::object(), "what the way back does: never, last, text, a path, or a formula over $this")},
      {"on_error", JsonTree::object({{"enum", texts({"drop", "reject"})}})},
      {"measure", about(ref_to("scalar"), "on a Quantity: comparator, value and the text as it was sent")},
      {"use", about(ref_to("scalar"), "a sub-map: XPN, CWE ...")},
      {"ref", about(ref_to("scalar"), "a resource of this map")},
      {"all", only_true()},
      {"id", about(ref_to("scalar"), "the rule's name, for `extends` and reports")},
  });
}

/// A rule with `switch:` has its labels as keys; any other only what is known.
JsonTree rule(JsonTree properties, JsonTree patterns, const JsonTree& value) {
  JsonTree tree = typed("object");
  tree.set("if", JsonTree::object({{"required", texts({"switch"})}}));
  JsonTree labels = typed("object");
  JsonTree fixed = words(value);
  fixed.set("switch", about(ref_to("scalar"), "by the text at this path"));
  labels.set("properties", std::move(fixed));
  labels.set("required", texts({"else"}));
  labels.set("additionalProperties", value);
  tree.set("then", std::move(labels));
  JsonTree plain = closed(std::move(properties));
  if (patterns.size() > 0) plain.set("patternProperties", std::move(patterns));
  tree.set("else", std::move(plain));
  return tree;
}

std::string choice_definition(const fhir::ElementDefinition& element) { return fmt::format("choice.{}", element.path); }

bool is_primitive(std::string_view type) {
  const auto* definition = fhir::find_type(type);
  return definition == nullptr || definition->kind == fhir::TypeKind::primitive;
}

JsonTree value_of_type(std::string_view type) { return ref_to(is_primitive(type) ? std::string_view("value") : type); }

JsonTree value_of(const fhir::ElementDefinition& element) {
  JsonTree value = element.choice          ? ref_to(choice_definition(element))
                   : element.types.empty() ? ref_to("value")
                                           : value_of_type(element.types.front());
  std::vector<JsonTree> choices{value, typed("null")};
  if (element.repeats()) choices.push_back(list_of(std::move(value)));
  return any_of(std::move(choices));
}

bool holds_resources(const fhir::ElementDefinition& element) {
  return std::ranges::any_of(element.types, [](auto type) { return type == "Resource" || type == "DomainResource"; });
}

/// The elements of a type beside `known` words, which win where a name is both (`use`, `id`).
void add_elements(const fhir::TypeDefinition& type, JsonTree& properties) {
  for (const auto& element : type.elements) {
    if (holds_resources(element)) continue;
    const std::string name(element.name);
    JsonTree value = value_of(element);
    if (const auto* word = properties.find(name); word != nullptr) value = any_of({*word, std::move(value)});
    properties.set(name, std::move(value));
    if (!element.choice) continue;
    for (const auto one : element.types) properties.set(choice_name(element.name, one), value_of_type(one));
  }
}

/// `type.coding.code`, `_birthDate`, `.when`.
JsonTree other_members(const fhir::TypeDefinition& type) {
  std::string names;
  for (const auto& element : type.elements) {
    names += (names.empty() ? "" : "|") + std::string(element.name);
    if (element.choice)
      for (const auto one : element.types) names += "|" + choice_name(element.name, one);
  }
  JsonTree patterns = JsonTree::object();
  patterns.set(fmt::format("^\\.?({})\\.", names), JsonTree::object());
  patterns.set(fmt::format("^_({})$", names), JsonTree::object());
  patterns.set(fmt::format("^\\.({})$", names), JsonTree::object());
  return patterns;
}

JsonTree complex(const fhir::TypeDefinition& type) {
  const JsonTree self = any_of({ref_to(type.name), list_of(ref_to(type.name)), typed("null")});
  JsonTree properties = words(self);
  add_elements(type, properties);
  JsonTree made = rule(std::move(properties), other_members(type), self);
  if (type.name != "Reference") return made;
  JsonTree there = typed("object");  // a sub-map that makes the resource there: beside `use:` stand elements of that
  there.set("required", texts({"use"}));
  return any_of({std::move(made), std::move(there)});
}

JsonTree choice(const fhir::ElementDefinition& element) {
  const JsonTree self = any_of({ref_to(choice_definition(element)), typed("null")});
  JsonTree properties = words(self);
  for (const auto type : element.types) properties.set(std::string(type), value_of_type(type));
  return rule(std::move(properties), JsonTree::object(), self);
}

JsonTree primitive() {
  const JsonTree self = any_of({ref_to("value"), list_of(ref_to("value")), typed("null")});
  return any_of({ref_to("scalar"), rule(words(self), JsonTree::object(), self)});
}

JsonTree resource(const fhir::TypeDefinition& type) {
  JsonTree properties = JsonTree::object();
  add_elements(type, properties);
  properties.set("resource", JsonTree::object({{"const", type.name}}));
  properties.set("each", ref_to("scalar"));
  properties.set("when", ref_to("scalar"));
  properties.set("keep", list_of(ref_to("scalar")));
  properties.set("identity", about(JsonTree::object(), "what makes two of them the same"));
  JsonTree tree = closed(std::move(properties));
  tree.set("patternProperties", other_members(type));
  return tree;
}

bool is_target(const fhir::TypeDefinition& type) { return type.kind == fhir::TypeKind::resource && !type.abstract; }

/// A map that extends another may leave `resource:` to that one; then any element may stand there.
JsonTree any_resource() {
  JsonTree cases = JsonTree::array();
  JsonTree names = JsonTree::array();
  for (const auto* type : fhir::all_types()) {
    if (!is_target(*type)) continue;
    names.push(JsonTree::string(std::string(type->name)));
    JsonTree is = JsonTree::object({{"required", texts({"resource"})}});
    is.set("properties", JsonTree::object({{"resource", JsonTree::object({{"const", type->name}})}}));
    JsonTree one = JsonTree::object();
    one.set("if", std::move(is));
    one.set("then", ref_to(fmt::format("resource.{}", type->name)));
    cases.push(std::move(one));
  }
  JsonTree tree = typed("object");
  tree.set("properties", JsonTree::object({{"resource", JsonTree::object({{"enum", std::move(names)}})}}));
  tree.set("allOf", std::move(cases));
  return any_of({std::move(tree), typed("null")});
}

JsonTree segment() {
  JsonTree tree = closed(JsonTree::object({{"each", ref_to("scalar")},
                                           {"when", ref_to("scalar")},
                                           {"id", ref_to("scalar")},
                                           {"segments", list_of(ref_to("segment"))}}));
  JsonTree fields = typed("object");
  fields.set("patternProperties", JsonTree::object({{"^[1-9][0-9]{0,2}(\\.[1-9][0-9]?)*$", JsonTree::object()}}));
  fields.set("additionalProperties", JsonTree::boolean(false));
  tree.set("patternProperties", JsonTree::object({{"^[A-Z][A-Z0-9]{2}$", std::move(fields)}}));
  return tree;
}

JsonTree source() {
  JsonTree any = typed("object");
  return closed(
      JsonTree::object({{"format", JsonTree::object({{"enum", texts({"hl7v2", "json", "xml", "row", "csv", "fhir"})}})},
                        {"accept", any_of({ref_to("scalar"), list_of(ref_to("scalar"))})},
                        {"charset", ref_to("scalar")},
                        {"tables", any},
                        {"columns", list_of(ref_to("scalar"))},
                        {"empty", any},
                        {"skeleton", ref_to("scalar")}}));
}

JsonTree sections() {
  JsonTree open = typed("object");
  JsonTree resources = typed("object");
  resources.set("additionalProperties", ref_to("resource"));
  return JsonTree::object({
      {"map", about(ref_to("scalar"), "the map's name: site/name")},
      {"about", ref_to("scalar")},
      {"extends",
       about(any_of({ref_to("scalar"), list_of(ref_to("scalar"))}), "another map of the mapping folder: base/oru_r01")},
      {"source", source()},
      {"target",
       closed(JsonTree::object({{"format", JsonTree::object({{"enum", texts({"fhir", "hl7v2", "json"})}})}}))},
      {"resources", std::move(resources)},
      {"segments", list_of(ref_to("segment"))},
      {"json", open},
      {"let", open},
      {"datatypes", open},
      {"keep", list_of(ref_to("scalar"))},
      {"ignored", open},
      {"back", open},
  });
}

}  // namespace

JsonTree map_schema() {
  JsonTree definitions = JsonTree::object();
  definitions.set("scalar", JsonTree::object({{"type", texts({"string", "number", "boolean"})}}));
  definitions.set("value", primitive());
  definitions.set("segment", segment());
  definitions.set("resource", any_resource());
  for (const auto* type : fhir::all_types()) {
    if (type->kind == fhir::TypeKind::primitive || (type->abstract && type->kind == fhir::TypeKind::resource)) continue;
    definitions.set(is_target(*type) ? fmt::format("resource.{}", type->name) : std::string(type->name),
                    is_target(*type) ? resource(*type) : complex(*type));
    for (const auto& element : type->elements)
      if (element.choice && definitions.find(choice_definition(element)) == nullptr)
        definitions.set(choice_definition(element), choice(element));
  }
  JsonTree schema = JsonTree::object({{"$schema", "http://json-schema.org/draft-07/schema#"},
                                      {"title", "A Causeway map (docs/MAPS.md)"},
                                      {"type", "object"}});
  schema.set("required", texts({"map"}));
  schema.set("properties", sections());
  schema.set("additionalProperties", JsonTree::boolean(false));
  schema.set("definitions", std::move(definitions));
  return schema;
}

}  // namespace adapters::map
