// Makes what the nodes of a plan describe, at a spot of the source, and accounts for every leaf it reads.
//
// make() answers false when the record cannot be carried (a guarded value does not fit, something mandatory is
// missing); an alternative that is refused gives way to the next one, otherwise the refusal goes up and ends the run.
#pragma once
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "adapters/map/ledger.h"
#include "adapters/map/map.h"
#include "adapters/map/plan.h"
#include "adapters/map/rules.h"

namespace adapters::map {

class Maker {
 public:
  /// What the maker asks of the run: the reference to made resources ("urn:uuid:..."), and their content for %name.
  struct Resources {
    virtual ~Resources() = default;
    virtual std::vector<std::string> references(std::size_t rule, bool all) const = 0;
    virtual fhir::path::Collection content(std::size_t rule) const = 0;
    /// A resource made where it is referred to, known by `identity`: its reference. One that is there already with the
    /// same content is not made twice. What was put after `inlined()` said n can be taken back.
    virtual std::string put(std::string_view type, std::string_view identity, fhir::JsonTree body) = 0;
    virtual std::size_t inlined() const = 0;
    virtual void drop_inlined(std::size_t from) = 0;
  };

  Maker(const Plan& plan, const Source& source, const Site& site, Ledger& ledger, Resources& resources,
        Trace* trace = nullptr)
      : plan_(plan),
        source_(source),
        site_(site),
        ledger_(ledger),
        resources_(resources),
        trace_(trace),
        steps_(200'000 + 500 * ledger.leaves()) {}

  /// Appends what the node makes; `many`: all of it, else at most one.
  bool make(const Node& node, Spot spot, bool many, std::vector<fhir::JsonTree>& out);
  /// An object, also when nothing is in it yet; nothing when it is not made.
  bool make_object(const Object& object, const Node& rule, Spot spot, fhir::JsonTree& out, bool& made);
  /// A text outside any element (identities); nothing when there is none. Reading it carries nothing.
  std::optional<std::string> text(const Node& node, Spot spot);
  bool holds(const Condition& condition, Spot spot);
  Spots spots(const Node& node, Spot spot) const;
  const std::optional<fhir::Error>& refusal() const { return refusal_; }

 private:
  /// How far the account and the resources had come when something was tried.
  struct Checkpoint {
    std::size_t ledger, inlined;
  };
  Checkpoint checkpoint() const { return {ledger_.position(), resources_.inlined()}; }
  void take_back(Checkpoint to) {
    ledger_.take_back(to.ledger);
    resources_.drop_inlined(to.inlined);
  }

  /// Values on their way into the object around them: lists that are used again and again.
  class Scratch {
   public:
    explicit Scratch(Maker& maker) : maker_(maker) {
      if (maker_.scratch_depth_ == maker_.scratch_.size()) maker_.scratch_.emplace_back();
      ++maker_.scratch_depth_;
    }
    ~Scratch() {
      values().clear();
      --maker_.scratch_depth_;
    }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    std::vector<fhir::JsonTree>& values() const { return maker_.scratch_[maker_.scratch_depth_ - 1]; }

   private:
    Maker& maker_;
  };

  struct Reading {
    std::string text;
    Spots leaves;  // what was read
    Spot spot;
  };
  /// Would it make nothing here, and nobody notice?
  bool is_idle(const Node& node, Spot spot) const;
  bool step(const Node& node, Spot spot);
  bool walk(const Node& node, Spot spot, bool many, std::vector<fhir::JsonTree>& out);
  bool make_at(const Node& node, Spot spot, bool many, std::vector<fhir::JsonTree>& out);
  bool make_leaf(const Leaf& leaf, const Node& rule, Spot spot, std::vector<fhir::JsonTree>& out);
  bool make_first(const First& first, Spot spot, bool many, std::vector<fhir::JsonTree>& out);
  bool make_taken(const Node& taken, Spot spot, bool many, std::vector<fhir::JsonTree>& out);
  bool make_switch(const Switch& select, const Node& rule, Spot spot, bool many, std::vector<fhir::JsonTree>& out);
  bool make_reference(const Reference& reference, const Node& rule, Spot spot, bool many,
                      std::vector<fhir::JsonTree>& out);
  bool make_inline(const Inline& made, Spot spot, std::vector<fhir::JsonTree>& out);
  bool make_measure(const MeasureRule& measure, const Node& rule, Spot spot, fhir::JsonTree& out, bool& made);
  bool make_member(const Member& member, Spot spot, fhir::JsonTree& out, bool& complete);
  void carry_equals(const First& first, std::size_t taken, Spot spot);

  std::optional<Reading> read(const Leaf& leaf, Spot spot);
  std::optional<Reading> read_path(const SourcePath& path, bool whole, Spot spot) const;
  Reading read_spot(Spot spot, bool whole) const;
  std::optional<Reading> read_formula(const Formula& formula, Spot spot);
  std::optional<fhir::path::Collection> evaluate(const Formula& formula, Spot spot, Spots& leaves);
  std::optional<std::string> look_up(const Lookup& lookup, const Reading& reading, const std::string& text,
                                     const Node& rule, bool& lossy);
  void note_unmapped(const Table& table, const Reading& reading, const std::string& code);
  bool passes(const Test& test, Spot spot);
  bool is_valued(const SourcePath& path, Spot spot) const;
  bool complain(const Reading& reading, std::string_view code, std::string say, const Node& rule, bool refuse);
  void refuse(std::string_view code, const std::string& where, std::string say, const Node* rule);

  const Plan& plan_;
  const Source& source_;
  const Site& site_;
  Ledger& ledger_;
  Resources& resources_;
  Trace* const trace_;
  std::optional<fhir::Error> refusal_;
  bool lacking_ = false;  // what was taken of several rules is required, and made nothing
  std::unordered_map<const Formula*, std::string> fixed_;  // what fixed formulas came to
  std::deque<std::vector<fhir::JsonTree>> scratch_;        // by depth; a deque: those in use stay where they are
  std::size_t scratch_depth_ = 0;
  std::size_t steps_;  // left: work may grow with the record, but not with its square (an `each:` in an `each:`)
};

}  // namespace adapters::map
