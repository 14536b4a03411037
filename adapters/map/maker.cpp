#include "adapters/map/maker.h"

#include <fmt/format.h>

#include <algorithm>

#include "fhir/definitions/definitions.h"

namespace adapters::map {
namespace {

using fhir::JsonTree;

JsonTree scalar(std::optional<fhir::Primitive> type, std::string text) {
  switch (type ? fhir::json_kind(*type) : fhir::JsonKind::string) {
    case fhir::JsonKind::number: return JsonTree::number(std::move(text));
    case fhir::JsonKind::boolean: return JsonTree::boolean(text == "true");
    default: return JsonTree::string(std::move(text));
  }
}

JsonTree reference_to(std::string target) {
  auto tree = JsonTree::object();
  tree.set("reference", JsonTree::string(std::move(target)));
  return tree;
}

fhir::path::Item string_item(std::string text) {
  fhir::path::Item item;
  item.kind = fhir::path::Item::Kind::string;
  item.type = "String";
  item.text = std::move(text);
  return item;
}

bool has_choice(const JsonTree& object, std::string_view element) {
  return std::ranges::any_of(object.children(), [&](const JsonTree::Member& member) {
    return member.first.starts_with(element) &&
           (member.first.size() == element.size() ||
            (member.first[element.size()] >= 'A' && member.first[element.size()] <= 'Z'));
  });
}

}  // namespace

void Maker::refuse(std::string_view code, const std::string& where, std::string say, const Node* rule) {
  std::string place = where;
  if (rule != nullptr && rule->mark.line > 0) {
    const auto& file = plan_.files[rule->mark.file];
    place += fmt::format("{}{} ({}:{})", place.empty() ? "" : ", ", rule->id, file.substr(file.find_last_of('/') + 1),
                         rule->mark.line);
  }
  refusal_ = fhir::Error{fhir::Fault::invalid, std::string(code), std::move(place), std::move(say)};
}

Spots Maker::spots(const Node& node, Spot spot) const {
  if (!node.enter) return {spot};
  auto found = source_.find(*node.enter->bound, spot);
  if (!node.each) found.truncate(1);
  return found;
}

bool Maker::is_idle(const Node& node, Spot spot) const {
  return node.needs != nullptr && trace_ == nullptr && !node.may_lack && !source_.may_find(*node.needs, spot);
}

bool Maker::make(const Node& node, Spot spot, bool many, std::vector<JsonTree>& out) {
  return is_idle(node, spot) || walk(node, spot, many, out);
}

// Once there are none left every further one refuses, so a `first:` around it cannot take another way out.
bool Maker::step(const Node& node, Spot spot) {
  if (steps_ > 0) return --steps_, true;
  refuse("map.budget", source_.place(spot), "this record takes too many steps to map", &node);
  refusal_->fault = fhir::Fault::too_large;
  return false;
}

bool Maker::walk(const Node& node, Spot spot, bool many, std::vector<JsonTree>& out) {
  if (!step(node, spot)) return false;
  const auto before = out.size();
  const auto make_one = [&](Spot at) {
    const bool good = make_at(node, at, many, out);
    if (good && trace_ != nullptr && out.size() > before) trace_->made.insert(&node);
    return good;
  };
  if (!node.enter) return make_one(spot);
  for (const Spot at : spots(node, spot)) {
    if (!step(node, at) || !make_one(at)) return false;
    if (!many && out.size() > before) break;
  }
  return true;
}

bool Maker::make_at(const Node& node, Spot spot, bool many, std::vector<JsonTree>& out) {
  if (node.when && !holds(*node.when, spot)) return !refusal_;
  struct Visitor {
    Maker& maker;
    const Node& node;
    Spot spot;
    bool many;
    std::vector<JsonTree>& out;
    bool operator()(std::monostate) const { return true; }
    bool operator()(const Leaf& leaf) const { return maker.make_leaf(leaf, node, spot, out); }
    bool operator()(const JsonTree& constant) const {
      out.push_back(constant);
      return true;
    }
    bool operator()(const Object& object) const {
      auto tree = JsonTree::object();
      bool made = false;
      if (!maker.make_object(object, node, spot, tree, made)) return false;
      if (made && tree.size() > 0) out.push_back(std::move(tree));
      return true;
    }
    bool operator()(const Sequence& sequence) const {
      const auto before = out.size();
      for (const auto& one : sequence.nodes) {
        if (!maker.make(one, spot, many, out)) return false;
        if (!many && out.size() > before) break;
      }
      return true;
    }
    bool operator()(const First& first) const { return maker.make_first(first, spot, many, out); }
    bool operator()(const Switch& select) const { return maker.make_switch(select, node, spot, many, out); }
    bool operator()(const Branch& branch) const {
      const bool yes = maker.holds(branch.condition, spot);
      if (maker.refusal_) return false;
      const Node* taken = yes ? branch.then.get() : branch.otherwise.get();
      return taken == nullptr || maker.make_taken(*taken, spot, many, out);
    }
    bool operator()(const Reference& reference) const { return maker.make_reference(reference, node, spot, many, out); }
    bool operator()(const std::shared_ptr<const Inline>& made) const { return maker.make_inline(*made, spot, out); }
  };
  return std::visit(Visitor{*this, node, spot, many, out}, node.what);
}

// --- structure ---------------------------------------------------------------------------------------------------

bool Maker::make_object(const Object& object, const Node& rule, Spot spot, JsonTree& out, bool& made) {
  const auto before_it = checkpoint();
  made = true;
  if (object.measure && !make_measure(*object.measure, rule, spot, out, made)) return false;
  if (trace_ != nullptr && object.measure && made) trace_->measured.insert(&object);
  for (const auto& member : object.members) {
    if (!made) break;
    if (!make_member(member, spot, out, made)) return false;
  }
  if (object.extension && out.size() == (out.find("url") == nullptr ? 0u : 1u)) made = false;
  if (!made || out.size() == 0) {
    take_back(before_it);
    return true;
  }
  for (const auto& [element, choice] : object.mandatory) {
    if (choice ? has_choice(out, element) : out.find(element) != nullptr) continue;
    refuse("map.refused", source_.place(spot), fmt::format("'{}' is mandatory and has no value", element), &rule);
    take_back(before_it);
    return false;
  }
  return true;
}

bool Maker::make_member(const Member& member, Spot spot, JsonTree& out, bool& complete) {
  if (is_idle(*member.node, spot)) {
    complete = !member.node->required;
    return true;
  }
  const Scratch scratch(*this);
  auto& values = scratch.values();
  const bool around = std::exchange(lacking_, false);
  const bool good = walk(*member.node, spot, member.repeats, values);
  const bool lacking = std::exchange(lacking_, around) || member.node->required;
  if (!good) return false;
  if (values.empty()) {
    complete = !lacking;
    return true;
  }
  if (out.children().capacity() == 0) out.children().reserve(4);
  if (member.splice) {
    for (auto& [name, value] : values.front().children()) out.set(name, std::move(value));
  } else if (member.repeats) {
    auto array = JsonTree::array();
    array.children().reserve(values.size());
    for (auto& value : values) array.push(std::move(value));
    out.set(member.name, std::move(array));
  } else {
    out.set(member.name, std::move(values.front()));
  }
  return true;
}

bool Maker::make_measure(const MeasureRule& measure, const Node& rule, Spot spot, JsonTree& out, bool& made) {
  const auto reading = read_path(measure.from, false, spot);
  made = reading.has_value();
  if (!made) return true;
  auto parsed = parse_measure(reading->text);
  if (!parsed) return complain(*reading, "not-a-number", "this is not a number", rule, true);
  if (!parsed->exact) {
    out["extension"].push(JsonTree::object({{"url", kOriginalTextExtension}, {"valueString", reading->text}}));
  }
  out.set("value", JsonTree::number(std::move(parsed->number)));
  if (!parsed->comparator.empty()) out.set("comparator", std::move(parsed->comparator));
  for (const Spot leaf : reading->leaves) ledger_.carry(leaf, rule);
  return true;
}

bool Maker::make_first(const First& first, Spot spot, bool many, std::vector<JsonTree>& out) {
  const auto before_it = checkpoint();
  const auto before = out.size();
  std::optional<fhir::Error> last;
  for (std::size_t i = 0; i < first.nodes.size(); ++i) {
    if (make(first.nodes[i], spot, many, out) && out.size() > before) {
      if (first.same_value) carry_equals(first, i, spot);
      return true;
    }
    if (steps_ == 0) return false;
    out.resize(before);
    take_back(before_it);
    if (refusal_) last = std::exchange(refusal_, std::nullopt);
  }
  refusal_ = std::move(last);
  lacking_ = lacking_ || std::ranges::any_of(first.nodes, &Node::required);
  return !refusal_;
}

bool Maker::make_taken(const Node& taken, Spot spot, bool many, std::vector<JsonTree>& out) {
  const auto before = out.size();
  if (!make(taken, spot, many, out)) return false;
  lacking_ = lacking_ || (taken.required && out.size() == before);
  return true;
}

/// OBR-3 was taken; an ORC-3 that says the same is carried with it, one that says something else is not.
void Maker::carry_equals(const First& first, std::size_t taken, Spot spot) {
  const auto texts = [&](const Node& node) {
    std::vector<std::pair<std::string, Spot>> out;
    for (const Spot at : spots(node, spot))
      for (const Spot leaf : source_.leaves(at)) out.emplace_back(source_.text(leaf), leaf);
    return out;
  };
  const auto has_more = [&](const Node& other) { return &other != &first.nodes[taken] && !spots(other, spot).empty(); };
  if (std::ranges::none_of(first.nodes, has_more)) return;
  const auto chosen = texts(first.nodes[taken]);
  for (const auto& other : first.nodes) {
    if (&other == &first.nodes[taken]) continue;
    for (const auto& [text, leaf] : texts(other))
      if (std::ranges::any_of(
              chosen, [&](const auto& known) { return known.first == text && ledger_.is_carried(known.second); }))
        ledger_.carry(leaf, first.nodes[taken]);
  }
}

bool Maker::make_switch(const Switch& select, const Node& rule, Spot spot, bool many, std::vector<JsonTree>& out) {
  const auto reading = read_path(select.on, false, spot);
  const std::string label(reading ? trim(reading->text) : std::string_view());
  const auto found = std::ranges::find_if(select.branches, [&](const Switch::Branch& branch) {
    return std::ranges::find(branch.labels, label) != branch.labels.end();
  });
  const Node* taken = found == select.branches.end() ? select.otherwise.get() : found->node.get();
  if (taken == nullptr) return true;
  const auto before = out.size();
  if (!make_taken(*taken, spot, many, out)) return false;
  if (out.size() > before && reading && found != select.branches.end())
    for (const Spot leaf : reading->leaves) ledger_.carry(leaf, rule);
  return true;
}

bool Maker::make_reference(const Reference& reference, const Node& rule, Spot spot, bool many,
                           std::vector<JsonTree>& out) {
  for (auto& target : resources_.references(reference.resource, reference.all && many)) {
    auto tree = reference_to(std::move(target));
    bool made = true;
    if (!make_object(reference.more, rule, spot, tree, made)) return false;
    if (made) out.push_back(std::move(tree));
    if (!many) break;
  }
  return true;
}

/// The resource first, then the reference to it; neither when nothing is in it.
bool Maker::make_inline(const Inline& made, Spot spot, std::vector<JsonTree>& out) {
  std::vector<JsonTree> bodies;
  if (!make(*made.body, spot, false, bodies)) return false;
  if (bodies.empty()) return true;
  std::string identity;
  for (const Node& part : made.identity) {
    identity += '\x1f';
    if (const auto value = text(part, spot)) identity += *value;
    if (refusal_) return false;
  }
  if (identity.size() == made.identity.size()) identity = bodies.front().dump();  // of these values none is there
  out.push_back(reference_to(resources_.put(made.type, identity, std::move(bodies.front()))));
  return true;
}

// --- values ------------------------------------------------------------------------------------------------------

Maker::Reading Maker::read_spot(Spot spot, bool whole) const {
  if (whole) return {.text = source_.whole(spot), .leaves = source_.leaves(spot), .spot = spot};
  Reading reading{.text = source_.text(spot), .leaves = {}, .spot = spot};
  if (!reading.text.empty()) reading.leaves.push_back(source_.first_leaf(spot));
  return reading;
}

std::optional<Maker::Reading> Maker::read_path(const SourcePath& path, bool whole, Spot spot) const {
  for (const Spot at : source_.find(*path.bound, spot)) {
    auto reading = read_spot(at, whole);
    if (!reading.text.empty()) return reading;
  }
  return std::nullopt;
}

std::optional<fhir::path::Collection> Maker::evaluate(const Formula& formula, Spot spot, Spots& leaves) {
  std::vector<std::optional<fhir::path::Collection>> values(formula.variables.size());
  fhir::path::Environment environment;
  environment.now = site_.now;
  environment.variable = [&](std::string_view name) -> const fhir::path::Collection* {
    const auto variable = std::ranges::find(formula.variables, name, &Variable::name);
    if (variable == formula.variables.end()) return nullptr;
    auto& known = values[static_cast<std::size_t>(variable - formula.variables.begin())];
    if (known) return &*known;
    auto& value = known.emplace();
    switch (variable->kind) {
      case Variable::Kind::path:
        for (const Spot at : source_.find(*variable->path.bound, spot)) {
          auto reading = read_spot(at, false);
          if (reading.text.empty()) continue;
          for (const Spot leaf : reading.leaves) leaves.push_back(leaf);
          value.push_back(string_item(std::move(reading.text)));
        }
        break;
      case Variable::Kind::resource: value = resources_.content(variable->resource); break;
      case Variable::Kind::builtin:
        if (name == "site") value.push_back(string_item(site_.identifier_base + site_.id));
        if (name == "base") value.push_back(string_item(site_.identifier_base));
        if (name == "organization") value.push_back(string_item(site_.id));
        if (name == "now") value.push_back(string_item(site_.now));
        break;
    }
    return &value;
  };
  auto result = formula.expression.evaluate(fhir::path::Collection{}, environment);
  if (result) return std::move(*result);
  refuse("map.formula", source_.place(spot), result.error().say, nullptr);
  return std::nullopt;
}

std::optional<Maker::Reading> Maker::read_formula(const Formula& formula, Spot spot) {
  Reading reading{.text = {}, .leaves = {}, .spot = spot};
  if (formula.fixed) {
    const auto [known, is_new] = fixed_.try_emplace(&formula);
    if (is_new) {
      const auto result = evaluate(formula, spot, reading.leaves);
      if (result) known->second = fhir::path::text_of(*result);
    }
    reading.text = known->second;
    return reading.text.empty() ? std::nullopt : std::optional(std::move(reading));
  }
  const auto result = evaluate(formula, spot, reading.leaves);
  if (!result || result->empty()) return std::nullopt;
  reading.text = fhir::path::text_of(*result);
  if (reading.text.empty()) return std::nullopt;
  return reading;
}

std::optional<Maker::Reading> Maker::read(const Leaf& leaf, Spot spot) {
  if (leaf.formula) return read_formula(*leaf.formula, spot);
  if (leaf.from.empty()) {
    auto reading = read_spot(spot, leaf.whole);
    return reading.text.empty() ? std::nullopt : std::optional(std::move(reading));
  }
  std::optional<Reading> taken;
  for (const auto& path : leaf.from) {
    auto reading = read_path(path, leaf.whole, spot);
    if (!reading) continue;
    if (!taken) {
      taken = std::move(reading);
    } else if (reading->text == taken->text) {  // another place of the same thing
      for (const Spot one : reading->leaves) taken->leaves.push_back(one);
    }
  }
  return taken;
}

std::optional<std::string> Maker::text(const Node& node, Spot spot) {
  const auto before_it = checkpoint();
  const Scratch scratch(*this);
  auto& made = scratch.values();
  const bool good = make(node, spot, false, made);
  take_back(before_it);
  if (!good || made.empty()) return std::nullopt;
  return std::string(trim(made.front().text()));
}

bool Maker::complain(const Reading& reading, std::string_view code, std::string say, const Node& rule, bool refuse_it) {
  if (refuse_it) refuse("map.refused", source_.place(reading.spot), say, &rule);
  for (const Spot leaf : reading.leaves) ledger_.complain(leaf, code, say, rule);
  return !refuse_it;
}

/// Once for each place: a display and a code may be asked of one table.
void Maker::note_unmapped(const Table& table, const Reading& reading, const std::string& code) {
  constexpr std::size_t kMost = 500;
  if (site_.unmapped == nullptr || site_.unmapped->size() >= kMost) return;
  Unmapped one{table.name(), code, source_.beside(reading.spot), source_.place(reading.spot)};
  const auto same = [&](const Unmapped& other) {
    return other.place == one.place && other.table == one.table && other.code == one.code;
  };
  if (std::ranges::none_of(*site_.unmapped, same)) site_.unmapped->push_back(std::move(one));
}

/// The table's value; nothing when there is none to write (refusal_ is set when the record cannot go on).
std::optional<std::string> Maker::look_up(const Lookup& lookup, const Reading& reading, const std::string& text,
                                          const Node& rule, bool& lossy) {
  if (const auto* found = lookup.table->find(text, lookup.column); found != nullptr) {
    if (!found->empty()) return *found;
    complain(reading, "mapped-to-nothing", fmt::format("table {} has no value for this code", lookup.table->name()),
             rule, false);
    return std::nullopt;
  }
  const auto say = fmt::format("table {} does not have this code", lookup.table->name());
  note_unmapped(*lookup.table, reading, text);
  switch (lookup.unmapped) {
    case Lookup::Unmapped::keep: return text;
    case Lookup::Unmapped::code:
      complain(reading, "unmapped", say, rule, false);
      lossy = true;
      return lookup.code;
    case Lookup::Unmapped::omit: complain(reading, "unmapped", say, rule, false); return std::nullopt;
    case Lookup::Unmapped::error: complain(reading, "unmapped", say, rule, true); return std::nullopt;
  }
  return std::nullopt;
}

bool Maker::make_leaf(const Leaf& leaf, const Node& rule, Spot spot, std::vector<JsonTree>& out) {
  if (leaf.refusal) {
    if (trace_ != nullptr) trace_->made.insert(&rule);
    refuse("map.refused", source_.place(spot), *leaf.refusal, &rule);
    return false;
  }
  if (leaf.constant) {
    out.push_back(scalar(leaf.primitive, *leaf.constant));
    return true;
  }
  auto reading = read(leaf, spot);
  if (!reading) {
    if (!refusal_ && leaf.fallback) out.push_back(scalar(leaf.primitive, *leaf.fallback));
    return !refusal_;
  }
  std::optional<std::string> value = std::move(reading->text);
  bool lossy = false;
  if (leaf.reader != nullptr) {
    value = leaf.reader->read(*value, site_.zone_offset);
    if (!value && leaf.reader->probes) return true;
  }
  if (value && leaf.lookup) {
    value = look_up(*leaf.lookup, *reading, *value, rule, lossy);
    if (!value) return !refusal_;
  }
  if (value && leaf.primitive) value = to_primitive(*leaf.primitive, std::move(*value), site_.zone_offset);
  if (!value) {
    const std::string_view wanted = leaf.reader != nullptr ? leaf.reader->name : std::string_view(leaf.type);
    return complain(*reading, "bad-value", fmt::format("this cannot be read as {}", wanted.empty() ? "asked" : wanted),
                    rule, leaf.reject);
  }
  if (!leaf.value_set.empty() && fhir::in_value_set(leaf.value_set, *value) == false)
    return complain(*reading, "unmapped", fmt::format("not a code of {}", leaf.value_set), rule, true);
  out.push_back(scalar(leaf.primitive, std::move(*value)));
  if (!lossy)
    for (const Spot read_leaf : reading->leaves) ledger_.carry(read_leaf, rule);
  return true;
}

// --- conditions --------------------------------------------------------------------------------------------------

bool Maker::passes(const Test& test, Spot spot) {
  if (test.kind == Test::Kind::formula && test.formula) {
    Spots leaves;
    const auto result = evaluate(*test.formula, spot, leaves);
    return result && fhir::path::truth(*result).value_or(false);
  }
  if (test.kind == Test::Kind::formula) {  // of a map from FHIR: its paths are FHIRPath
    const auto found = source_.find(*test.path.bound, spot);
    return !found.empty() && !(found.size() == 1 && source_.text(found.front()) == "false");
  }
  if (test.kind == Test::Kind::valued) return is_valued(test.path, spot);
  if (test.kind == Test::Kind::absent) return !is_valued(test.path, spot);
  const auto reading = read_path(test.path, false, spot);
  switch (test.kind) {
    case Test::Kind::one_of:
    case Test::Kind::none_of: {
      const bool known = reading && std::ranges::find(test.words, trim(reading->text)) != test.words.end();
      return known == (test.kind == Test::Kind::one_of);
    }
    case Test::Kind::valued:
    case Test::Kind::absent:
    case Test::Kind::formula: break;
  }
  return false;
}

/// Is there any text at all, wherever in the node?
bool Maker::is_valued(const SourcePath& path, Spot spot) const {
  return std::ranges::any_of(source_.find(*path.bound, spot), [&](Spot at) {
    return std::ranges::any_of(source_.leaves(at), [&](Spot leaf) { return !source_.text(leaf).empty(); });
  });
}

bool Maker::holds(const Condition& condition, Spot spot) {
  const auto test = [&](const Test& one) { return passes(one, spot); };
  return condition.any ? std::ranges::any_of(condition.tests, test) : std::ranges::all_of(condition.tests, test);
}

}  // namespace adapters::map
