#include "adapters/map/rules.h"

namespace adapters::map {
namespace {

class Walk {
 public:
  explicit Walk(const Trace& trace) : trace_(trace) {}
  std::vector<Rule> take() { return std::move(rules_); }

  void node(const Node& node) { std::visit(Visitor{*this, node}, node.what); }
  void optional(const std::unique_ptr<Node>& node) {
    if (node) this->node(*node);
  }
  void object(const Object& object, const Node& around) {
    if (object.measure) rules_.push_back({around.mark, around.id, trace_.measured.contains(&object)});
    for (const auto& member : object.members) optional(member.node);
  }
  void segments(const std::vector<SegmentRule>& rules) {
    for (const auto& rule : rules) {
      node(rule.fields);
      segments(rule.segments);
    }
  }

 private:
  struct Visitor {
    Walk& walk;
    const Node& node;
    void operator()(std::monostate) const {}
    void operator()(const Leaf&) const { walk.value(node); }
    void operator()(const fhir::JsonTree&) const { walk.value(node); }
    void operator()(const Object& object) const { walk.object(object, node); }
    void operator()(const Sequence& sequence) const {
      for (const auto& one : sequence.nodes) walk.node(one);
    }
    void operator()(const First& first) const {
      for (const auto& one : first.nodes) walk.node(one);
    }
    void operator()(const Switch& select) const {
      for (const auto& branch : select.branches) walk.optional(branch.node);
      walk.optional(select.otherwise);
    }
    void operator()(const Branch& branch) const {
      walk.optional(branch.then);
      walk.optional(branch.otherwise);
    }
    void operator()(const std::shared_ptr<const Inline>& made) const { walk.inlined(made); }
    void operator()(const Reference& reference) const {
      walk.value(node);
      walk.object(reference.more, node);
    }
  };

  /// Shared by all the places that use it.
  void inlined(const std::shared_ptr<const Inline>& made) {
    if (seen_.insert(made.get()).second) node(*made->body);
  }

  void value(const Node& node) { rules_.push_back({node.mark, node.id, trace_.made.contains(&node)}); }

  const Trace& trace_;
  std::vector<Rule> rules_;
  std::unordered_set<const Inline*> seen_;
};

}  // namespace

std::vector<Rule> rules_of(const Plan& plan, const Trace& trace) {
  Walk walk(trace);
  for (const auto& resource : plan.resources) walk.node(resource.body);
  walk.segments(plan.segments);
  if (plan.json) walk.node(*plan.json);
  return walk.take();
}

}  // namespace adapters::map
