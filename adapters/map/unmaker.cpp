#include "adapters/map/unmaker.h"

#include <algorithm>
#include <utility>

namespace adapters::map {
namespace {

using fhir::JsonKind;
using fhir::JsonView;

constexpr std::size_t kDeepest = 60;  // rules in rules; references may lead in circles

bool is_scalar(JsonView value) {
  return value.kind() == JsonKind::string || value.kind() == JsonKind::number || value.kind() == JsonKind::boolean;
}

/// What only holds a Bundle together, and is no value of the record.
bool is_frame(std::string_view key) {
  return key == "resourceType" || key == "id" || key == "reference" || key == "fullUrl";
}

template <class Use>
void each_leaf(JsonView value, std::string_view key, Use use) {
  if (is_scalar(value)) {
    if (!is_frame(key)) use(value);
    return;
  }
  for (auto it = value.begin(); it != value.end(); ++it) each_leaf(*it, value.is_array() ? key : it.key(), use);
}

/// "valueQuantity", "_valueString" of the choice element `value`.
bool is_choice_of(std::string_view key, std::string_view element) {
  if (key.starts_with('_')) key.remove_prefix(1);
  return key.size() > element.size() && key.starts_with(element) && key[element.size()] >= 'A' &&
         key[element.size()] <= 'Z';
}

bool has_choice(JsonView object, std::string_view element) {
  for (auto it = object.begin(); it != object.end(); ++it)
    if (is_choice_of(it.key(), element)) return true;
  return false;
}

}  // namespace

bool Fit::better_than(const Fit& other) const {
  if (possible != other.possible) return possible;
  if (bad != other.bad) return bad < other.bad;
  if (open != other.open) return open < other.open;
  if (sure != other.sure) return sure > other.sure;
  return good > other.good;
}

void Fit::add(const Fit& other) {
  possible = possible && other.possible;
  good += other.good;
  bad += other.bad;
  open += other.open;
  sure += other.sure;
}

void Unmaker::take_back(const Checkpoint& to) {
  record_.take_back(to.record);
  notes_.resize(to.notes);
  wanted_.resize(to.wanted);
  later_.resize(to.later);
}

/// Takes back what was tried since, and keeps it if it is the best so far.
void Unmaker::keep_better(Kept& best, const Fit& fit, const Checkpoint& since) {
  if (fit.better_than(best.fit)) {
    best = {.fit = fit,
            .record = record_.cut(since.record),
            .notes = {notes_.begin() + static_cast<std::ptrdiff_t>(since.notes), notes_.end()},
            .wanted = {wanted_.begin() + static_cast<std::ptrdiff_t>(since.wanted), wanted_.end()},
            .later = {later_.begin() + static_cast<std::ptrdiff_t>(since.later), later_.end()}};
  }
  take_back(since);
}

Fit Unmaker::paste(Kept& kept) {
  if (!kept.fit.possible) return kept.fit;
  record_.paste(*kept.record);
  notes_.insert(notes_.end(), kept.notes.begin(), kept.notes.end());
  wanted_.insert(wanted_.end(), kept.wanted.begin(), kept.wanted.end());
  later_.insert(later_.end(), kept.later.begin(), kept.later.end());
  return kept.fit;
}

Fit Unmaker::carried(JsonView value, const Node& rule) {
  Fit fit;
  each_leaf(value, {}, [&](JsonView leaf) {
    notes_.push_back({leaf, true, {}, &rule});
    ++fit.good;
  });
  return fit;
}

Fit Unmaker::lost(JsonView value, std::string_view code, const Node* rule) {
  Fit fit;
  each_leaf(value, {}, [&](JsonView leaf) {
    notes_.push_back({leaf, false, code, rule});
    ++fit.bad;
  });
  return fit;
}

Fit Unmaker::resource(const ResourceRule& rule, JsonView resource, Spot spot) {
  return unmake(rule.body, resource, spot, Role::resource);
}

Fit Unmaker::try_resource(const ResourceRule& rule, JsonView resource, Spot spot) {
  const auto before = checkpoint();
  const Fit fit = unmake(rule.body, resource, spot, Role::whole);
  take_back(before);
  return fit;
}

Fit Unmaker::unmake(const Node& node, JsonView value, Spot spot, Role role) {
  if (node.enter) {
    const auto inside = record_.place_at(*node.enter->bound, spot);
    if (!inside) return Fit::none();
    spot = *inside;
  }
  return unmake_at(node, value, spot, role);
}

Fit Unmaker::unmake_at(const Node& node, JsonView value, Spot spot, Role role) {
  if (steps_ == 0 || depth_ > kDeepest) return Fit::none();
  --steps_;
  ++depth_;
  struct Visitor {
    Unmaker& self;
    const Node& node;
    JsonView value;
    Spot spot;
    Role role;
    Fit operator()(std::monostate) const { return Fit::none(); }
    Fit operator()(const Leaf& leaf) const { return self.unmake_leaf(leaf, node, value, spot); }
    Fit operator()(const fhir::JsonTree& constant) const {
      return fhir::JsonTree::from(value) == constant ? self.carried(value, node) : Fit::none();
    }
    Fit operator()(const Object& object) const { return self.unmake_object(object, node, value, spot, role); }
    Fit operator()(const Sequence& sequence) const {
      std::vector<Option> options;
      for (const auto& one : sequence.nodes) options.push_back({&one});
      return self.choose(options, value, spot, role);
    }
    Fit operator()(const First& first) const { return self.unmake_first(first, node, value, spot, role); }
    Fit operator()(const Switch& select) const { return self.unmake_switch(select, value, spot, role); }
    Fit operator()(const Branch& branch) const { return self.unmake_branch(branch, value, spot, role); }
    Fit operator()(const Reference& reference) const { return self.unmake_reference(reference, node, value, spot); }
    Fit operator()(const std::shared_ptr<const Inline>& made) const { return self.unmake_inline(*made, value, spot); }
  };
  const Truth expected = node.when ? truth(*node.when, spot) : Truth::yes;
  Fit fit = std::visit(Visitor{*this, node, value, spot, role}, node.what);
  --depth_;
  if (!fit.possible || !node.when) return fit;
  if (expected == Truth::no) ++fit.bad;
  if (expected == Truth::unknown) want(*node.when, spot);
  return fit;
}

// --- objects -----------------------------------------------------------------------------------------------------

Fit Unmaker::unmake_object(const Object& object, const Node& rule, JsonView value, Spot spot, Role role) {
  if (!value.is_object()) return Fit::none();
  Fit fit;
  if (object.measure) fit.add(unmake_measure(*object.measure, rule, value, spot));
  bool any = false;
  for (const auto i : inverse_.order(object)) {
    const auto& member = object.members[i];
    const bool there = member.splice ? has_choice(value, member.name) : static_cast<bool>(value[member.name]);
    any = any || there;
    const bool demanded = inverse_.always(*member.node) || member.node->required;
    if (!there && demanded && role != Role::resource) return Fit::none();
    if (!there) continue;
    Fit one = unmake_member(member, value, spot, role);
    one.sure += member.node->required ? 1 : 0;
    if (one.possible)
      fit.add(one);
    else if (role == Role::resource || !demanded)
      fit.add(lost(value[member.name], "back-no-rule", member.node.get()));
    else
      return Fit::none();
  }
  if (role == Role::choice) return any ? fit : Fit::none();
  for (auto it = value.begin(); it != value.end(); ++it) {
    const auto key = it.key();
    const auto knows = [&](const Member& member) {
      return member.name == key || (member.splice && is_choice_of(key, member.name));
    };
    if (is_frame(key) || std::ranges::any_of(object.members, knows)) continue;
    if (object.measure && (key == "value" || key == "comparator" || key == "extension")) continue;
    fit.add(lost(*it, "back-no-rule", &rule));
  }
  return fit;
}

Fit Unmaker::unmake_member(const Member& member, JsonView parent, Spot spot, Role role) {
  if (member.splice) {
    const auto before = checkpoint();
    Fit fit = unmake(*member.node, parent, spot, Role::choice);
    if (fit.possible) return fit;
    take_back(before);
    fit = {};
    for (auto it = parent.begin(); it != parent.end(); ++it)
      if (is_choice_of(it.key(), member.name)) fit.add(lost(*it, "back-no-rule", member.node.get()));
    return fit;
  }
  const JsonView value = parent[member.name];
  if (!value.is_array()) {
    const auto before = checkpoint();
    const Fit fit = unmake(*member.node, value, spot, Role::whole);
    if (fit.possible) return fit;
    take_back(before);
    return fit;
  }
  std::vector<JsonView> items;
  for (const JsonView item : value) items.push_back(item);
  return unmake_items(*member.node, items, spot, role);
}

/// The text as it was sent stands beside a number that reading has changed.
Fit Unmaker::unmake_measure(const MeasureRule& measure, const Node& rule, JsonView value, Spot spot) {
  const JsonView number = value["value"];
  if (!number) return Fit::none();
  std::string text = std::string(value["comparator"].text()) + std::string(number.text());
  for (const JsonView extension : value["extension"])
    if (extension["url"].text() == kOriginalTextExtension) text = extension["valueString"].text();
  const auto place = record_.place_at(*measure.from.bound, spot);
  if (!place || (record_.text(*place) != text && !record_.write(*place, text, false)))
    return lost(number, "back-conflict", &rule);
  Fit fit = carried(number, rule);
  if (value["comparator"]) fit.add(carried(value["comparator"], rule));
  for (const JsonView extension : value["extension"])
    if (extension["url"].text() == kOriginalTextExtension) fit.add(carried(extension, rule));
  return fit;
}

// --- lists -------------------------------------------------------------------------------------------------------

/// Rules add their values one after the other, so the items are dealt to them in order; an item that none of those
/// that are left explains may still be an earlier one's. A rule that always makes an item must have one.
Fit Unmaker::unmake_items(const Node& node, std::span<const JsonView> values, Spot spot, Role role) {
  std::vector<const Node*> units, late;
  const auto collect = [&](const auto& self, const Node& one) -> void {
    const auto* sequence = std::get_if<Sequence>(&one.what);
    if (sequence != nullptr && !one.enter && !one.when) {
      for (const auto& inner : sequence->nodes) self(self, inner);
      return;
    }
    const auto* leaf = std::get_if<Leaf>(&one.what);
    (leaf != nullptr && leaf->back && leaf->back->last ? late : units).push_back(&one);
  };
  collect(collect, node);
  const std::size_t in_order = units.size();
  units.insert(units.end(), late.begin(), late.end());
  std::vector<bool> used(units.size());
  Counts counts;
  std::size_t first = 0;
  Fit all;
  for (const JsonView value : values) {
    Kept best;
    std::size_t chosen = 0;
    Counts counts_then;
    const auto attempt = [&](std::size_t from, std::size_t to) {
      for (std::size_t i = from; i < to; ++i) {
        if (used[i] && !inverse_.many(*units[i])) continue;
        const auto before = checkpoint();
        Counts trial = counts;
        const Fit fit = unmake_unit(*units[i], value, spot, trial);
        if (fit.better_than(best.fit)) chosen = i, counts_then = std::move(trial);
        keep_better(best, fit, before);
      }
    };
    attempt(first, units.size());
    if (!best.fit.perfect()) attempt(0, first);
    if (!best.fit.possible || (best.fit.good == 0 && best.fit.bad > 0)) {
      all.add(lost(value, "back-no-rule", &node));
      continue;
    }
    all.add(paste(best));
    counts = std::move(counts_then);
    used[chosen] = true;
    if (chosen < in_order) first = chosen;
  }
  const auto always = [&](std::size_t i) { return inverse_.always(*units[i]); };
  for (std::size_t i = 0; i < units.size() && role != Role::resource; ++i)
    if (always(i) && !used[i]) return Fit::none();
  return all;
}

/// With `each:` a place that another rule took and that says the same already, else the next one that is free; where
/// something else stands, perhaps the one after it.
Fit Unmaker::unmake_unit(const Node& node, JsonView value, Spot spot, Counts& counts) {
  if (!node.each || !node.enter) return unmake(node, value, spot, Role::whole);
  auto& taken = counts[node.enter->text];
  const auto before = checkpoint();
  for (std::size_t n = 0; n < taken.size(); ++n) {
    if (taken[n] == &node) continue;
    const auto inside = record_.place_at(*node.enter->bound, spot, n);
    const Fit fit = inside ? unmake_at(node, value, *inside, Role::whole) : Fit::none();
    if (fit.perfect() && fit.good > 0 && record_.position() == before.record) return fit;
    take_back(before);
  }
  Kept best;
  std::size_t chosen = taken.size();
  for (const std::size_t n : {taken.size(), taken.size() + 1}) {
    const auto inside = record_.place_at(*node.enter->bound, spot, n);
    const Fit fit = inside ? unmake_at(node, value, *inside, Role::whole) : Fit::none();
    const bool in_conflict = std::any_of(notes_.begin() + static_cast<std::ptrdiff_t>(before.notes), notes_.end(),
                                         [](const BackNote& note) { return note.code == "back-conflict"; });
    if (fit.better_than(best.fit)) chosen = n;
    keep_better(best, fit, before);
    if (!in_conflict) break;
  }
  taken.resize(chosen + 1, &node);
  return paste(best);
}

// --- choices -----------------------------------------------------------------------------------------------------

Fit Unmaker::take(const Option& option, JsonView value, Spot spot, Role role) {
  bool written = true;
  if (option.select != nullptr && !option.label.empty() && option.expected == Truth::unknown) {
    const auto on = record_.place_at(*option.select->on.bound, spot);
    written = on && record_.write(*on, option.label, false);
  }
  Fit fit = written ? unmake(*option.node, value, spot, role) : Fit::none();
  if (!fit.possible) return fit;
  if (option.expected == Truth::no) ++fit.bad;
  if (option.expected == Truth::unknown && option.condition != nullptr) want(*option.condition, spot);
  return fit;
}

/// What the record already says decides, then how much a rule explains, then the order in which the map has them.
Fit Unmaker::choose(const std::vector<Option>& options, JsonView value, Spot spot, Role role) {
  Kept best;
  for (const Truth expected : {Truth::yes, Truth::unknown, Truth::no}) {
    for (const auto& option : options) {
      if (option.expected != expected) continue;
      const auto before = checkpoint();
      Fit fit = take(option, value, spot, role);
      if (fit.perfect()) return fit;
      fit.sure = 0;  // the order in which the map has them says more
      keep_better(best, fit, before);
    }
  }
  return paste(best);
}

/// What the record makes already needs no place; then a rule that says so is asked before or after the others.
Fit Unmaker::unmake_first(const First& first, const Node& rule, JsonView value, Spot spot, Role role) {
  std::vector<Option> options, early, late;
  const auto wants_to_be_first = [](const Node& one) {
    const auto* leaf = std::get_if<Leaf>(&one.what);
    return leaf != nullptr && leaf->back && leaf->back->first;
  };
  const bool preferred = std::ranges::any_of(first.nodes, wants_to_be_first);
  for (const auto& one : first.nodes) {
    const auto* leaf = std::get_if<Leaf>(&one.what);
    if (leaf != nullptr && (!preferred || wants_to_be_first(one)) && !one.enter &&
        (!one.when || truth(*one.when, spot) == Truth::yes) && is_made(*leaf, value.text(), spot))
      return carried(value, one);
    const auto* back = leaf != nullptr && leaf->back ? &*leaf->back : nullptr;
    (back == nullptr ? options : back->first ? early : back->last ? late : options).push_back({&one});
  }
  early.insert(early.end(), options.begin(), options.end());
  early.insert(early.end(), late.begin(), late.end());
  const auto before = checkpoint();
  const Fit fit = choose(early, value, spot, role);
  if (!fit.possible || !inverse_.spread(rule)) return fit;
  record_.take_back(before.record);
  later_.resize(before.later);
  later_.push_back({&rule, value, spot, role});
  return fit;
}

/// The segment is there: 2; the structure has it: 1; it has not: 0.
int Unmaker::standing(const SourcePath& path, Spot spot) {
  const auto before = record_.position();
  const auto at = record_.place_at(*path.bound, spot);
  const int how = !at ? 0 : record_.stands(*at) ? 2 : record_.knows(*at) ? 1 : 0;
  record_.take_back(before);
  return how;
}

void Unmaker::settle_first(const Later& one, const First& first) {
  bool written = false;
  for (const int wanted : {2, 1, 0}) {
    for (const auto& node : first.nodes) {
      if (!node.enter || standing(*node.enter, one.spot) != wanted || (written && !first.back_all)) continue;
      const auto before = checkpoint();
      const Fit fit = unmake(node, one.value, one.spot, one.role);
      if (fit.possible && (fit.perfect() || !written))
        written = true;
      else
        take_back(before);
    }
    if (written) return;
  }
}

void Unmaker::settle_places() {
  constexpr int kRounds = 4;  // what waits may hold what waits
  for (int round = 0; round < kRounds && !later_.empty(); ++round) {
    for (const auto& one : std::exchange(later_, {})) {
      if (const auto* first = std::get_if<First>(&one.rule->what))
        settle_first(one, *first);
      else if (const auto* leaf = std::get_if<Leaf>(&one.rule->what))
        settle_leaf(one, *leaf);
    }
  }
}

Fit Unmaker::unmake_switch(const Switch& select, JsonView value, Spot spot, Role role) {
  const auto said = text_at(select.on, false, spot);
  std::vector<Option> options;
  bool known = false;
  for (const auto& branch : select.branches) {
    const bool here = said && std::ranges::find(branch.labels, *said) != branch.labels.end();
    known = known || here;
    options.push_back({.node = branch.node.get(),
                       .expected = here   ? Truth::yes
                                   : said ? Truth::no
                                          : Truth::unknown,
                       .select = &select,
                       .label = branch.labels.front()});
  }
  if (select.otherwise)
    options.push_back({.node = select.otherwise.get(),
                       .expected = !said   ? Truth::unknown
                                   : known ? Truth::no
                                           : Truth::yes,
                       .select = &select});
  return choose(options, value, spot, role);
}

Fit Unmaker::unmake_branch(const Branch& branch, JsonView value, Spot spot, Role role) {
  const Truth said = truth(branch.condition, spot);
  std::vector<Option> options{{.node = branch.then.get(), .expected = said, .condition = &branch.condition}};
  if (branch.otherwise)
    options.push_back({.node = branch.otherwise.get(), .expected = said == Truth::yes ? Truth::no : Truth::yes});
  return choose(options, value, spot, role);
}

// --- references --------------------------------------------------------------------------------------------------

Fit Unmaker::unmake_reference(const Reference& reference, const Node& rule, JsonView value, Spot spot) {
  const auto target = bundle_.find(value["reference"].text());
  if (!target) return Fit::none();
  const auto dealt = bundle_.rule_of(*target);
  const auto& meant = plan_.resources[reference.resource];
  if (dealt ? *dealt != reference.resource : bundle_.type(*target) != meant.type) return Fit::none();
  return unmake_object(reference.more, rule, value, spot, Role::whole);
}

Fit Unmaker::unmake_inline(const Inline& made, JsonView value, Spot spot) {
  const auto target = bundle_.find(value["reference"].text());
  if (!target || bundle_.type(*target) != made.type || bundle_.rule_of(*target)) return Fit::none();
  Fit fit = unmake(*made.body, bundle_.resource(*target), spot, Role::whole);
  if (!fit.possible) return fit;
  for (auto it = value.begin(); it != value.end(); ++it)
    if (!is_frame(it.key())) fit.add(lost(*it, "back-no-rule", made.body.get()));
  return fit;
}

}  // namespace adapters::map
