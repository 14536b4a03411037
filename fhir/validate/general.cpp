#include "fhir/validate/general.h"

#include <algorithm>
#include <set>
#include <string>

#include "fhir/primitives.h"

namespace fhir::validate {
namespace {

bool only_id(JsonView object) {
  for (auto it = object.begin(); it != object.end(); ++it)
    if (it.key() != "id") return false;
  return true;
}

/// ele-1: a value, or children besides the id. (An object without members is "empty" already.)
bool says_something(const Spot& spot) {
  if (spot.value && !spot.value.is_object()) return true;
  return !only_id(spot.value ? spot.value : spot.twin);
}

/// element.html: an element's id is a string without white space.
void check_id(const Context& context) {
  const JsonView id = (context.spot.value.is_object() ? context.spot.value : context.spot.twin)["id"];
  if (id.is_string() && id.text().find_first_of(" \t\r\n") != std::string_view::npos)
    context.findings.add("element-id", id);
}

// ------------------------------------------------------------------------------------------------------ contained

/// Every "#id" that stands somewhere below: as reference, canonical or URL, or linked to in a narrative.
void gather_fragments(JsonView value, std::set<std::string_view>& fragments) {
  if (value.is_string()) {
    const std::string_view text = value.text();
    if (text.starts_with('#')) fragments.insert(text.substr(1));
    if (!text.starts_with('<')) return;
    for (auto at = text.find("=\"#"); at != text.npos; at = text.find("=\"#", at + 3))
      fragments.insert(text.substr(at + 3, text.find('"', at + 3) - at - 3));
    return;
  }
  for (const JsonView child : value) gather_fragments(child, fragments);
}

bool refers_to_container(JsonView contained) {
  std::set<std::string_view> fragments;
  gather_fragments(contained, fragments);
  return fragments.contains("");
}

/// dom-3, dom-4, dom-5.
void check_contained(JsonView resource, Findings& findings) {
  const JsonView contained = resource["contained"];
  if (!contained) return;
  std::set<std::string_view> fragments;
  gather_fragments(resource, fragments);
  std::size_t index = 0;
  for (const JsonView one : contained) {
    const Findings::Step step(findings, "contained", index++);
    if (!fragments.contains(one["id"].text()) && !refers_to_container(one)) findings.add("dom-3", one);
    const JsonView meta = one["meta"];
    if (meta["versionId"] || meta["lastUpdated"]) findings.add("dom-4", meta);
    if (meta["security"]) findings.add("dom-5", meta["security"]);
  }
}

}  // namespace

void check_general(const TypeFacts& facts, const Context& context) {
  if (facts.element && !says_something(context.spot)) {
    const JsonView at = context.spot.value ? context.spot.value : context.spot.twin;
    if (at.size() != 0) context.findings.add("ele-1", at);
  }
  if (facts.element && (context.spot.value.is_object() || context.spot.twin)) check_id(context);
}

bool has_canonical_url(const TypeDefinition& type) {
  const ElementDefinition* url = type.element("url");
  return url != nullptr && !url->types.empty() && url->types.front() == "uri" && type.element("status") != nullptr;
}

void check_canonical_resource(JsonView resource, const Context& context) {
  check_contained(resource, context.findings);
  const JsonView url = resource["url"];
  if (!url.is_string() || !has_canonical_url(*context.spot.type)) return;
  const Findings::Step step(context.findings, "url");
  if (!is_absolute_uri(url.text())) context.findings.add("canonical-url", url);
}

}  // namespace fhir::validate
