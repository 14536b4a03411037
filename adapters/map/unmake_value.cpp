// The part of Unmaker that writes single values back, and asks the record what it says of conditions and formulas.
#include <algorithm>

#include "adapters/map/back_value.h"
#include "adapters/map/unmaker.h"
#include "adapters/xml/xml_writable.h"

namespace adapters::map {
namespace {

/// HL7 version 3, and with it CDA, writes times as version 2 does.
Format time_form(const Plan& plan) {
  return plan.skeleton != nullptr && xml::is_hl7_v3(*plan.skeleton) ? Format::hl7v2 : plan.source;
}

using fhir::JsonView;

fhir::path::Item string_item(std::string text) {
  fhir::path::Item item;
  item.kind = fhir::path::Item::Kind::string;
  item.type = "String";
  item.text = std::move(text);
  return item;
}

std::string builtin(const Site& site, std::string_view name) {
  if (name == "site") return site.identifier_base + site.id;
  if (name == "base") return site.identifier_base;
  return name == "organization" ? site.id : site.now;
}

/// The one path a formula reads; nullptr when it reads none, several, or a resource.
const Variable* only_path(const Formula& formula) {
  const Variable* found = nullptr;
  for (const auto& variable : formula.variables) {
    if (variable.kind == Variable::Kind::builtin) continue;
    if (found != nullptr || variable.kind != Variable::Kind::path) return nullptr;
    found = &variable;
  }
  return found;
}

bool only_builtins(const Formula& formula) {
  return std::ranges::all_of(formula.variables,
                             [](const Variable& variable) { return variable.kind == Variable::Kind::builtin; });
}

}  // namespace

std::optional<std::string> Unmaker::text_at(const SourcePath& path, bool whole, Spot spot) const {
  for (const Spot at : record_.find(*path.bound, spot)) {
    auto text = whole ? record_.whole(at) : record_.text(at);
    if (!text.empty()) return text;
  }
  return std::nullopt;
}

/// What the leaf makes of the record as it is now.
std::optional<std::string> Unmaker::made_by(const Leaf& leaf, Spot spot) const {
  std::optional<std::string> text;
  if (leaf.from.empty()) {
    text = leaf.whole ? record_.whole(spot) : record_.text(spot);
  } else {
    for (const auto& path : leaf.from)
      if ((text = text_at(path, leaf.whole, spot))) break;
  }
  return text ? read_as(leaf, *text, site_.zone_offset) : std::nullopt;
}

/// Does the record as it is make this value?
bool Unmaker::is_made(const Leaf& leaf, std::string_view value, Spot spot) const {
  if (leaf.constant || leaf.refusal || value.empty()) return false;
  if (!leaf.formula) return made_by(leaf, spot) == value;
  const auto made = only_builtins(*leaf.formula) ? std::nullopt : evaluate(*leaf.formula, spot, nullptr);
  return made && !made->empty() && read_as(leaf, fhir::path::text_of(*made), site_.zone_offset) == value;
}

Fit Unmaker::unmake_leaf(const Leaf& leaf, const Node& rule, JsonView value, Spot spot) {
  if (value.is_object() || value.is_array() || !value) return Fit::none();
  if (leaf.refusal) return Fit::none();
  const auto text = value.text();
  if (leaf.constant) {
    if (*leaf.constant != text) return Fit::none();
    if (leaf.back)
      for (const auto& path : leaf.back->to) wanted_.push_back({&path, spot, *leaf.constant});
    Fit fit = carried(value, rule);
    fit.sure = 1;
    return fit;
  }
  if (leaf.back && leaf.back->never) return {};
  if (leaf.formula && (!leaf.back || (leaf.back->to.empty() && !leaf.back->expression)))
    return unmake_formula(leaf, rule, value, spot);
  if (!leaf.formula && made_by(leaf, spot) == text) {  // another rule has written it already
    Fit fit = carried(value, rule);
    fit.sure = 1;
    return fit;
  }
  if (leaf.back && (leaf.back->expression || leaf.formula))
    return unmake_back(leaf, text, spot) ? carried(value, rule) : lost(value, "back-conflict", &rule);
  const auto before = checkpoint();
  const Fit fit = write_leaf(leaf, rule, value, spot);
  if (!fit.possible || fit.bad > 0 || !inverse_.spread(rule)) return fit;
  record_.take_back(before.record);
  later_.push_back({&rule, value, spot, Role::whole});
  return fit;
}

Fit Unmaker::write_leaf(const Leaf& leaf, const Node& rule, JsonView value, Spot spot) {
  const auto text = value.text();
  std::vector<const SourcePath*> places;
  for (const auto& path : leaf.back && !leaf.back->to.empty() ? leaf.back->to : leaf.from) places.push_back(&path);
  const auto texts = texts_for(leaf, text, time_form(plan_), site_.zone_offset);
  for (const auto& one : texts) {
    if (!write_back(leaf, places, one, text, spot)) continue;
    Fit fit = carried(value, rule);
    fit.sure = leaf.fallback == text ? 1 : 0;
    return fit;
  }
  if (leaf.fallback == text || (leaf.lookup && leaf.lookup->code == text)) {  // made of nothing, or of any other code
    Fit fit = carried(value, rule);
    fit.sure = 1;
    return fit;
  }
  if (leaf.reader != nullptr) return lost(value, "not-invertible", &rule);
  return texts.empty() && leaf.lookup ? Fit::none() : lost(value, "back-conflict", &rule);
}

/// At the first of the places where the leaf then makes this very value.
bool Unmaker::write_back(const Leaf& leaf, std::span<const SourcePath* const> places, std::string_view text,
                         std::string_view value, Spot spot) {
  const bool whole = leaf.whole && !(leaf.back && leaf.back->plain);
  const auto before = checkpoint();
  const auto try_at = [&](std::optional<Spot> at) {
    if (at && record_.write(*at, text, whole) && made_by(leaf, spot) == value) return true;
    take_back(before);
    return false;
  };
  if (places.empty()) return try_at(spot);
  return std::ranges::any_of(places,
                             [&](const SourcePath* path) { return try_at(record_.place_at(*path->bound, spot)); });
}

void Unmaker::settle_leaf(const Later& one, const Leaf& leaf) {
  if (made_by(leaf, one.spot) == one.value.text()) return;
  std::vector<const SourcePath*> places;
  for (const int wanted : {2, 1, 0})
    for (const auto& path : leaf.from)
      if (standing(path, one.spot) == wanted) places.push_back(&path);
  for (const auto& text : texts_for(leaf, one.value.text(), time_form(plan_), site_.zone_offset))
    if (write_back(leaf, places, text, one.value.text(), one.spot)) return;
}

/// As the map says with `back:`. Nothing confirms it but that the places were free.
bool Unmaker::unmake_back(const Leaf& leaf, std::string_view value, Spot spot) {
  std::string text(value);
  if (leaf.back->expression) {
    fhir::path::Environment environment;
    environment.now = site_.now;
    fhir::path::Collection found;
    environment.variable = [&](std::string_view name) -> const fhir::path::Collection* {
      found = {string_item(builtin(site_, name))};
      return &found;
    };
    const auto result = leaf.back->expression->evaluate({string_item(text)}, environment);
    text = result ? fhir::path::text_of(*result) : std::string();
    if (text.empty()) return false;
  }
  const bool whole = leaf.whole && !leaf.back->plain;
  const auto& paths = leaf.back->to.empty() ? leaf.from : leaf.back->to;
  if (paths.empty()) return record_.write(spot, text, whole);
  return std::ranges::any_of(paths, [&](const SourcePath& path) {
    const auto at = record_.place_at(*path.bound, spot);
    return at && record_.write(*at, text, whole);
  });
}

/// A formula that reads one place, and puts something before or behind it, is read backwards with a probe: what it
/// makes of a mark shows what stands around. Whatever is found that way must make the value again.
Fit Unmaker::unmake_formula(const Leaf& leaf, const Node& rule, JsonView value, Spot spot) {
  const auto typed = [&](const std::optional<fhir::path::Collection>& made) -> std::optional<std::string> {
    if (!made || made->empty()) return std::nullopt;
    return read_as(leaf, fhir::path::text_of(*made), site_.zone_offset);
  };
  const std::string text(value.text());
  if (typed(evaluate(*leaf.formula, spot, nullptr)) == text) return carried(value, rule);
  if (only_builtins(*leaf.formula)) return lost(value, "back-conflict", &rule);
  Fit unclear;
  unclear.open = 1;
  const Variable* variable = only_path(*leaf.formula);
  if (variable == nullptr) return unclear;  // follows from other values, or does not
  static const std::string kMark = "\x02q\x03";
  const auto probed = evaluate(*leaf.formula, spot, &kMark);
  const std::string around = probed && !probed->empty() ? fhir::path::text_of(*probed) : std::string();
  const auto mark = around.find(kMark);
  if (mark == std::string::npos || around.find(kMark, mark + 1) != std::string::npos) return unclear;
  const std::string_view before = std::string_view(around).substr(0, mark);
  const std::string_view behind = std::string_view(around).substr(mark + kMark.size());
  if (text.size() <= before.size() + behind.size() || !text.starts_with(before) || !text.ends_with(behind))
    return lost(value, "not-invertible", &rule);
  const auto start = checkpoint();
  const auto at = record_.place_at(*variable->path.bound, spot);
  const auto inner = text.substr(before.size(), text.size() - before.size() - behind.size());
  if (at && record_.write(*at, inner, false) && typed(evaluate(*leaf.formula, spot, nullptr)) == text)
    return carried(value, rule);
  take_back(start);
  return lost(value, "not-invertible", &rule);
}

/// `probe` stands for the value of every path.
std::optional<fhir::path::Collection> Unmaker::evaluate(const Formula& formula, Spot spot,
                                                        const std::string* probe) const {
  std::vector<std::unique_ptr<fhir::path::Collection>> values;
  fhir::path::Environment environment;
  environment.now = site_.now;
  environment.variable = [&](std::string_view name) -> const fhir::path::Collection* {
    const auto variable = std::ranges::find(formula.variables, name, &Variable::name);
    if (variable == formula.variables.end()) return nullptr;
    auto& value = *values.emplace_back(std::make_unique<fhir::path::Collection>());
    switch (variable->kind) {
      case Variable::Kind::path:
        if (probe != nullptr) {
          value.push_back(string_item(*probe));
          break;
        }
        for (const Spot at : record_.find(*variable->path.bound, spot))
          if (auto text = record_.text(at); !text.empty()) value.push_back(string_item(std::move(text)));
        break;
      case Variable::Kind::resource: break;
      case Variable::Kind::builtin: value.push_back(string_item(builtin(site_, name))); break;
    }
    return &value;
  };
  auto result = formula.expression.evaluate(fhir::path::Collection{}, environment);
  return result ? std::optional(std::move(*result)) : std::nullopt;
}

// --- conditions --------------------------------------------------------------------------------------------------

/// A place that holds nothing yet may still get something.
Unmaker::Truth Unmaker::truth(const Test& test, Spot spot) const {
  const auto yes_or = [](bool yes, Truth otherwise) { return yes ? Truth::yes : otherwise; };
  switch (test.kind) {
    case Test::Kind::valued: return yes_or(!record_.find(*test.path.bound, spot).empty(), Truth::unknown);
    case Test::Kind::absent: return yes_or(record_.find(*test.path.bound, spot).empty(), Truth::no);
    case Test::Kind::one_of:
    case Test::Kind::none_of: {
      const auto text = text_at(test.path, false, spot);
      if (!text) return test.kind == Test::Kind::one_of ? Truth::unknown : Truth::yes;
      const bool among = std::ranges::find(test.words, *text) != test.words.end();
      return yes_or(among == (test.kind == Test::Kind::one_of), Truth::no);
    }
    case Test::Kind::formula: {
      const auto result = test.formula ? evaluate(*test.formula, spot, nullptr) : std::nullopt;
      return yes_or(result && fhir::path::truth(*result).value_or(false), Truth::unknown);
    }
  }
  return Truth::unknown;
}

Unmaker::Truth Unmaker::truth(const Condition& condition, Spot spot) const {
  Truth all = condition.any ? Truth::no : Truth::yes;
  for (const auto& test : condition.tests) {
    const Truth one = truth(test, spot);
    all = condition.any ? std::min(all, one) : std::max(all, one);
  }
  return all;
}

void Unmaker::want(const Condition& condition, Spot spot) {
  if (condition.any && condition.tests.size() > 1) return;
  for (const auto& test : condition.tests)
    if (test.kind == Test::Kind::one_of) wanted_.push_back({&test.path, spot, test.words.front()});
}

void Unmaker::settle_conditions() {
  for (const auto& wanted : wanted_) {
    if (text_at(*wanted.path, false, wanted.spot)) continue;
    if (const auto at = record_.place_at(*wanted.path->bound, wanted.spot)) record_.write(*at, wanted.word, false);
  }
  wanted_.clear();
}

void Unmaker::complete(const Completion& rule) {
  std::vector<Spot> spots{record_.root()};
  if (rule.each) spots = record_.find(*rule.each->bound, record_.root());
  for (const Spot spot : spots) {
    if (text_at(rule.to, false, spot)) continue;
    std::optional<std::string> text;
    switch (rule.what) {
      case Completion::What::number: text = std::to_string(record_.number_of(spot)); break;
      case Completion::What::copy: text = text_at(rule.from, false, spot); break;
      case Completion::What::constant: text = rule.constant; break;
      case Completion::What::formula:
        if (const auto made = evaluate(*rule.formula, spot, nullptr); made && !made->empty())
          text = fhir::path::text_of(*made);
        break;
    }
    const auto at = text ? record_.place_at(*rule.to.bound, spot) : std::nullopt;
    if (at) record_.write(*at, *text, false);
  }
}

}  // namespace adapters::map
