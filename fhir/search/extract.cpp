#include "fhir/search/extract.h"

#include <algorithm>
#include <array>

#include "fhir/definitions/definitions.h"
#include "fhir/definitions/terminology.h"
#include "fhir/primitives.h"
#include "fhir/search/measure.h"
#include "fhir/text.h"

namespace fhir::search {
namespace {

using Kind = path::Item::Kind;
using path::ItemView;
using Values = std::vector<Value>;

/// A primitive's text, as long as the document or the keys live.
std::string_view text_of(const ItemView& item, Source& source) {
  if (item.node) return item.node.text();
  if (item.kind == Kind::node || item.text.empty()) return {};
  return source.computed.emplace_back(item.text);
}

// --- token

std::string without_indexes(std::string_view path) {
  std::string out;
  bool inside = false;
  for (const char c : path) {
    if (c == '[') inside = true;
    if (!inside) out += c;
    if (c == ']') inside = false;
  }
  return out;
}

/// The element at that path by the definitions; nullptr when it leads through a resource within the resource.
const ElementDefinition* definition_at(std::string_view path) {
  std::string_view type = path.substr(0, path.find('.'));
  const ElementDefinition* element = nullptr;
  for (std::size_t at = type.size(); at < path.size();) {
    const std::size_t end = std::min(path.find('.', at + 1), path.size());
    const TypeDefinition* owner = find_type(type);
    element = owner == nullptr ? nullptr : owner->element(path.substr(at + 1, end - at - 1), &type);
    if (element == nullptr) return nullptr;
    at = end;
  }
  return element;
}

/// The one system that the element's required value set draws its codes from.
std::string_view system_of_code(std::string_view path) {
  const ElementDefinition* element = definition_at(without_indexes(path));
  if (element == nullptr || element->binding_strength != "required") return {};
  return only_system(element->binding_value_set);
}

void add_token(std::string_view system, std::string_view code, Values& out) {
  if (!system.empty() || !code.empty()) out.emplace_back(Token{system, code});
}

void append_token(const Element& element, Source& source, Values& out) {
  const ItemView& item = element.item;
  const JsonView node = item.node;
  if (item.type == "Coding") return add_token(node["system"].text(), node["code"].text(), out);
  if (item.type == "Identifier")
    return add_token(node["value"] ? node["system"].text() : "", node["value"].text(), out);
  if (item.type == "ContactPoint") return add_token({}, node["value"].text(), out);
  if (item.type == "CodeableConcept") {
    for (const JsonView coding : node["coding"]) add_token(coding["system"].text(), coding["code"].text(), out);
    return;
  }
  const std::string_view text = text_of(item, source);
  if (!text.empty()) add_token(item.type == "code" ? system_of_code(element.place()) : std::string_view(), text, out);
}

// --- reference

std::string_view without_history(std::string_view reference) {
  constexpr std::string_view kHistory = "/_history/";
  const std::size_t at = reference.rfind(kHistory);
  const bool versioned = at != std::string_view::npos && is_id(reference.substr(at + kHistory.size()));
  return versioned && !type_and_id(reference.substr(0, at)).empty() ? reference.substr(0, at) : reference;
}

void add_reference(std::string_view written, Values& out) {
  const std::string_view reference = without_history(written);
  if (type_and_id(reference) == reference && !reference.empty())
    out.emplace_back(Reference{reference, {}, {}, {}, {}});
  else if (is_absolute_uri(reference))
    out.emplace_back(Reference{{}, reference, {}, {}, {}});
}

void add_canonical(std::string_view canonical, Values& out) {
  const std::size_t bar = canonical.find('|');
  Values found;
  add_reference(canonical.substr(0, bar), found);
  for (Value& value : found) {
    if (bar != std::string_view::npos) std::get<Reference>(value).version = canonical.substr(bar + 1);
    out.push_back(std::move(value));
  }
}

void append_reference(const ItemView& item, Source& source, Values& out) {
  if (item.type != "Reference") {
    if (item.kind != Kind::node) add_canonical(text_of(item, source), out);
    return;
  }
  add_reference(item.node["reference"].text(), out);
  const JsonView identifier = item.node["identifier"];
  if (const std::string_view value = identifier["value"].text(); !value.empty())
    out.emplace_back(Reference{{}, {}, {}, identifier["system"].text(), value});
}

// --- string

void add_text(std::string_view text, Values& out) {
  std::string folded = fold(text);
  if (!folded.empty()) out.emplace_back(Text{std::move(folded), text});
}

void add_parts(JsonView node, std::span<const std::string_view> parts, Values& out) {
  for (const std::string_view part : parts) {
    const JsonView value = node[part];
    if (value.is_array()) {
      for (const JsonView each : value) add_text(each.text(), out);
    } else {
      add_text(value.text(), out);
    }
  }
}

void append_text(const ItemView& item, Source& source, Values& out) {
  static constexpr std::array<std::string_view, 5> kName = {"text", "family", "given", "prefix", "suffix"};
  static constexpr std::array<std::string_view, 7> kAddress = {"text",  "line",       "city",   "district",
                                                               "state", "postalCode", "country"};
  if (item.type == "HumanName") return add_parts(item.node, kName, out);
  if (item.type == "Address") return add_parts(item.node, kAddress, out);
  if (item.kind != Kind::node) add_text(text_of(item, source), out);
}

// --- date

std::optional<Span> period(JsonView node, int zone) {
  const auto low = span_of(node["start"].text(), zone), high = span_of(node["end"].text(), zone);
  if (!low && !high) return std::nullopt;
  return Span{low ? low->low : std::nullopt, high ? high->high : std::nullopt};
}

/// The least span around both; an open side stays open.
Span around(const Span& a, const Span& b) {
  Span all;
  if (a.low && b.low) all.low = std::min(*a.low, *b.low);
  if (a.high && b.high) all.high = std::max(*a.high, *b.high);
  return all;
}

std::optional<Span> timing(JsonView node, int zone) {
  std::optional<Span> all = period(node["repeat"]["boundsPeriod"], zone);
  for (const JsonView event : node["event"])
    if (const std::optional<Span> one = span_of(event.text(), zone)) all = all ? around(*all, *one) : *one;
  return all;
}

void append_date(const ItemView& item, Source& source, Values& out) {
  std::optional<Span> span;
  if (item.type == "Period")
    span = period(item.node, source.zone);
  else if (item.type == "Timing")
    span = timing(item.node, source.zone);
  else if (item.kind != Kind::node)
    span = span_of(text_of(item, source), source.zone);
  if (span) out.emplace_back(*span);
}

// --- the others

void append_number(const ItemView& item, Source& source, Values& out) {
  const bool whole = item.kind == Kind::integer;
  if (!whole && item.kind != Kind::decimal) return;
  const std::string_view text = text_of(item, source);
  if (const auto range = whole ? exact_range(text) : rounding_range(text)) out.emplace_back(*range);
}

void append_quantity(const ItemView& item, Source& source, Values& out) {
  const auto* known = std::ranges::find(source.made, item.node, &Source::Made::node);
  if (known == source.made.end()) {
    Source::Made& made = source.made[source.next++ % source.made.size()];
    made = {item.node, quantity_of(item.type, item.node)};
    known = &made;
  }
  if (known->quantity) out.emplace_back(*known->quantity);
}

void append_uri(const ItemView& item, Source& source, Values& out) {
  if (item.kind == Kind::node) return;
  if (const std::string_view text = text_of(item, source); !text.empty()) out.emplace_back(Uri{text});
}

void append_position(const ItemView& item, Source&, Values& out) {
  const std::string_view latitude = item.node["latitude"].text(), longitude = item.node["longitude"].text();
  if (!latitude.empty() && !longitude.empty()) out.emplace_back(Position{latitude, longitude});
}

}  // namespace

void append_values(SearchType type, const Element& element, Source& source, Values& out) {
  switch (type) {
    case SearchType::token: return append_token(element, source, out);
    case SearchType::reference: return append_reference(element.item, source, out);
    case SearchType::string: return append_text(element.item, source, out);
    case SearchType::date: return append_date(element.item, source, out);
    case SearchType::number: return append_number(element.item, source, out);
    case SearchType::quantity: return append_quantity(element.item, source, out);
    case SearchType::uri: return append_uri(element.item, source, out);
    case SearchType::special: return append_position(element.item, source, out);
    case SearchType::composite: return;  // made of the others, in keys.cpp
  }
}

std::string_view type_and_id(std::string_view reference) {
  if (const std::size_t history = reference.find("/_history/"); history != std::string_view::npos)
    reference = reference.substr(0, history);
  const std::size_t slash = reference.rfind('/');
  if (slash == std::string_view::npos || slash == 0 || !is_id(reference.substr(slash + 1))) return {};
  const std::size_t before = reference.rfind('/', slash - 1);
  const std::size_t begin = before == std::string_view::npos ? 0 : before + 1;
  const TypeDefinition* type = find_type(reference.substr(begin, slash - begin));
  const bool resource = type != nullptr && type->kind == TypeKind::resource && !type->abstract;
  return resource ? reference.substr(begin) : std::string_view();
}

bool leads_to(std::string_view type, JsonView reference, JsonView resource) {
  const std::string_view text = reference["reference"].text();
  if (text.starts_with('#')) {
    for (const JsonView inner : resource["contained"])
      if (inner["id"].text() == text.substr(1)) return is_a(inner["resourceType"].text(), type);
  }
  const std::string_view ending = type_and_id(text);
  const std::string_view told = ending.empty() ? reference["type"].text() : ending.substr(0, ending.find('/'));
  return is_a(told.substr(told.rfind('/') + 1), type);
}

}  // namespace fhir::search
