#include "adapters/hl7v2/reach.h"

#include <algorithm>
#include <optional>

namespace adapters::hl7v2 {

namespace {

using Numbers = std::vector<std::uint32_t>;

/// A group's instance, and for the groups around it, which kind of its members we came from.
struct Level {
  std::uint32_t instance;
  std::optional<std::uint32_t> came_from;
};

/// Calls `look` for the instance and then for each one around it, until it returns true.
template <class Look>
void outwards(const Groups& groups, std::uint32_t instance, Look look) {
  Level level{instance, std::nullopt};
  while (!look(level) && level.instance != 0) {
    level = {groups.instance(level.instance).parent, groups.instance(level.instance).kind};
  }
}

/// The members of a level that are groups and not the one we came from.
template <class Use>
void other_groups(const Groups& groups, const Level& level, Use use) {
  for (const GroupKind::Member& member : groups.kind(level.instance).members) {
    if (member.segment == 0 && member.group != level.came_from) use(member, groups.structure().kinds[member.group]);
  }
}

void find_below(const Groups& groups, const Level& level, std::uint32_t kind, NameKey name, Numbers& found) {
  Numbers instances;
  groups.children(level.instance, kind, instances);
  for (std::uint32_t i : instances) groups.find(name, i, groups.instance(i).end, found);
}

bool has_member(const GroupKind& kind, NameKey name) {
  return std::ranges::find(kind.members, name, &GroupKind::Member::segment) != kind.members.end();
}

/// A segment of the structure: at the innermost level that can have it, whether it has or not.
Numbers find_known(const Groups& groups, NameKey name, std::uint32_t instance) {
  Numbers found;
  outwards(groups, instance, [&](const Level& level) {
    if (!level.came_from) {
      if (!groups.kind(instance).contains(name)) return false;
      groups.find(name, instance, groups.instance(instance).end, found);
      return true;
    }
    bool can_be_here = has_member(groups.kind(level.instance), name);
    if (can_be_here) groups.find(name, level.instance, level.instance + 1, found);
    other_groups(groups, level, [&](const GroupKind::Member& member, const GroupKind& kind) {
      if (!kind.contains(name)) return;
      can_be_here = true;
      find_below(groups, level, member.group, name, found);
    });
    return can_be_here;
  });
  return found;
}

/// A segment the structure does not know: at the innermost level that has it. Groups that repeat there are others'.
Numbers find_unknown(const Groups& groups, NameKey name, std::uint32_t instance) {
  Numbers found;
  outwards(groups, instance, [&](const Level& level) {
    if (!level.came_from) {
      groups.find(name, instance, groups.instance(instance).end, found);
    } else {
      groups.find(name, level.instance, level.instance + 1, found);
      other_groups(groups, level, [&](const GroupKind::Member& member, const GroupKind&) {
        if (!member.repeats) find_below(groups, level, member.group, name, found);
      });
    }
    return !found.empty();
  });
  return found;
}

bool is_follower(NameKey name) { return name == name_key("NTE") || name == name_key("PRT"); }

Numbers find_segments(const Groups& groups, NameKey name, std::uint32_t instance) {
  if (is_follower(name)) {
    Numbers found;  // those of this very group; at top level, all
    groups.find(name, instance, instance == 0 ? groups.instance(0).end : instance + 1, found);
    return found;
  }
  return groups.structure().kinds[0].contains(name) ? find_known(groups, name, instance)
                                                    : find_unknown(groups, name, instance);
}

Numbers find_every_z(const Message& message, const Groups& groups, std::uint32_t instance) {
  Numbers found = groups.segments(instance, groups.instance(instance).end);
  std::erase_if(found, [&](std::uint32_t s) { return !message.segment(s).name().starts_with('Z'); });
  return found;
}

void find_named(const Groups& groups, std::string_view name, std::uint32_t first, std::uint32_t last, Numbers& found) {
  for (std::uint32_t i = first; i < last; ++i) {
    if (groups.kind(i).name == name) found.push_back(i);
  }
}

bool has_group(const Structure& structure, const GroupKind& kind, std::string_view name) {
  return std::ranges::any_of(kind.members, [&](const GroupKind::Member& member) {
    if (member.segment != 0) return false;
    const GroupKind& inner = structure.kinds[member.group];
    return inner.name == name || has_group(structure, inner, name);
  });
}

/// A group by name: the one we are in, or one within it, or else one at the innermost level around that can have it.
Numbers find_groups(const Groups& groups, std::string_view name, std::uint32_t instance) {
  Numbers found;
  for (std::uint32_t i = instance; i != 0; i = groups.instance(i).parent) {
    if (groups.kind(i).name == name) return {i};
  }
  outwards(groups, instance, [&](const Level& level) {
    if (!level.came_from) {
      if (!has_group(groups.structure(), groups.kind(instance), name)) return false;
      find_named(groups, name, instance + 1, groups.instance(instance).end, found);
      return true;
    }
    bool can_be_here = false;
    other_groups(groups, level, [&](const GroupKind::Member& member, const GroupKind& kind) {
      if (kind.name != name && !has_group(groups.structure(), kind, name)) return;
      can_be_here = true;
      Numbers instances;
      groups.children(level.instance, member.group, instances);
      for (std::uint32_t i : instances) find_named(groups, name, i, groups.instance(i).end, found);
    });
    return can_be_here;
  });
  return found;
}

Numbers children_named(const Groups& groups, const Numbers& parents, std::string_view name) {
  Numbers found;
  for (std::uint32_t parent : parents) {
    for (const GroupKind::Member& member : groups.kind(parent).members) {
      if (member.segment == 0 && groups.structure().kinds[member.group].name == name) {
        groups.children(parent, member.group, found);
      }
    }
  }
  return found;
}

}  // namespace

std::vector<std::uint32_t> groups_in_reach(const Groups& groups, const SourcePath& path, std::uint32_t instance) {
  Numbers found = find_groups(groups, path.groups[0], instance);
  for (std::size_t n = 1; n < path.groups.size(); ++n) found = children_named(groups, found, path.groups[n]);
  return found;
}

std::vector<std::uint32_t> segments_in_reach(const Message& message, const Groups& groups, const SourcePath& path,
                                             std::uint32_t instance) {
  Numbers found;
  if (!path.groups.empty()) {
    for (std::uint32_t i : groups_in_reach(groups, path, instance)) {
      groups.find(name_key(path.segment), i, groups.instance(i).end, found);
    }
  } else if (path.every_z) {
    return find_every_z(message, groups, instance);
  } else {
    return segments_in_reach(groups, path.key, instance);
  }
  std::ranges::sort(found);
  return found;
}

std::vector<std::uint32_t> segments_in_reach(const Groups& groups, NameKey name, std::uint32_t instance) {
  Numbers found = find_segments(groups, name, instance);
  std::ranges::sort(found);
  return found;
}

}  // namespace adapters::hl7v2
