#include "adapters/hl7v2/groups.h"

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <utility>

namespace adapters::hl7v2 {

namespace {

/// Puts one segment after the other into the tree of groups.
class Placer {
 public:
  struct Made {
    std::uint32_t kind, parent;
    std::size_t at = kNothing;  // the member that was matched last
  };
  static constexpr std::size_t kNothing = static_cast<std::size_t>(-1);

  explicit Placer(const Structure& structure) : structure_(structure) { made_.push_back({0, 0}); }

  std::uint32_t place(NameKey name) {
    const bool follows = name == name_key("NTE") || name == name_key("PRT");
    if (follows && before_) return *before_;
    if (is_timing(name))
      if (const auto late = late_timing(name)) return *late;
    return *(before_ = find_place(name));
  }

  const std::vector<Made>& made() const { return made_; }

 private:
  const GroupKind& kind_of(std::uint32_t instance) const { return structure_.kinds[made_[instance].kind]; }

  std::uint32_t find_place(NameKey name) {
    if (!structure_.kinds[0].contains(name)) return open_;
    for (std::uint32_t i = open_;; i = made_[i].parent) {
      if (auto found = next_place(i, name)) return open_ = *found;
      if (i == 0) break;
    }
    return late_place(name);
  }

  /// The next place for the segment in this instance or in a group begun in it; nothing if its turn has passed.
  std::optional<std::uint32_t> next_place(std::uint32_t instance, NameKey name) {
    const auto& members = kind_of(instance).members;
    const std::size_t at = made_[instance].at;
    for (std::size_t m = at == kNothing ? 0 : at; m < members.size(); ++m) {
      if (m == at && !members[m].repeats) continue;
      if (members[m].segment == name) {
        made_[instance].at = m;
        return instance;
      }
      if (members[m].segment == 0 && structure_.kinds[members[m].group].contains(name)) {
        made_[instance].at = m;
        return next_place(begin(members[m].group, instance), name);
      }
    }
    return std::nullopt;
  }

  static bool is_timing(NameKey name) { return name == name_key("TQ1") || name == name_key("TQ2"); }

  /// A timing never begins an order: behind the OBR or its results it is still the open one's, and a comment behind it
  /// is of what was open.
  std::optional<std::uint32_t> late_timing(NameKey name) {
    for (std::uint32_t i = open_; i != 0; i = made_[i].parent) {
      if (!kind_of(i).contains(name) || is_timing(kind_of(i).members.front().segment)) continue;
      if (has_turn(i, name)) return std::nullopt;
      return late_place(name);
    }
    return std::nullopt;
  }

  /// Whether next_place() would find one.
  bool has_turn(std::uint32_t instance, NameKey name) const {
    const auto& members = kind_of(instance).members;
    const std::size_t at = made_[instance].at;
    for (std::size_t m = at == kNothing ? 0 : at; m < members.size(); ++m)
      if ((m != at || members[m].repeats) && holds(members[m], name)) return true;
    return false;
  }

  bool holds(const GroupKind::Member& member, NameKey name) const {
    return member.segment == name || (member.segment == 0 && structure_.kinds[member.group].contains(name));
  }

  /// Its first segment begins a group that repeats anew, also where its turn has passed.
  bool begins_anew(const GroupKind::Member& member, NameKey name) const {
    return member.repeats && structure_.kinds[member.group].members.front().segment == name;
  }

  /// Out of turn: the innermost group that holds its kind, in the last of its groups there or in a new one.
  std::uint32_t late_place(NameKey name) {
    std::uint32_t i = open_;
    while (!kind_of(i).contains(name)) i = made_[i].parent;
    while (true) {
      const auto member = std::ranges::find_if(kind_of(i).members, [&](const auto& one) { return holds(one, name); });
      if (member->segment == name) return i;
      const auto last = last_child_.find(child_key(i, member->group));
      i = last == last_child_.end() || begins_anew(*member, name) ? begin(member->group, i) : last->second;
    }
  }

  static std::uint64_t child_key(std::uint32_t parent, std::uint32_t kind) {
    return std::uint64_t{parent} << 32 | kind;
  }

  std::uint32_t begin(std::uint32_t kind, std::uint32_t parent) {
    const auto made = static_cast<std::uint32_t>(made_.size());
    made_.push_back({kind, parent});
    return last_child_[child_key(parent, kind)] = made;
  }

  const Structure& structure_;
  std::vector<Made> made_;
  std::unordered_map<std::uint64_t, std::uint32_t> last_child_;
  std::uint32_t open_ = 0;  // the instance the last segment in turn went to
  std::optional<std::uint32_t> before_;
};

/// Numbers the instances so that each subtree is a range, and says where each old number went.
std::vector<std::uint32_t> number(const std::vector<Placer::Made>& made, std::vector<Groups::Instance>& instances) {
  std::vector<std::uint32_t> size(made.size(), 1), next(made.size()), renamed(made.size());
  for (std::size_t i = made.size(); i-- > 1;) size[made[i].parent] += size[i];  // parents are made before children
  instances.resize(made.size());
  for (std::size_t i = 0; i < made.size(); ++i) {
    if (i > 0) {
      renamed[i] = next[made[i].parent];
      next[made[i].parent] += size[i];
    }
    next[i] = renamed[i] + 1;
    instances[renamed[i]] = {made[i].kind, renamed[made[i].parent], renamed[i] + size[i]};
  }
  return renamed;
}

}  // namespace

Groups::Groups(const Message& message, const Structure& structure) : structure_(structure) {
  Placer placer(structure);
  for (std::size_t s = 0; s < message.size(); ++s) {
    of_segment_.push_back(placer.place(name_key(message.segment(s).name())));
  }
  const auto renamed = number(placer.made(), instances_);
  for (std::uint32_t s = 0; s < message.size(); ++s) {
    of_segment_[s] = renamed[of_segment_[s]];
    by_name_.push_back({name_key(message.segment(s).name()), of_segment_[s], s});
    by_instance_.emplace_back(of_segment_[s], s);
  }
  for (std::uint32_t i = 1; i < instances_.size(); ++i) {
    by_parent_.push_back({instances_[i].parent, instances_[i].kind, i});
  }
  std::ranges::sort(by_name_);
  std::ranges::sort(by_instance_);
  std::ranges::sort(by_parent_);
}

void Groups::find(NameKey name, std::uint32_t first, std::uint32_t last, std::vector<std::uint32_t>& found) const {
  for (auto at = std::ranges::lower_bound(by_name_, Named{name, first, 0}); at != by_name_.end(); ++at) {
    if (at->name != name || at->instance >= last) return;
    found.push_back(at->segment);
  }
}

std::vector<std::uint32_t> Groups::segments(std::uint32_t first, std::uint32_t last) const {
  std::vector<std::uint32_t> found;
  auto at = std::ranges::lower_bound(by_instance_, std::pair<std::uint32_t, std::uint32_t>{first, 0});
  for (; at != by_instance_.end() && at->first < last; ++at) found.push_back(at->second);
  std::ranges::sort(found);
  return found;
}

void Groups::children(std::uint32_t parent, std::uint32_t kind, std::vector<std::uint32_t>& found) const {
  for (auto at = std::ranges::lower_bound(by_parent_, Child{parent, kind, 0}); at != by_parent_.end(); ++at) {
    if (at->parent != parent || at->kind != kind) return;
    found.push_back(at->instance);
  }
}

}  // namespace adapters::hl7v2
