// A path of the map language over XML (its rules: adapters/xml/xml_source.h), bound: followed by xml_source.cpp through
// a document that was read, by xml_writable.cpp through one that is being written.
#pragma once
#include <algorithm>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/source.h"

namespace adapters::xml {

using Numbers = std::vector<std::uint32_t>;  // nodes of a tree

struct Step {
  struct Condition {
    std::size_t index = 0;  // from 1; else a path, with a value or without
    std::vector<Step> path;
    std::optional<std::string> value;
  };
  bool attribute = false, deep = false;  // deep: `//`, at any depth
  std::string name;                      // "*": any
  std::vector<Condition> conditions;
};

struct XmlPath final : BoundPath {
  bool from_top = false;
  std::vector<Step> steps;
  std::vector<Numbers> in_samples;  // where it leads in each sample, whatever its conditions
};

/// False: it is no path.
bool read_path(std::string_view text, XmlPath& path);

/// Follows steps through a Tree, whose node 0 is the root element. It has is_element(n), is_attribute(n), name(n),
/// own_text(n), each_child(n, use) of elements and attributes, and each_below(n, use); both in document order.
template <class Tree>
class Walk {
 public:
  explicit Walk(const Tree& tree) : tree_(tree) {}

  Numbers follow(const std::vector<Step>& steps, Numbers here) const {
    for (const Step& step : steps) {
      Numbers next;
      for (const std::uint32_t n : here) take(step, n, next);
      if (step.deep && here.size() > 1) only_once(next);  // `//` reaches a node by several ways
      here = std::move(next);
    }
    return here;
  }

  Numbers from_top(const std::vector<Step>& steps) const {
    Numbers roots;
    if (fits(steps.front(), 0)) roots.push_back(0);
    if (steps.front().deep) take(steps.front(), 0, roots);
    narrow(steps.front(), roots);
    return follow({steps.begin() + 1, steps.end()}, std::move(roots));
  }

 private:
  static void only_once(Numbers& found) {
    std::set<std::uint32_t> seen;
    std::erase_if(found, [&](std::uint32_t n) { return !seen.insert(n).second; });
  }

  bool fits(const Step& step, std::uint32_t n) const {
    if (step.attribute ? !tree_.is_attribute(n) : !tree_.is_element(n)) return false;
    return step.name == "*" || tree_.name(n) == step.name;
  }

  void take(const Step& step, std::uint32_t n, Numbers& out) const {
    Numbers found;
    const auto use = [&](std::uint32_t child) {
      if (fits(step, child)) found.push_back(child);
    };
    if (step.deep) {
      tree_.each_below(n, use);
    } else {
      tree_.each_child(n, use);
    }
    narrow(step, found);
    out.insert(out.end(), found.begin(), found.end());
  }

  void narrow(const Step& step, Numbers& found) const {
    for (const Step::Condition& condition : step.conditions) {
      if (condition.index > 0) {
        found = condition.index <= found.size() ? Numbers{found[condition.index - 1]} : Numbers{};
      } else {
        std::erase_if(found, [&](std::uint32_t n) { return !holds(condition, n); });
      }
    }
  }

  bool holds(const Step::Condition& condition, std::uint32_t n) const {
    return std::ranges::any_of(follow(condition.path, {n}), [&](std::uint32_t at) {
      return !condition.value || tree_.own_text(at) == *condition.value;
    });
  }

  const Tree& tree_;
};

}  // namespace adapters::xml
