// YAML below an element -> a Node of the plan, checked against what the target allows there.
//
// A map in a map file holds words of the language (`from`, `each`, ...) and members of the target, told apart by name;
// a leading dot makes any name a member (`.when`). `use:` names a sub-map; as a member it needs a map of its own
// (`use: {const: official}`).
#pragma once
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "adapters/map/binder.h"
#include "adapters/map/library.h"
#include "adapters/map/plan.h"
#include "adapters/map/slot.h"

namespace adapters::map {

struct Declared {
  std::string name, type;
};

class NodeCompiler {
 public:
  NodeCompiler(Format source, Library& library, Binder& binder, Faults& faults, const std::vector<Declared>& resources)
      : source_(source), library_(library), binder_(binder), faults_(faults), resources_(resources) {}

  /// `within`: the enclosing `each:`, or nullptr. Nothing: at least one fault was reported.
  std::optional<Node> node(const Yaml& yaml, const Slot& slot, const BoundPath* within);
  /// The members of a resource or segment.
  std::optional<Object> object(const std::vector<YamlEntry>& members, const Slot& slot, const BoundPath* within,
                               Mark mark);
  std::optional<std::size_t> resource(const Yaml& name);

 private:
  struct Parts {  // of a map: words of the language, and members
    std::vector<const YamlEntry*> words;
    std::vector<YamlEntry> members;
    const Yaml* word(std::string_view name) const;
  };
  enum class Shape : std::uint8_t { leaf, object, use, reference, branch, select, first, refusal };

  Parts split(const Yaml& map) const;
  std::vector<YamlEntry> undot(const std::vector<YamlEntry>& members);
  Shape shape_of(const Parts& parts, const Slot& slot) const;
  void warn_of_slips(const Yaml& map);
  bool check_words(const Parts& parts, Shape shape);

  std::optional<Node> from_map(const Yaml& yaml, const Slot& slot, const BoundPath* within);
  bool wrap(Node& node, const Parts& parts, const BoundPath*& within);
  bool fill(Node& node, const Parts& parts, Shape shape, const Yaml& yaml, const Slot& slot, const BoundPath* within);
  bool fill_leaf(Node& node, const Parts& parts, const Yaml& yaml, const Slot& slot, const BoundPath* within);
  bool fill_object(Node& node, const Parts& parts, const Yaml& yaml, const Slot& slot, const BoundPath* within);
  bool fill_use(Node& node, const Parts& parts, const Slot& slot, const BoundPath* within);
  bool fill_reference(Node& node, const Parts& parts, const Yaml& yaml, const Slot& slot, const BoundPath* within);
  bool fill_branch(Node& node, const Parts& parts, const Slot& slot, const BoundPath* within);
  bool fill_first(Node& node, const Parts& parts, const Slot& slot, const BoundPath* within);
  bool fill_switch(Node& node, const Parts& parts, const Yaml& yaml, const Slot& slot, const BoundPath* within);
  bool fill_refusal(Node& node, const Parts& parts);

  std::optional<Node> sequence(const Yaml& list, const Slot& slot, const BoundPath* within);
  std::optional<First> choice(const std::vector<YamlEntry>& members, const Slot& slot, const BoundPath* within);
  std::optional<Member> member(const YamlEntry& entry, const Slot& parent, const BoundPath* within,
                               std::set<std::string>& written);
  void check_mandatory(Object& object, const Slot& slot, const std::set<std::string>& written, Mark mark);
  std::optional<Yaml> merged_sub_map(const Parts& parts, const Slot& slot);
  std::optional<Node> made_there(const Parts& parts, const Yaml& body, const Slot& slot, const BoundPath* within);
  std::shared_ptr<const Inline> inline_resource(const std::string& name, std::string_view type, const Yaml& body,
                                                const BoundPath* within);
  bool may_refer(const Slot& slot, std::string_view type, Mark mark);
  bool entered(Node& node, const Yaml& from, const BoundPath* within,
               const std::function<std::optional<Node>(const BoundPath*)>& body);

  // compile_leaf.cpp
  std::optional<Leaf> leaf(const Parts& parts, const Slot& slot, const BoundPath* within, bool iterated, Mark mark);
  std::optional<Leaf> short_leaf(const Yaml& scalar, const Slot& slot, const BoundPath* within);
  bool leaf_source(Leaf& leaf, const Yaml& from, const BoundPath* within);
  bool leaf_constant(Leaf& leaf, const Yaml& constant, const Slot& slot);
  bool leaf_lookup(Leaf& leaf, const Parts& parts, const Slot& slot);
  bool leaf_policy(Leaf& leaf, const Parts& parts, const Slot& slot);
  bool leaf_type(Leaf& leaf, const Parts& parts, const Slot& slot);
  std::optional<Back> leaf_back(const Yaml& back, const BoundPath* within);
  bool back_all(Node& node, const Yaml* back);
  bool back_value(Back& back, const Yaml& value);
  std::optional<fhir::JsonTree> constant_tree(const Yaml& yaml, const Slot& slot);
  bool check_code(const Slot& slot, std::string_view code, Mark mark);
  Leaf typed_leaf(const Slot& slot) const;

  Format source_;
  Library& library_;
  Binder& binder_;
  Faults& faults_;
  const std::vector<Declared>& resources_;
  std::vector<std::string> using_;                                // sub-maps being expanded, to stop circles
  std::set<std::string> ids_;                                     // rule ids given so far
  std::map<std::string, std::shared_ptr<const Inline>> inlines_;  // of sub-maps used as they stand
  std::size_t expanded_ = 0;  // sub-maps so far: using each other twice, twenty of them would make a million
};

}  // namespace adapters::map
