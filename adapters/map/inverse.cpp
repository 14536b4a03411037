#include "adapters/map/inverse.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace adapters::map {
namespace {

enum Rank : std::uint8_t { kConstant, kCopy, kTable, kChoice, kFormula, kSeveral };

std::uint8_t rank_of(const Leaf& leaf) {
  if (leaf.constant) return kConstant;
  if (leaf.from.size() > 1) return kSeveral;
  if (leaf.back && !leaf.back->to.empty()) return kCopy;
  if (leaf.formula) return kFormula;
  if (leaf.reader != nullptr) return kChoice;
  return leaf.lookup ? kTable : kCopy;
}

/// PID of PID-3.1; nothing of paths that have no segment.
std::string_view segment_of(const SourcePath& path) {
  const auto dash = path.text.find('-');
  return dash == std::string::npos ? std::string_view() : std::string_view(path.text).substr(0, dash);
}

bool is_spread(const Node& node) {
  std::vector<const SourcePath*> paths;
  if (const auto* leaf = std::get_if<Leaf>(&node.what); leaf != nullptr && !leaf->back) {
    for (const auto& path : leaf->from) paths.push_back(&path);
  } else if (const auto* first = std::get_if<First>(&node.what); first != nullptr && first->same_value) {
    for (const auto& one : first->nodes)
      if (one.enter) paths.push_back(&*one.enter);
  }
  return std::ranges::any_of(paths, [&](const SourcePath* path) {
    return !segment_of(*path).empty() && segment_of(*path) != segment_of(*paths.front());
  });
}

}  // namespace

Inverse::Inverse(const Plan& plan) {
  references_.resize(plan.resources.size());
  for (std::size_t i = 0; i < plan.resources.size(); ++i) {
    referring_ = &references_[i];
    visit(plan.resources[i].body);
  }
  referring_ = nullptr;
}

template <class Nodes>
Inverse::Traits Inverse::visit_all(const Nodes& nodes) {
  Traits all{.rank = kConstant, .always = false, .many = false};
  for (const auto& node : nodes) {
    const Traits one = visit(node);
    all.rank = std::max(all.rank, one.rank);
    all.always = all.always || one.always;
    all.many = all.many || one.many;
  }
  return all;
}

Inverse::Traits Inverse::visit(const Object& object) {
  Traits traits{.rank = object.measure ? kCopy : kConstant, .always = false, .many = false};
  std::vector<std::uint8_t> ranks;
  bool doubtful = object.measure.has_value();
  bool says_more = !object.extension;  // than its url
  for (const auto& member : object.members) {
    const Traits one = visit(*member.node);
    says_more = says_more || (one.always && member.name != "url");
    // Extensions copy what the elements beside them only hint at.
    ranks.push_back(member.name == "extension" ? std::uint8_t{kConstant} : one.rank);
    traits.rank = std::max(traits.rank, one.rank);
    traits.always = traits.always || one.always;
    doubtful = doubtful || (member.node->required && !one.always);
  }
  traits.always = traits.always && says_more && !doubtful;
  auto& order = orders_[&object];
  order.resize(object.members.size());
  std::iota(order.begin(), order.end(), 0u);
  std::ranges::sort(order, {}, [&](std::uint32_t i) { return std::pair(ranks[i], i); });
  return traits;
}

Inverse::Traits Inverse::visit(const Node& node) {
  struct Visitor {
    Inverse& self;
    Traits operator()(std::monostate) const { return {}; }
    Traits operator()(const Leaf& leaf) const {
      return {.rank = rank_of(leaf), .always = leaf.constant.has_value(), .many = false};
    }
    Traits operator()(const fhir::JsonTree&) const { return {.rank = kConstant, .always = true, .many = false}; }
    Traits operator()(const Object& object) const { return self.visit(object); }
    Traits operator()(const Sequence& sequence) const {
      Traits traits = self.visit_all(sequence.nodes);
      traits.many = traits.many || sequence.nodes.size() > 1;
      return traits;
    }
    Traits operator()(const First& first) const {
      Traits traits = self.visit_all(first.nodes);
      traits.rank = std::max<std::uint8_t>(traits.rank, first.nodes.size() > 1 ? kChoice : kCopy);
      return traits;
    }
    Traits operator()(const Switch& select) const {
      Traits traits{.rank = kChoice, .always = false, .many = false};
      const auto add = [&](const Node& node) {
        const Traits one = self.visit(node);
        traits.rank = std::max(traits.rank, one.rank);
        traits.many = traits.many || one.many;
      };
      for (const auto& branch : select.branches) add(*branch.node);
      if (select.otherwise) add(*select.otherwise);
      return traits;
    }
    Traits operator()(const Branch& branch) const {
      Traits traits = self.visit(*branch.then);
      if (branch.otherwise) {
        const Traits other = self.visit(*branch.otherwise);
        traits = {.rank = std::max(traits.rank, other.rank),
                  .always = traits.always && other.always,
                  .many = traits.many || other.many};
      } else {
        traits.always = false;
      }
      traits.rank = std::max<std::uint8_t>(traits.rank, kChoice);
      return traits;
    }
    Traits operator()(const Reference& reference) const {
      if (self.referring_ != nullptr) self.referring_->insert(reference.resource);
      self.visit(reference.more);
      return {.rank = kCopy, .always = false, .many = reference.all};
    }
    Traits operator()(const std::shared_ptr<const Inline>& made) const {
      const auto known = self.inlined_.find(made.get());
      if (known != self.inlined_.end()) {
        if (self.referring_ != nullptr) self.referring_->insert(known->second.begin(), known->second.end());
        return {.rank = kChoice, .always = false, .many = false};
      }
      std::unordered_set<std::size_t> inner;
      auto* const outer = std::exchange(self.referring_, &inner);
      self.visit(*made->body);
      self.referring_ = outer;
      if (outer != nullptr) outer->insert(inner.begin(), inner.end());
      self.inlined_.emplace(made.get(), std::move(inner));
      return {.rank = kChoice, .always = false, .many = false};
    }
  };
  Traits traits = std::visit(Visitor{*this}, node.what);
  traits.many = traits.many || node.each;
  traits.always = traits.always && !node.when && !node.enter;
  traits.spread = is_spread(node);
  traits_[&node] = traits;
  return traits;
}

}  // namespace adapters::map
