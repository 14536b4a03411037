// What a plan to FHIR says about the way back, worked out once: the order in which the members of an object tell most,
// which rules always make something, and which make more than one. Derived from the compiled plan, which outlives it;
// immutable, any thread.
#pragma once
#include <cstdint>
#include <span>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "adapters/map/plan.h"

namespace adapters::map {

class Inverse {
 public:
  explicit Inverse(const Plan& plan);

  /// Indexes of an object's members: plain copies first, then what has to choose or guess, then formulas, which can
  /// be asked of what the others wrote; last what may stand in several places, because by then some are taken.
  std::span<const std::uint32_t> order(const Object& object) const { return orders_.find(&object)->second; }
  /// It makes its value whatever the record says: an element without it is another rule's.
  bool always(const Node& node) const { return traits_.find(&node)->second.always; }
  /// It can make more than one value.
  bool many(const Node& node) const { return traits_.find(&node)->second.many; }
  /// It is a rule whose alternatives stand in different segments of a record: which of them are there decides.
  bool spread(const Node& node) const { return traits_.find(&node)->second.spread; }
  /// Does the rule refer to resources of the other (`ref:`)?
  bool refers(std::size_t rule, std::size_t other) const { return references_[rule].contains(other); }

 private:
  struct Traits {
    std::uint8_t rank = 0;
    bool always = false, many = false, spread = false;
  };
  Traits visit(const Node& node);
  Traits visit(const Object& object);
  template <class Nodes>
  Traits visit_all(const Nodes& nodes);

  std::unordered_map<const Node*, Traits> traits_;
  std::unordered_map<const Object*, std::vector<std::uint32_t>> orders_;
  std::vector<std::unordered_set<std::size_t>> references_;  // by rule
  std::unordered_set<std::size_t>* referring_ = nullptr;     // of the rule being visited
  std::unordered_map<const Inline*, std::unordered_set<std::size_t>> inlined_;
};

}  // namespace adapters::map
