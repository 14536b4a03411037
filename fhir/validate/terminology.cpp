// CodeSystem, ValueSet and ConceptMap: that what they say of codes agrees with itself and with the code systems at
// hand. R4 codesystem.html, valueset.html, conceptmap.html.
#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string>

#include "fhir/decimal.h"
#include "fhir/primitives.h"
#include "fhir/validate/choice.h"
#include "fhir/validate/codes.h"
#include "fhir/validate/rules.h"

namespace fhir::validate {
namespace {

constexpr std::string_view kUcum = "http://unitsofmeasure.org";

// ---------------------------------------------------------------------------------------------------- code systems

struct KnownProperty {
  std::string_view code, type;
};

constexpr std::string_view kPropertyUri = "http://hl7.org/fhir/concept-properties#";
/// codesystem-concept-properties.html
constexpr std::array<KnownProperty, 8> kProperties = {{{"child", "code"},
                                                       {"comment", "string"},
                                                       {"deprecated", "dateTime"},
                                                       {"deprecationDate", "dateTime"},
                                                       {"inactive", "boolean"},
                                                       {"notSelectable", "boolean"},
                                                       {"parent", "code"},
                                                       {"status", "code"}}};

const KnownProperty* known_property(std::string_view uri) {
  if (!uri.starts_with(kPropertyUri)) return nullptr;
  const auto row = std::ranges::find(kProperties, uri.substr(kPropertyUri.size()), &KnownProperty::code);
  return row == kProperties.end() ? nullptr : &*row;
}

/// The order of codes: letter by letter, in a case-insensitive system whatever their case.
struct CodeOrder {
  bool folds = false;
  bool operator()(std::string_view a, std::string_view b) const {
    const auto plain = [this](char c) { return folds && c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; };
    return std::ranges::lexicographical_compare(a, b, {}, plain, plain);
  }
};

class CodeSystemCheck {
 public:
  CodeSystemCheck(JsonView code_system, const Context& context)
      : code_system_(code_system), library_(context.library), findings_(context.findings) {}

  void check() {
    properties();
    concepts(code_system_);
    content();
    value_set();
    const bool supplement = code_system_["content"].text() == "supplement";
    if (supplement && !code_system_["supplements"]) findings_.add("cs-supplement", code_system_);
    if (!supplement && code_system_["supplements"]) findings_.add("cs-supplements", code_system_["supplements"]);
  }

 private:
  void properties() {
    std::set<std::string_view> uris;
    std::size_t index = 0;
    for (const JsonView property : code_system_["property"]) {
      const Findings::Step step(findings_, "property", index++);
      const std::string_view code = property["code"].text(), uri = property["uri"].text();
      const bool new_uri = uri.empty() || uris.insert(uri).second;
      const KnownProperty* known = known_property(uri);
      if (!types_.try_emplace(code, property["type"].text()).second)
        findings_.add(uri.empty() || !new_uri ? Severity::error : Severity::warning, "cs-property-again", property);
      if (!new_uri)
        findings_.add(known != nullptr ? Severity::error : Severity::warning, "cs-property-uri-again", property);
      if (known != nullptr) known_one(property, *known);
    }
  }

  bool folds_case() const { return code_system_["caseSensitive"].text() == "false"; }

  static std::int64_t count(JsonView owner) {
    std::int64_t all = 0;
    for (const JsonView one : owner["concept"]) all += 1 + count(one);
    return all;
  }

  void content() {
    const std::string_view content = code_system_["content"].text();
    const JsonView stated = code_system_["count"];
    if (content == "not-present" && code_system_["concept"]) findings_.add("cs-content", code_system_["concept"]);
    const auto number = Decimal::parse(stated.text());
    if (content == "complete" && number && *number != Decimal(count(code_system_))) findings_.add("cs-count", stated);
  }

  /// CodeSystem.valueSet is the value set of all its codes, and nothing besides.
  void value_set() {
    const JsonView url = code_system_["valueSet"], compose = library_.find("ValueSet", url.text())["compose"];
    if (!url || !compose) return;
    const JsonView include = compose["include"].at(0);
    const bool whole = compose["include"].size() == 1 && include["system"].text() == code_system_["url"].text() &&
                       !include["concept"] && !include["filter"] && !include["valueSet"];
    if (!whole) findings_.add("cs-value-set", url);
  }

  void known_one(JsonView property, const KnownProperty& known) {
    if (property["code"].text() != known.code) findings_.add("cs-property-code", property, {known.code});
    if (property["type"].text() != known.type) findings_.add("cs-property-type", property, {known.type});
  }

  void concepts(JsonView owner) {
    std::size_t index = 0;
    for (const JsonView one : owner["concept"]) {
      if (findings_.full()) return;
      const Findings::Step step(findings_, "concept", index++);
      if (one["property"]) values(one);
      if (one["concept"]) concepts(one);
    }
  }

  void values(JsonView one) {
    std::size_t index = 0;
    for (const JsonView property : one["property"]) {
      const Findings::Step step(findings_, "property", index++);
      const std::string_view code = property["code"].text();
      const Choice value = choice_of(property, "value");
      const auto type = types_.find(code);
      if (type == types_.end()) {
        if (std::ranges::find(kProperties, code, &KnownProperty::code) == kProperties.end())
          findings_.add("cs-property-unknown", property);
      } else if (!value.type.empty() && !value.is(type->second)) {
        findings_.add("cs-value-type", value.value, {type->second});
      } else if (type->second == "code" && (code == "parent" || code == "child") && !has(value.value.text())) {
        findings_.add("cs-value-code", value.value);
      }
    }
  }

  bool has(std::string_view code) {
    if (codes_.empty()) gather(code_system_);
    return codes_.contains(code);
  }
  void gather(JsonView owner) {
    for (const JsonView one : owner["concept"]) {
      codes_.insert(one["code"].text());
      gather(one);
    }
  }

  JsonView code_system_;
  const Library& library_;
  Findings& findings_;
  std::map<std::string_view, std::string_view> types_;                    // of properties, by code
  std::set<std::string_view, CodeOrder> codes_{CodeOrder{folds_case()}};  // of concepts, once somebody asks
};

// ------------------------------------------------------------------------------------------------------ value sets

class ValueSetCheck {
 public:
  ValueSetCheck(JsonView value_set, const Context& context)
      : value_set_(value_set), context_(context), findings_(context.findings) {}

  void check() {
    const Findings::Step step(findings_, "compose");
    const JsonView compose = value_set_["compose"];
    for (const std::string_view name : {"include", "exclude"}) {
      std::size_t index = 0;
      for (const JsonView part : compose[name]) {
        const Findings::Step at(findings_, name, index++);
        this->part(part);
      }
    }
  }

 private:
  void part(JsonView part) {
    const JsonView system = part["system"];
    if (!system.is_string()) return;
    if (!is_absolute_uri(system.text())) return findings_.add("vs-system", system);
    const bool value_set =
        system.text().starts_with("http://hl7.org/fhir/ValueSet/") ||
        (context_.library.find("ValueSet", system.text()) && !context_.library.find("CodeSystem", system.text()));
    if (value_set) return findings_.add("vs-system-value-set", system);
    if (is_supplement(context_.library.find("CodeSystem", system.text())))
      return findings_.add("coding-supplement", system);
    concepts(part, system.text());
    filters(part, system.text());
  }

  void concepts(JsonView part, std::string_view system) {
    std::set<std::string_view> seen;
    std::size_t index = 0;
    for (const JsonView one : part["concept"]) {
      const Findings::Step step(findings_, "concept", index++);
      const std::string_view code = one["code"].text();
      if (!seen.insert(code).second) findings_.add("vs-concept-again", one);
      if (has_code(context_.library, value_set_, system, code) == false)
        findings_.add(system == kUcum ? Severity::warning : Severity::error, "vs-concept", one);
    }
  }

  void filters(JsonView part, std::string_view system) {
    const JsonView code_system = context_.library.find("CodeSystem", system);
    std::size_t index = 0;
    for (const JsonView filter : part["filter"]) {
      const Findings::Step step(findings_, "filter", index++);
      if (code_system) this->filter(filter, code_system);
      if (system == "http://snomed.info/sct" && filter["property"].text() == "constraint" &&
          !is_expression_constraint(filter["value"].text()))
        findings_.add("vs-filter-ecl", filter);
    }
  }

  void filter(JsonView filter, JsonView code_system) {
    const std::string_view property = filter["property"].text(), op = filter["op"].text();
    const std::string_view value = filter["value"].text();
    if (property == "concept" || property == "code") {
      const bool names_code = op == "is-a" || op == "descendent-of" || op == "is-not-a" || op == "generalizes";
      const bool whole = code_system["content"].text() == "complete";
      if (names_code && whole && !find_concept(code_system, value)) findings_.add("vs-filter-code", filter);
      return;
    }
    for (const JsonView own : code_system["property"])
      if (own["code"].text() == property) return filter_value(filter, own["type"].text(), value, code_system);
    const auto names = [&](JsonView own) { return own["code"].text() == property; };
    const bool standard = std::ranges::find(kProperties, property, &KnownProperty::code) != kProperties.end() ||
                          property == "display" || property == "definition" || property == "designation";
    if (!standard && std::ranges::none_of(code_system["filter"], names)) findings_.add("vs-filter-property", filter);
  }

  void filter_value(JsonView filter, std::string_view type, std::string_view value, JsonView code_system) {
    const std::string_view op = filter["op"].text();
    if (op == "exists") {
      if (value != "true" && value != "false") findings_.add("vs-filter-value", filter, {"boolean"});
      return;
    }
    if (op != "=" || value.empty()) return;
    if (type == "Coding") return filter_coding(filter, value);
    if (type == "code" && code_system["content"].text() == "complete" && !find_concept(code_system, value) &&
        filter["property"].text() != "status")
      return findings_.add(Severity::warning, "vs-filter-code", filter);
    const auto primitive = primitive_of(type);
    if (primitive && type != "code" && !is_well_formed(*primitive, value))
      findings_.add("vs-filter-value", filter, {type});
  }

  /// A Coding is written system[|version]#code.
  void filter_coding(JsonView filter, std::string_view value) {
    const auto hash = value.rfind('#');
    if (hash == value.npos) return findings_.add("vs-filter-value", filter, {"Coding"});
    const std::string_view system = value.substr(0, std::min(value.find('|'), hash));
    if (has_code(context_.library, value_set_, system, value.substr(hash + 1)) == false)
      findings_.add("vs-filter-code", filter);
  }

  static bool is_expression_constraint(std::string_view text);

  JsonView value_set_;
  const Context& context_;
  Findings& findings_;
};

/// SNOMED CT's Expression Constraint Language, as far as its outline: operands, each a concept with its operators, a
/// wildcard, a member-of or a group, are joined by operators, and brackets close. What stands in refinements is not
/// looked at.
class EclOutline {
 public:
  explicit EclOutline(std::string_view text) : rest_(text) {}
  bool holds() { return expression(0) && rest_.empty(); }

 private:
  static constexpr int kDeepest = 50;

  void space() { rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r\n"), rest_.size())); }
  bool take(std::string_view word) {
    space();
    if (!rest_.starts_with(word)) return false;
    rest_.remove_prefix(word.size());
    return true;
  }
  bool take_word(std::string_view word) {
    space();
    const auto lower = [](char c) { return c | 0x20; };
    if (rest_.size() < word.size() || !std::ranges::equal(rest_.substr(0, word.size()), word, {}, lower, lower))
      return false;
    rest_.remove_prefix(word.size());
    return true;
  }

  bool expression(int depth) {
    if (depth > kDeepest || !operand(depth)) return false;
    while (take_word("AND ") || take_word("OR ") || take_word("MINUS ") || take(","))
      if (!operand(depth)) return false;
    space();
    if (rest_.starts_with(':') || rest_.starts_with('.')) rest_ = balanced(rest_) && depth == 0 ? "" : after_group();
    space();
    return true;
  }

  bool operand(int depth) {
    for (const std::string_view op : {"<<!", ">>!", "<<", ">>", "<!", ">!", "<", ">", "!!>", "!!<"})
      if (take(op)) break;
    while (take("^")) {
    }
    if (take("(")) return expression(depth + 1) && take(")");
    if (take("*")) return term();
    space();
    std::size_t digits = 0;
    while (digits < rest_.size() && rest_[digits] >= '0' && rest_[digits] <= '9') ++digits;
    if (digits < 6 || digits > 18) return false;
    rest_.remove_prefix(digits);
    return term();
  }

  /// "|Disease|"
  bool term() {
    if (!take("|")) return space(), true;
    const auto end = rest_.find('|');
    if (end == rest_.npos) return false;
    rest_.remove_prefix(end + 1);
    space();
    return true;
  }

  static bool balanced(std::string_view text) {
    int open = 0;
    for (const char c : text) {
      if (c == '(' || c == '{') ++open;
      if ((c == ')' || c == '}') && --open < 0) return false;
    }
    return open == 0;
  }

  /// What follows a refinement inside a group: from the bracket that closes it.
  std::string_view after_group() {
    int open = 0;
    for (std::size_t at = 0; at < rest_.size(); ++at) {
      if (rest_[at] == '(' || rest_[at] == '{') ++open;
      if ((rest_[at] == ')' || rest_[at] == '}') && --open < 0) return rest_.substr(at);
    }
    return rest_;
  }

  std::string_view rest_;
};

bool ValueSetCheck::is_expression_constraint(std::string_view text) { return EclOutline(text).holds(); }

// ---------------------------------------------------------------------------------------------------- concept maps

class ConceptMapCheck {
 public:
  ConceptMapCheck(JsonView map, const Context& context) : map_(map), context_(context), findings_(context.findings) {}

  void check() {
    const std::string_view source = choice_of(map_, "source").value.text(),
                           target = choice_of(map_, "target").value.text();
    std::size_t index = 0;
    for (const JsonView group : map_["group"]) {
      const Findings::Step step(findings_, "group", index++);
      elements(group, source, target);
    }
  }

 private:
  void elements(JsonView group, std::string_view source, std::string_view target) {
    std::size_t index = 0;
    for (const JsonView element : group["element"]) {
      const Findings::Step step(findings_, "element", index++);
      code(element["code"], group["source"].text(), source, "cm-source");
      std::size_t at = 0;
      for (const JsonView to : element["target"]) {
        const Findings::Step target_step(findings_, "target", at++);
        code(to["code"], group["target"].text(), target, "cm-target");
      }
    }
  }

  void code(JsonView code, std::string_view system, std::string_view value_set, Message message) {
    if (!code.is_string()) return;
    const Findings::Step step(findings_, "code");
    const auto known = has_code(context_.library, map_, system, code.text());
    if (known == false) return findings_.add(Severity::warning, "coding-unknown", code);
    const bool given = contained_named(map_, value_set) || context_.library.find("ValueSet", value_set);
    if (known == true && given && in_value_set(context_.library, map_, value_set, code.text(), system) == false)
      findings_.add(message, code);
  }

  JsonView map_;
  const Context& context_;
  Findings& findings_;
};

}  // namespace

void check_code_system(JsonView code_system, const Context& context) { CodeSystemCheck(code_system, context).check(); }

void check_value_set(JsonView value_set, const Context& context) { ValueSetCheck(value_set, context).check(); }

void check_concept_map(JsonView concept_map, const Context& context) { ConceptMapCheck(concept_map, context).check(); }

}  // namespace fhir::validate
