#include "adapters/map/reversible.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <unordered_set>

namespace adapters::map {
namespace {

using Way = Reversibility::Way;

/// Does what the formula makes of a mark still hold the mark, once? Asked with made-up names of the site.
bool shows_its_value(const Formula& formula) {
  std::size_t paths = 0;
  for (const auto& variable : formula.variables) {
    paths += variable.kind == Variable::Kind::path ? 1 : 0;
    if (variable.kind == Variable::Kind::resource) return false;
  }
  if (paths != 1) return false;
  const std::string mark = "\x02q\x03";
  fhir::path::Item item;
  item.type = "String";
  fhir::path::Collection value;
  fhir::path::Environment environment;
  environment.now = "2026-01-01T00:00:00Z";
  environment.variable = [&](std::string_view name) -> const fhir::path::Collection* {
    const auto variable = std::ranges::find(formula.variables, name, &Variable::name);
    if (variable == formula.variables.end()) return nullptr;
    item.text = variable->kind == Variable::Kind::path ? mark : "site";
    value = {item};
    return &value;
  };
  const auto made = formula.expression.evaluate(fhir::path::Collection{}, environment);
  const auto text = made && !made->empty() ? fhir::path::text_of(*made) : std::string();
  const auto at = text.find(mark);
  return at != std::string::npos && text.find(mark, at + 1) == std::string::npos;
}

bool reads_nothing(const Formula& formula) {
  return std::ranges::all_of(formula.variables,
                             [](const Variable& variable) { return variable.kind == Variable::Kind::builtin; });
}

std::string joined(const std::vector<std::string_view>& codes) {
  std::string out;
  for (const auto code : codes) out += (out.empty() ? "" : ", ") + std::string(code);
  return out;
}

std::string collapsed(const Lookup& lookup) {
  std::string out;
  for (const auto& [value, codes] : lookup.table->shared(lookup.column))
    out += fmt::format("{}{} <- {}", out.empty() ? "" : "; ", value, joined(codes));
  return out.empty() ? out : fmt::format("table {}: {}", lookup.table->name(), out);
}

class Walk {
 public:
  void node(const Node& node) { std::visit(Visitor{*this, node}, node.what); }
  std::vector<Reversibility> take() {
    std::vector<Reversibility> out;
    for (auto& [place, one] : found_) out.push_back(std::move(one));
    return out;
  }
  void say(Way way, Mark mark, const std::string& id, std::string why) {
    const auto [known, fresh] =
        found_.try_emplace({mark.file, mark.line, mark.column, id}, Reversibility{way, mark, id, why});
    // A sub-map that is used in several places is as reversible as in the worst of them.
    if (!fresh && way == Way::to_fhir) known->second = {way, mark, id, std::move(why)};
  }

 private:
  struct Visitor {
    Walk& walk;
    const Node& node;
    void operator()(std::monostate) const {}
    void operator()(const fhir::JsonTree&) const {}
    void operator()(const Leaf& leaf) const { walk.leaf(leaf, node); }
    void operator()(const Object& object) const { walk.object(object, node); }
    void operator()(const Sequence& sequence) const {
      for (const auto& one : sequence.nodes) walk.node(one);
    }
    void operator()(const First& first) const {
      for (const auto& one : first.nodes) walk.node(one);
    }
    void operator()(const Switch& select) const {
      for (const auto& branch : select.branches) walk.node(*branch.node);
      if (select.otherwise) walk.node(*select.otherwise);
    }
    void operator()(const Branch& branch) const {
      walk.node(*branch.then);
      if (branch.otherwise) walk.node(*branch.otherwise);
    }
    void operator()(const Reference& reference) const {
      walk.say(Way::both, node.mark, node.id, {});
      walk.object(reference.more, node);
    }
    void operator()(const std::shared_ptr<const Inline>& made) const {
      if (walk.seen_.insert(made.get()).second) walk.node(*made->body);
    }
  };

  void object(const Object& object, const Node& around) {
    if (object.measure) say(Way::both, around.mark, around.id, {});
    for (const auto& member : object.members) node(*member.node);
  }

  void leaf(const Leaf& leaf, const Node& rule) {
    if (leaf.constant || leaf.refusal) return;
    const auto one_way = [&](std::string why) { say(Way::to_fhir, rule.mark, rule.id, std::move(why)); };
    if (leaf.back && leaf.back->never) return one_way("`back: never`");
    if (leaf.back && (leaf.back->expression || !leaf.back->to.empty())) return say(Way::both, rule.mark, rule.id, {});
    if (leaf.formula && reads_nothing(*leaf.formula)) return;
    if (leaf.formula && !shows_its_value(*leaf.formula))
      return one_way("a formula that does more than put text before or behind one value");
    if (leaf.reader != nullptr && leaf.reader->probes)
      return one_way(fmt::format("`read: {}` takes a part of the text", leaf.reader->name));
    say(Way::both, rule.mark, rule.id, leaf.lookup ? collapsed(*leaf.lookup) : std::string());
  }

  using Place = std::tuple<std::uint32_t, std::uint32_t, std::uint32_t, std::string>;
  std::map<Place, Reversibility> found_;
  std::unordered_set<const Inline*> seen_;
};

}  // namespace

std::vector<Reversibility> reversibility_of(const Plan& plan) {
  Walk walk;
  for (const auto& resource : plan.resources) walk.node(resource.body);
  for (const auto& rule : plan.back) walk.say(Way::to_local, rule.mark, rule.to.text, {});
  auto found = walk.take();
  if (plan.source == Format::fhir)
    for (auto& rule : found) rule.way = Way::to_fhir, rule.why = "a dialect of FHIR is only read";
  return found;
}

}  // namespace adapters::map
