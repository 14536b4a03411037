#include "adapters/map/needs.h"

#include <algorithm>
#include <unordered_map>

namespace adapters::map {
namespace {

/// What a node does where no path leads anywhere.
enum class Bare : std::uint8_t {
  nothing,    // it makes nothing, and nobody can tell that it was asked
  something,  // it makes a value
  unknown,    // a formula or another resource decides, or it refuses
};

enum class Truth : std::uint8_t { no, yes, unknown };

struct Finding {
  Bare bare = Bare::nothing;
  std::vector<const BoundPath*> reads;  // what was asked for until it was clear
};

void append(std::vector<const BoundPath*>& to, const std::vector<const BoundPath*>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

class NeedsFinder {
 public:
  explicit NeedsFinder(const Dialect& dialect) : dialect_(dialect) {}

  Finding node(Node& node) {
    Finding inside = within(node);
    Finding found = node.enter ? Finding{Bare::nothing, {node.enter->bound.get()}} : std::move(inside);
    if (found.bare == Bare::nothing && !found.reads.empty()) {
      std::ranges::sort(found.reads);
      found.reads.erase(std::unique(found.reads.begin(), found.reads.end()), found.reads.end());
      node.needs = dialect_.set_of(found.reads);
    }
    return found;
  }

 private:
  Finding within(Node& node) {
    Finding found;
    const Truth when = node.when ? truth(*node.when, found.reads) : Truth::yes;
    Finding what = std::visit([this](auto& kind) { return this->what(kind); }, node.what);
    if (when == Truth::no) return found;
    append(found.reads, what.reads);
    found.bare = when == Truth::unknown ? Bare::unknown : what.bare;
    return found;
  }

  Finding what(std::monostate&) { return {}; }
  Finding what(fhir::JsonTree&) { return {Bare::something, {}}; }

  Finding what(Leaf& leaf) {
    if (leaf.constant) return {Bare::something, {}};
    if (leaf.formula) return formula(leaf);
    if (leaf.from.empty()) return {Bare::unknown, {}};
    Finding found{leaf.fallback ? Bare::something : Bare::nothing, {}};
    for (const auto& path : leaf.from) found.reads.push_back(path.bound.get());
    return found;
  }

  Finding formula(const Leaf& leaf) const {
    Finding found{Bare::unknown, {}};
    const auto result = without_paths(*leaf.formula, found.reads);
    if (!result) return {Bare::unknown, {}};
    if (fhir::path::text_of(*result).empty()) {
      found.bare = leaf.fallback ? Bare::something : Bare::nothing;
    } else if (!leaf.reject && !leaf.lookup && leaf.value_set.empty()) {
      found.bare = Bare::something;
    }
    return found;
  }

  /// The formula's value where all its paths are empty; nothing when that cannot be told ahead (of other resources, of
  /// the time of the run).
  static std::optional<fhir::path::Collection> without_paths(const Formula& formula,
                                                             std::vector<const BoundPath*>& reads) {
    for (const auto& variable : formula.variables) {
      if (variable.kind != Variable::Kind::path) return std::nullopt;
      reads.push_back(variable.path.bound.get());
    }
    if (reads.empty()) return std::nullopt;
    const fhir::path::Collection nothing;
    fhir::path::Environment environment;
    environment.variable = [&](std::string_view) { return &nothing; };
    auto result = formula.expression.evaluate(fhir::path::Collection{}, environment);
    return result ? std::optional(std::move(*result)) : std::nullopt;
  }

  /// Members are made one after the other until one that is required is not there.
  Finding what(Object& object) {
    Finding found;
    bool going = true;
    if (object.measure) {
      found.reads.push_back(object.measure->from.bound.get());
      going = false;
    }
    bool made = false, more_than_url = false;
    for (auto& member : object.members) {
      const Finding one = node(*member.node);  // of all: each gets its own needs
      if (!going) continue;
      append(found.reads, one.reads);
      if (one.bare == Bare::unknown) found.bare = Bare::unknown;
      made = made || one.bare == Bare::something;
      more_than_url = more_than_url || (one.bare == Bare::something && member.name != "url");
      going = one.bare != Bare::nothing || !member.node->required;
    }
    if (found.bare == Bare::unknown || !going || !made) return found;
    if (object.extension && !more_than_url) return found;
    found.bare = object.mandatory.empty() ? Bare::something : Bare::unknown;
    return found;
  }

  Finding what(Sequence& sequence) { return each(sequence.nodes); }
  Finding what(First& first) { return each(first.nodes); }

  /// Makes something when one does.
  Finding each(std::vector<Node>& nodes) {
    Finding found;
    for (auto& one : nodes) {
      const Finding made = node(one);
      append(found.reads, made.reads);
      found.bare = std::max(found.bare, made.bare);
    }
    return found;
  }

  Finding what(Switch& select) {
    Finding found;
    Node* taken = select.otherwise.get();
    for (auto& branch : select.branches) {
      (void)node(*branch.node);
      if (std::ranges::find(branch.labels, "") != branch.labels.end()) taken = branch.node.get();
    }
    if (select.otherwise) (void)node(*select.otherwise);
    if (taken != nullptr) found = node(*taken);
    found.reads.push_back(select.on.bound.get());
    return found;
  }

  Finding what(Branch& branch) {
    Finding then = node(*branch.then);
    Finding otherwise = branch.otherwise ? node(*branch.otherwise) : Finding{};
    Finding found;
    const Truth truth = this->truth(branch.condition, found.reads);
    if (truth == Truth::unknown) return {Bare::unknown, {}};
    Finding& taken = truth == Truth::yes ? then : otherwise;
    append(found.reads, taken.reads);
    found.bare = taken.bare;
    return found;
  }

  Finding what(Reference& reference) {
    for (auto& member : reference.more.members) (void)node(*member.node);
    return {Bare::unknown, {}};
  }

  Finding what(std::shared_ptr<const Inline>& made) {
    const auto known = inlines_.find(made.get());
    if (known != inlines_.end()) return known->second;
    Finding found = node(*made->body);
    if (found.bare == Bare::something) found.bare = Bare::unknown;
    return inlines_.emplace(made.get(), std::move(found)).first->second;
  }

  Truth truth(const Test& test, std::vector<const BoundPath*>& reads) const {
    if (test.kind == Test::Kind::formula) {
      std::vector<const BoundPath*> asked;
      const auto result = test.formula ? without_paths(*test.formula, asked) : std::nullopt;
      if (!result) return Truth::unknown;
      append(reads, asked);
      return fhir::path::truth(*result).value_or(false) ? Truth::yes : Truth::no;
    }
    reads.push_back(test.path.bound.get());
    return test.kind == Test::Kind::absent || test.kind == Test::Kind::none_of ? Truth::yes : Truth::no;
  }

  Truth truth(const Condition& condition, std::vector<const BoundPath*>& reads) const {
    const Truth decides = condition.any ? Truth::yes : Truth::no;
    Truth all = condition.any ? Truth::no : Truth::yes;
    for (const auto& test : condition.tests) {
      const Truth one = truth(test, reads);
      if (one == Truth::unknown) return Truth::unknown;
      if (one == decides) all = decides;
    }
    return all;
  }

  const Dialect& dialect_;
  std::unordered_map<const Inline*, Finding> inlines_;
};

}  // namespace

void find_needs(Plan& plan) {
  const std::vector<const BoundPath*> none;
  if (plan.dialect == nullptr || plan.dialect->set_of(none) == nullptr) return;
  NeedsFinder finder(*plan.dialect);
  for (auto& rule : plan.resources) (void)finder.node(rule.body);
}

}  // namespace adapters::map
