// Takes what a map made apart again: for an element of a Bundle and the rule of the plan that made it, writes to the
// local record what the rule read there. Which of several rules made an element is found out by trying: constants must
// be equal, what a rule demands must be there, and of the rules that remain the one that explains most of it is taken.
//
// Nothing is believed that the map itself does not confirm: a value counts as carried back only when the leaf, asked of
// the record as written, makes the same value again. What a formula computed is tried with a probe in its one variable.
#pragma once
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "adapters/map/back_bundle.h"
#include "adapters/map/inverse.h"
#include "adapters/map/map.h"
#include "adapters/map/plan.h"
#include "adapters/writable.h"

namespace adapters::map {

/// How well a rule explains an element: its values that went back, and those that did not.
struct Fit {
  bool possible = true;
  std::size_t good = 0, bad = 0;
  std::size_t open = 0;  // computed values that nothing confirms yet
  std::size_t sure = 0;  // constants, defaults and demanded values that are what the rule would have written

  static Fit none() { return {.possible = false}; }
  bool perfect() const { return possible && bad == 0 && open == 0; }
  bool better_than(const Fit& other) const;
  void add(const Fit& other);
};

/// What became of a value of the Bundle on the way back.
struct BackNote {
  fhir::JsonView value;
  bool carried = false;
  std::string_view code;  // back-conflict, back-no-rule, not-invertible, unmapped
  const Node* rule = nullptr;
};

class Unmaker {
 public:
  Unmaker(const Plan& plan, const Inverse& inverse, const BackBundle& bundle, Writable& record, const Site& site)
      : plan_(plan), inverse_(inverse), bundle_(bundle), record_(record), site_(site) {}

  /// A whole resource, made by that rule at that spot.
  Fit resource(const ResourceRule& rule, fhir::JsonView resource, Spot spot);
  /// The same, and nothing is left of it.
  Fit try_resource(const ResourceRule& rule, fhir::JsonView resource, Spot spot);
  /// What may stand in several places, and waited to see which of them are there. After all resources.
  void settle_places();
  /// Conditions that the rules demand and nothing has contradicted: `when: .5 = MR` writes MR. Last of all.
  void settle_conditions();

  /// Top level `back:` of the map.
  void complete(const Completion& rule);

  const std::vector<BackNote>& notes() const { return notes_; }
  /// The record took more work than a record of its size may.
  bool exhausted() const { return steps_ == 0; }

 private:
  enum class Truth : std::uint8_t { yes, unknown, no };
  /// What an object stands for: an element of its own, members put into the one around it, or a resource whose rule is
  /// known, of which everything that can goes back.
  enum class Role : std::uint8_t { whole, choice, resource };
  struct Checkpoint {
    std::size_t record, notes, wanted, later;
  };
  struct Wanted {
    const SourcePath* path;
    Spot spot;
    std::string_view word;
  };
  /// Places in several segments: written when it is known which of them are there.
  struct Later {
    const Node* rule;  // a First or a Leaf
    fhir::JsonView value;
    Spot spot;
    Role role;
  };
  /// What a try came to, kept while others are tried.
  struct Kept {
    Fit fit = Fit::none();
    std::unique_ptr<Writable::Cut> record;
    std::vector<BackNote> notes;
    std::vector<Wanted> wanted;
    std::vector<Later> later;
  };
  /// One of several rules that may have made a value. `expected`: what the record says of its condition.
  struct Option {
    const Node* node;
    Truth expected = Truth::yes;
    const Condition* condition = nullptr;
    const Switch* select = nullptr;
    std::string_view label{};
  };
  /// Of a list: which rule took each repetition of a path, one after the other.
  using Counts = std::unordered_map<std::string_view, std::vector<const Node*>>;
  struct Stretch;

  Checkpoint checkpoint() const { return {record_.position(), notes_.size(), wanted_.size(), later_.size()}; }
  void take_back(const Checkpoint& to);
  void keep_better(Kept& best, const Fit& fit, const Checkpoint& since);
  Fit paste(Kept& kept);

  Fit unmake(const Node& node, fhir::JsonView value, Spot spot, Role role);
  Fit unmake_at(const Node& node, fhir::JsonView value, Spot spot, Role role);
  Fit unmake_object(const Object& object, const Node& rule, fhir::JsonView value, Spot spot, Role role);
  Fit unmake_member(const Member& member, fhir::JsonView parent, Spot spot, Role role);
  Fit unmake_measure(const MeasureRule& measure, const Node& rule, fhir::JsonView value, Spot spot);
  Fit unmake_items(const Node& node, std::span<const fhir::JsonView> values, Spot spot, Role role);
  Fit unmake_unit(const Node& node, fhir::JsonView value, Spot spot, Counts& counts);
  Fit unmake_first(const First& first, const Node& rule, fhir::JsonView value, Spot spot, Role role);
  void settle_leaf(const Later& one, const Leaf& leaf);
  void settle_first(const Later& one, const First& first);
  int standing(const SourcePath& path, Spot spot);
  Fit unmake_switch(const Switch& select, fhir::JsonView value, Spot spot, Role role);
  Fit unmake_branch(const Branch& branch, fhir::JsonView value, Spot spot, Role role);
  Fit unmake_reference(const Reference& reference, const Node& rule, fhir::JsonView value, Spot spot);
  Fit unmake_inline(const Inline& made, fhir::JsonView value, Spot spot);
  Fit choose(const std::vector<Option>& options, fhir::JsonView value, Spot spot, Role role);
  Fit take(const Option& option, fhir::JsonView value, Spot spot, Role role);

  Fit unmake_leaf(const Leaf& leaf, const Node& rule, fhir::JsonView value, Spot spot);
  Fit unmake_formula(const Leaf& leaf, const Node& rule, fhir::JsonView value, Spot spot);
  bool unmake_back(const Leaf& leaf, std::string_view value, Spot spot);
  bool write_back(const Leaf& leaf, std::span<const SourcePath* const> places, std::string_view text,
                  std::string_view value, Spot spot);
  Fit write_leaf(const Leaf& leaf, const Node& rule, fhir::JsonView value, Spot spot);
  bool is_made(const Leaf& leaf, std::string_view value, Spot spot) const;
  std::optional<std::string> made_by(const Leaf& leaf, Spot spot) const;
  std::optional<std::string> text_at(const SourcePath& path, bool whole, Spot spot) const;

  std::optional<fhir::path::Collection> evaluate(const Formula& formula, Spot spot, const std::string* probe) const;
  Truth truth(const Condition& condition, Spot spot) const;
  Truth truth(const Test& test, Spot spot) const;
  void want(const Condition& condition, Spot spot);

  Fit carried(fhir::JsonView value, const Node& rule);
  Fit lost(fhir::JsonView value, std::string_view code, const Node* rule);

  const Plan& plan_;
  const Inverse& inverse_;
  const BackBundle& bundle_;
  Writable& record_;
  const Site& site_;
  std::vector<BackNote> notes_;
  std::vector<Wanted> wanted_;
  std::vector<Later> later_;
  std::size_t steps_ = 3'000'000;
  std::size_t depth_ = 0;
};

}  // namespace adapters::map
