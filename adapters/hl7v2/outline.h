// The groups and segments of a message that is being written (writable.h), without what stands in them: where a segment
// belongs, by the structure of its kind, and the order in which segments are written out. Group 0 is the message.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/hl7v2/groups.h"

namespace adapters::hl7v2 {

class Outline {
 public:
  /// `structure` outlives this.
  explicit Outline(const Structure& structure) : structure_(structure), groups_(1) {}

  bool knows(std::string_view name) const { return structure_.kinds[0].contains(name_key(name)); }
  std::size_t segments() const { return segments_.size(); }
  const std::string& name(std::uint32_t segment) const { return segments_[segment].name; }
  std::uint32_t group_of(std::uint32_t segment) const { return segments_[segment].group; }

  /// What is there already in reach of a group: the rules of source.h, "Reach".
  std::vector<std::uint32_t> find(std::span<const std::string> path, std::string_view name, std::uint32_t group) const;
  std::vector<std::uint32_t> groups(std::span<const std::string> path, std::uint32_t group) const;
  /// The n-th of them, from 0; those that are missing are made.
  std::optional<std::uint32_t> segment_at(std::span<const std::string> path, std::string_view name, std::uint32_t group,
                                          std::size_t n);
  std::optional<std::uint32_t> group_at(std::span<const std::string> path, std::uint32_t group, std::size_t n);
  /// Can there be more than one segment of that name in reach?
  bool may_repeat(std::span<const std::string> path, std::string_view name, std::uint32_t group) const;

  /// Which one of its name a segment is in its group; of a group that has one only, which one the group is.
  std::size_t number_of(std::uint32_t segment) const;

  /// How many groups and segments were made; those made later can be taken back.
  std::size_t made() const { return made_.size(); }
  void take_back(std::size_t made);

  /// One group or segment that was made.
  struct Step {
    std::uint32_t kind = 0, group = 0;
    std::string name;  // of a segment; empty: a group
  };
  /// What was made since then, to be made again at the same point.
  std::vector<Step> steps_since(std::size_t made) const;
  void repeat(std::span<const Step> steps);

  /// All segments as the structure orders them.
  std::vector<std::uint32_t> in_order() const;

 private:
  struct Group {
    std::uint32_t kind = 0, parent = 0;
    std::vector<std::uint32_t> groups{}, segments{};  // right below it
  };
  struct Segment {
    std::string name;
    std::uint32_t group;
  };
  /// Where a name is looked for: a group around, and what below it leads there.
  struct Reach {
    std::uint32_t group = 0;
    bool only_here = false;  // not in groups below
  };
  const GroupKind& kind_of(std::uint32_t group) const { return structure_.kinds[groups_[group].kind]; }
  bool is_below(std::uint32_t group, std::uint32_t around) const;
  void collect(std::string_view name, std::uint32_t group, std::vector<std::uint32_t>& found) const;
  void collect_groups(std::string_view name, std::uint32_t group, std::vector<std::uint32_t>& found) const;
  Reach reach(std::string_view name, std::uint32_t group) const;
  std::optional<std::uint32_t> reach_of_group(std::string_view name, std::uint32_t group) const;
  bool has_group(const GroupKind& kind, std::string_view name) const;
  bool has_room(std::uint32_t group, NameKey name) const;
  bool repeats_below(const GroupKind& kind, NameKey name) const;
  std::optional<std::uint32_t> last_child(std::uint32_t group, std::uint32_t kind) const;
  std::uint32_t make_group(std::uint32_t kind, std::uint32_t parent);
  std::uint32_t make_segment(std::string_view name, std::uint32_t group);
  std::uint32_t make_below(std::string_view name, std::uint32_t group);
  std::optional<std::uint32_t> make_group_below(std::string_view name, std::uint32_t group);
  void write_out(std::uint32_t group, std::vector<std::uint32_t>& out) const;

  const Structure& structure_;
  std::vector<Group> groups_;
  std::vector<Segment> segments_;
  std::vector<bool> made_;  // true: a group; false: a segment
  std::map<std::string, std::vector<std::uint32_t>, std::less<>> by_name_;
};

}  // namespace adapters::hl7v2
