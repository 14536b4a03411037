#include "adapters/map/back_bundle.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace adapters::map {
namespace {

using fhir::JsonView;

void references_in(JsonView node, std::vector<std::string_view>& out) {
  for (auto it = node.begin(); it != node.end(); ++it) {
    const JsonView child = *it;
    if (it.key() == "reference" && child.is_string())
      out.push_back(child.text());
    else if (child.is_object() || child.is_array())
      references_in(child, out);
  }
}

/// Sets of variables that are the same place.
class Union {
 public:
  explicit Union(std::size_t size) : parents_(size) { std::iota(parents_.begin(), parents_.end(), 0u); }
  std::size_t find(std::size_t one) {
    while (parents_[one] != one) one = parents_[one] = parents_[parents_[one]];
    return one;
  }
  /// The one that stood first in the Bundle speaks for both.
  void unite(std::size_t one, std::size_t other) {
    one = find(one), other = find(other);
    parents_[std::max(one, other)] = std::min(one, other);
  }

 private:
  std::vector<std::size_t> parents_;
};

/// A context and all around it, the innermost first.
std::vector<std::size_t> chain_of(const Plan& plan, std::optional<std::size_t> context) {
  std::vector<std::size_t> chain;
  for (; context; context = plan.contexts[*context].around) chain.push_back(*context);
  return chain;
}

}  // namespace

BackBundle::BackBundle(fhir::Json bundle) : bundle_(std::move(bundle)) {
  for (const JsonView entry : bundle_.root()["entry"]) {
    const JsonView resource = entry["resource"];
    if (!resource.is_object()) continue;
    const auto number = entries_.size();
    entries_.push_back({resource, resource["resourceType"].text(), entry["fullUrl"].text()});
    if (!entries_.back().full_url.empty()) by_url_.emplace(entries_.back().full_url, number);
    by_url_.emplace(fmt::format("{}/{}", entries_.back().type, resource["id"].text()), number);
  }
}

std::string BackBundle::place(std::size_t index) const {
  const auto before = std::ranges::count(entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(index),
                                         entries_[index].type, &Entry::type);
  return fmt::format("{}[{}]", entries_[index].type, before + 1);
}

std::optional<std::size_t> BackBundle::find(std::string_view reference) const {
  auto known = by_url_.find(reference);
  if (known != by_url_.end()) return known->second;
  // An absolute URL of a resource that the Bundle knows by its type and id.
  const auto id = reference.rfind('/');
  const auto type = id == std::string_view::npos || id == 0 ? id : reference.rfind('/', id - 1);
  if (type == std::string_view::npos) return std::nullopt;
  known = by_url_.find(reference.substr(type + 1));
  return known == by_url_.end() ? std::nullopt : std::optional(known->second);
}

void BackBundle::deal(const Plan& plan, const Fits& fits) {
  std::vector<std::size_t> rules{plan.header};
  for (std::size_t i = 0; i < plan.resources.size(); ++i)
    if (i != plan.header) rules.push_back(i);
  std::size_t at = 0;
  std::vector<bool> taken(plan.resources.size());
  for (std::size_t index = 0; index < entries_.size(); ++index) {
    std::optional<std::size_t> best;
    int best_fit = -1;
    std::vector<std::size_t> candidates;
    for (std::size_t n = at; n < rules.size(); ++n) {
      const auto& rule = plan.resources[rules[n]];
      if (rule.type != entries_[index].type || (!rule.context && taken[rules[n]])) continue;
      candidates.push_back(n);
    }
    for (const auto n : candidates) {
      const int fit = fits(rules[n], index);
      if (fit <= best_fit) continue;
      best = n;
      best_fit = fit;
    }
    if (!best) break;  // what follows was made where it is referred to
    entries_[index].rule = rules[*best];
    taken[rules[*best]] = true;
    at = *best;
  }
}

BackBundle::Standings BackBundle::standings(const Plan& plan, const Inverse& inverse) const {
  // A variable for every resource and each context it stands in; the same number of them for all keeps it simple.
  const std::size_t width = std::max<std::size_t>(plan.contexts.size(), 1);
  Union same(entries_.size() * width);
  std::vector<std::vector<std::size_t>> chains(entries_.size());
  for (std::size_t i = 0; i < entries_.size(); ++i)
    if (entries_[i].rule) chains[i] = chain_of(plan, plan.resources[*entries_[i].rule].context);
  const auto join = [&](std::size_t one, std::size_t other) {
    for (const auto context : chains[one])
      if (std::ranges::find(chains[other], context) != chains[other].end())
        same.unite(one * width + context, other * width + context);
  };
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    if (!entries_[i].rule) continue;
    std::vector<std::string_view> found;
    references_in(entries_[i].resource, found);
    for (const auto reference : found) {
      const auto target = find(reference);
      if (!target || *target == i || !entries_[*target].rule) continue;
      if (inverse.refers(*entries_[i].rule, *entries_[*target].rule)) join(i, *target);
    }
  }
  Standings out;
  out.of_resource.resize(entries_.size());
  std::map<std::size_t, std::size_t> number_of;  // variable -> index in out.all
  const auto standing = [&](auto& self, std::size_t resource, std::size_t context) -> std::size_t {
    const std::size_t variable = same.find(resource * width + context);
    const auto known = number_of.find(variable);
    if (known != number_of.end()) return known->second;
    std::optional<std::size_t> around;
    if (plan.contexts[context].around) around = self(self, resource, *plan.contexts[context].around);
    number_of.emplace(variable, out.all.size());
    out.all.push_back({context, around, resource});
    return out.all.size() - 1;
  };
  for (std::size_t i = 0; i < entries_.size(); ++i)
    if (!chains[i].empty()) out.of_resource[i] = standing(standing, i, chains[i].front());
  return out;
}

}  // namespace adapters::map
