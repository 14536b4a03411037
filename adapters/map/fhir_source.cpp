#include "adapters/map/fhir_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "adapters/map/faults.h"
#include "fhir/definitions/definitions.h"
#include "fhir/message/message.h"

namespace adapters::map {
namespace {

using fhir::Fault;
using fhir::JsonKind;
using fhir::JsonView;
namespace path = fhir::path;

struct BoundExpression final : BoundPath {
  explicit BoundExpression(path::Expression compiled) : expression(std::move(compiled)) {}
  path::Expression expression;
};

// Spot.b tells what Spot.a counts.
enum Kind : std::uint64_t { kRoot = 0, kLeaf = 1, kItem = 2 };

/// Every element name that R4 knows, choices with and without their type.
const std::set<std::string, std::less<>>& element_names() {
  static const auto names = [] {
    std::set<std::string, std::less<>> all = {"entry", "resource"};
    for (const auto* type : fhir::all_types()) {
      all.emplace(type->name.substr(0, type->name.find('.')));
      for (const auto& element : type->elements) all.emplace(element.name);
    }
    return all;
  }();
  return names;
}

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_word_part(char c) { return is_letter(c) || (c >= '0' && c <= '9'); }

/// FHIRPath finds nothing behind a misspelt name and says so nowhere; a map should. Looks at plain words only: not at
/// strings, %names, function calls, keywords and type specifiers.
std::optional<std::string_view> unknown_element(std::string_view text) {
  static constexpr std::string_view kKeywords[] = {
      "and", "or",   "xor",  "implies", "is",    "as",     "in",   "contains", "div",  "mod",   "true", "false",
      "day", "days", "year", "years",   "month", "months", "week", "weeks",    "hour", "hours", "FHIR", "System"};
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (c == '\'' || c == '`') {
      for (++i; i < text.size() && text[i] != c; ++i) i += text[i] == '\\' ? 1 : 0;
      ++i;
    } else if (c == '%' || c == '$' || c == '@') {
      for (++i; i < text.size() && (is_word_part(text[i]) || text[i] == '-' || text[i] == ':'); ++i) {
      }
    } else if (is_letter(c)) {
      const std::size_t begin = i;
      while (i < text.size() && is_word_part(text[i])) ++i;
      const auto word = text.substr(begin, i - begin);
      const auto next = text.find_first_not_of(' ', i);
      const bool call = next != std::string_view::npos && text[next] == '(';
      if (!call && std::ranges::find(kKeywords, word) == std::end(kKeywords) && !element_names().contains(word))
        return word;
    } else {
      ++i;
    }
  }
  return std::nullopt;
}

std::string where(std::string_view text, std::string_view part) {
  return fmt::format("1:{}", part.data() - text.data() + 1);
}

bool is_scalar(JsonView node) {
  return node.kind() == JsonKind::string || node.kind() == JsonKind::number || node.kind() == JsonKind::boolean;
}

}  // namespace

Result<std::unique_ptr<BoundPath>> FhirDialect::bind(std::string_view text, const BoundPath*) const {
  auto expression = path::Expression::compile(text);
  if (!expression) {
    expression.error().say.insert(0, "FHIRPath: ");
    return fhir::pass(expression);
  }
  static constexpr std::string_view kStandard[] = {"context", "resource", "rootResource", "sct", "loinc", "ucum"};
  const std::vector<std::string_view> known(names_.begin(), names_.end());
  for (const auto& name : expression->variables()) {
    if (std::ranges::find(known, name) != known.end() || std::ranges::find(kStandard, name) != std::end(kStandard))
      continue;
    const auto at = text.find("%" + name);
    return fhir::fail(Fault::invalid, "map.unknown-name",
                      where(text, text.substr(at == std::string_view::npos ? 0 : at)),
                      fmt::format("%{} is not declared under let: {}", name, did_you_mean(name, known)));
  }
  if (const auto word = unknown_element(text)) {
    const std::vector<std::string_view> all(element_names().begin(), element_names().end());
    return fhir::fail(Fault::invalid, "map.unknown-element", where(text, *word),
                      fmt::format("no R4 type has an element '{}' {}", *word, did_you_mean(*word, all)));
  }
  return std::make_unique<BoundExpression>(std::move(*expression));
}

FhirSource::FhirSource(fhir::Json bundle, std::string now) : bundle_(std::move(bundle)) {
  const JsonView root = bundle_.root();
  environment_.variable = [this](std::string_view name) -> const path::Collection* {
    const auto found = variables_.find(name);
    return found == variables_.end() ? nullptr : &found->second;
  };
  environment_.resolve = [root](std::string_view reference) { return fhir::message::resolve(root, reference); };
  environment_.now = std::move(now);
  environment_.resource = root;
  std::map<std::string_view, int> counts;
  for (const JsonView entry : root["entry"]) {
    const JsonView resource = entry["resource"];
    const auto type = resource["resourceType"].text();
    index(resource, fmt::format("{}[{}]", type, ++counts[type]), {});
  }
}

void FhirSource::index(JsonView node, std::string place, std::string_view key) {
  if (is_scalar(node)) {
    static constexpr std::string_view kFrame[] = {"resourceType", "id", "reference", "fullUrl"};
    if (node.text().empty() || std::ranges::find(kFrame, key) != std::end(kFrame)) return;
    by_text_.emplace(node.text().data(), leaves_.size());
    leaves_.push_back({node, std::move(place)});
    return;
  }
  std::size_t n = 0;
  for (auto it = node.begin(); it != node.end(); ++it, ++n) {
    if (it.key() == "meta") continue;
    index(*it, node.is_array() ? fmt::format("{}[{}]", place, n) : fmt::format("{}.{}", place, it.key()),
          node.is_array() ? key : it.key());
  }
}

std::optional<std::size_t> FhirSource::leaf_of(JsonView node) const {
  const auto [first, last] = by_text_.equal_range(node.text().data());
  const auto found = std::find_if(first, last, [&](const auto& entry) { return leaves_[entry.second].node == node; });
  return found == last ? std::nullopt : std::optional(found->second);
}

void FhirSource::define(const std::string& name, const BoundPath& expression) {
  variables_[name] = evaluate(expression, root());
}

void FhirSource::define(const std::string& name, std::string value) {
  path::Item item;
  item.kind = path::Item::Kind::string;
  item.type = "String";
  item.text = std::move(value);
  variables_[name] = {std::move(item)};
}

path::Collection FhirSource::evaluate(const BoundPath& bound, Spot from) const {
  const auto& expression = static_cast<const BoundExpression&>(bound).expression;
  auto found = from.b == kItem ? expression.evaluate({items_[from.a]}, environment_)
                               : expression.evaluate(bundle_.root(), environment_);
  if (found) return std::move(*found);
  if (!failure_) failure_ = std::move(found).error();
  return {};
}

Spot FhirSource::spot_of(path::Item item) const {
  items_.push_back(std::move(item));
  return {items_.size() - 1, kItem};
}

Spots FhirSource::find(const BoundPath& bound, Spot from) const {
  Spots spots;
  for (auto& item : evaluate(bound, from)) spots.push_back(spot_of(std::move(item)));
  return spots;
}

std::string FhirSource::text(Spot spot) const {
  if (spot.b == kLeaf) return std::string(leaves_[spot.a].node.text());
  if (spot.b == kItem && items_[spot.a].kind != path::Item::Kind::node) return items_[spot.a].text;
  const auto below = leaves(spot);
  return below.empty() ? std::string() : text(below.front());
}

std::string FhirSource::whole(Spot spot) const { return text(spot); }

std::string FhirSource::place(Spot spot) const {
  if (spot.b == kLeaf) return leaves_[spot.a].place;
  if (spot.b == kRoot) return "Bundle";
  return items_[spot.a].path.empty() ? std::string("computed value") : items_[spot.a].path;
}

void FhirSource::collect(JsonView node, Spots& out) const {
  if (is_scalar(node)) {
    if (const auto leaf = leaf_of(node)) out.push_back({*leaf, kLeaf});
    return;
  }
  for (const JsonView child : node) collect(child, out);
}

Spots FhirSource::leaves(Spot spot) const {
  Spots out;
  if (spot.b == kLeaf) {
    out.push_back(spot);
  } else if (spot.b == kItem) {
    collect(items_[spot.a].node, out);
  } else {
    for (std::size_t i = 0; i < leaves_.size(); ++i) out.push_back({i, kLeaf});
  }
  return out;
}

}  // namespace adapters::map
