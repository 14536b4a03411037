#include "adapters/hl7v2/outline.h"

#include <algorithm>

namespace adapters::hl7v2 {
namespace {

bool is_follower(std::string_view name) { return name == "NTE" || name == "PRT"; }

bool holds(const GroupKind::Member& member, const Structure& structure, NameKey name) {
  return member.segment == name || (member.segment == 0 && structure.kinds[member.group].contains(name));
}

}  // namespace

bool Outline::is_below(std::uint32_t group, std::uint32_t around) const {
  while (group != around && group != 0) group = groups_[group].parent;
  return group == around;
}

/// The innermost group in reach that can have a segment of this name.
Outline::Reach Outline::reach(std::string_view name, std::uint32_t group) const {
  if (is_follower(name)) return {group, group != 0};
  const NameKey key = name_key(name);
  if (!structure_.kinds[0].contains(key)) return {group, false};
  while (group != 0 && !kind_of(group).contains(key)) group = groups_[group].parent;
  return {group, false};
}

bool Outline::has_group(const GroupKind& kind, std::string_view name) const {
  return std::ranges::any_of(kind.members, [&](const GroupKind::Member& member) {
    if (member.segment != 0) return false;
    const GroupKind& inner = structure_.kinds[member.group];
    return inner.name == name || has_group(inner, name);
  });
}

/// The group of that name we are in, or the innermost one that can have it below.
std::optional<std::uint32_t> Outline::reach_of_group(std::string_view name, std::uint32_t group) const {
  for (std::uint32_t around = group; around != 0; around = groups_[around].parent)
    if (kind_of(around).name == name) return around;
  for (std::uint32_t around = group;; around = groups_[around].parent) {
    if (has_group(kind_of(around), name)) return around;
    if (around == 0) return std::nullopt;
  }
}

/// Segments of that name in a group and below it, in the order in which they were made.
void Outline::collect(std::string_view name, std::uint32_t group, std::vector<std::uint32_t>& found) const {
  constexpr std::size_t kFew = 4;
  const auto known = by_name_.find(name);
  if (known == by_name_.end()) return;
  if (group == 0 || known->second.size() <= kFew) {
    for (const auto s : known->second)
      if (is_below(segments_[s].group, group)) found.push_back(s);
    return;
  }
  for (const auto s : groups_[group].segments)
    if (segments_[s].name == name) found.push_back(s);
  for (const auto inner : groups_[group].groups) collect(name, inner, found);
}

void Outline::collect_groups(std::string_view name, std::uint32_t group, std::vector<std::uint32_t>& found) const {
  for (const auto inner : groups_[group].groups) {
    if (kind_of(inner).name == name) found.push_back(inner);
    if (has_group(kind_of(inner), name)) collect_groups(name, inner, found);
  }
}

std::vector<std::uint32_t> Outline::groups(std::span<const std::string> path, std::uint32_t group) const {
  std::vector<std::uint32_t> found;
  if (path.empty()) return {group};
  const auto around = reach_of_group(path.front(), group);
  if (!around) return found;
  if (kind_of(*around).name == path.front())
    found = {*around};
  else
    collect_groups(path.front(), *around, found);
  for (const auto& name : path.subspan(1)) {
    std::vector<std::uint32_t> inner;
    for (const auto outer : found)
      for (const auto one : groups_[outer].groups)
        if (kind_of(one).name == name) inner.push_back(one);
    found = std::move(inner);
  }
  return found;
}

std::vector<std::uint32_t> Outline::find(std::span<const std::string> path, std::string_view name,
                                         std::uint32_t group) const {
  std::vector<std::uint32_t> found;
  if (!path.empty()) {
    for (const auto around : groups(path, group)) collect(name, around, found);
    return found;
  }
  const Reach in = reach(name, group);
  if (in.only_here) {
    for (const auto s : groups_[in.group].segments)
      if (segments_[s].name == name) found.push_back(s);
    return found;
  }
  collect(name, in.group, found);
  if (found.empty() && group != 0 && !structure_.kinds[0].contains(name_key(name)))
    return find(path, name, groups_[group].parent);
  return found;
}

std::uint32_t Outline::make_group(std::uint32_t kind, std::uint32_t parent) {
  const auto made = static_cast<std::uint32_t>(groups_.size());
  groups_.push_back({.kind = kind, .parent = parent});
  groups_[parent].groups.push_back(made);
  made_.push_back(true);
  return made;
}

std::uint32_t Outline::make_segment(std::string_view name, std::uint32_t group) {
  const auto made = static_cast<std::uint32_t>(segments_.size());
  segments_.push_back({std::string(name), group});
  groups_[group].segments.push_back(made);
  by_name_[segments_.back().name].push_back(made);
  made_.push_back(false);
  return made;
}

std::optional<std::uint32_t> Outline::last_child(std::uint32_t group, std::uint32_t kind) const {
  const auto& below = groups_[group].groups;
  const auto found =
      std::find_if(below.rbegin(), below.rend(), [&](std::uint32_t one) { return groups_[one].kind == kind; });
  return found == below.rend() ? std::nullopt : std::optional(*found);
}

/// Can one more segment of that name be put into this group as it is now?
bool Outline::has_room(std::uint32_t group, NameKey name) const {
  for (const auto& member : kind_of(group).members) {
    if (!holds(member, structure_, name)) continue;
    if (member.segment == name) {
      const bool has_one = std::ranges::any_of(groups_[group].segments,
                                               [&](std::uint32_t s) { return name_key(segments_[s].name) == name; });
      if (member.repeats || !has_one) return true;
    } else if (const auto last = last_child(group, member.group); !last || member.repeats || has_room(*last, name)) {
      return true;
    }
  }
  return false;
}

/// In this group or one below it, the first that has room; else the group itself.
std::uint32_t Outline::make_below(std::string_view name, std::uint32_t group) {
  const NameKey key = name_key(name);
  for (const auto& member : kind_of(group).members) {
    if (!holds(member, structure_, key)) continue;
    if (member.segment == key) return make_segment(name, group);
    const auto last = last_child(group, member.group);
    if (last && has_room(*last, key)) return make_below(name, *last);
    if (!last || member.repeats) return make_below(name, make_group(member.group, group));
  }
  return make_segment(name, group);
}

std::optional<std::uint32_t> Outline::make_group_below(std::string_view name, std::uint32_t group) {
  for (const auto& member : kind_of(group).members) {
    if (member.segment != 0) continue;
    const GroupKind& inner = structure_.kinds[member.group];
    if (inner.name == name) return make_group(member.group, group);
    if (!has_group(inner, name)) continue;
    const auto last = last_child(group, member.group);
    return make_group_below(name, last ? *last : make_group(member.group, group));
  }
  return std::nullopt;
}

std::optional<std::uint32_t> Outline::group_at(std::span<const std::string> path, std::uint32_t group, std::size_t n) {
  if (path.size() > 1) {
    const auto outer = group_at(path.first(1), group, 0);
    return outer ? group_at(path.subspan(1), *outer, n) : std::nullopt;
  }
  auto found = groups(path, group);
  const auto around = reach_of_group(path.front(), group);
  if (!around) return std::nullopt;
  if (n > 0 && n >= found.size() && kind_of(*around).name == path.front()) return std::nullopt;
  while (found.size() <= n) {
    const auto made = make_group_below(path.front(), *around);
    if (!made) return std::nullopt;
    found.push_back(*made);
  }
  return found[n];
}

std::optional<std::uint32_t> Outline::segment_at(std::span<const std::string> path, std::string_view name,
                                                 std::uint32_t group, std::size_t n) {
  auto found = find(path, name, group);
  if (found.size() <= n && !path.empty()) {
    const auto around = group_at(path, group, 0);
    if (!around) return std::nullopt;
    for (std::size_t i = found.size(); i <= n; ++i)
      found.push_back(is_follower(name) ? make_segment(name, *around) : make_below(name, *around));
  }
  const Reach in = reach(name, group);
  while (found.size() <= n) found.push_back(in.only_here ? make_segment(name, in.group) : make_below(name, in.group));
  return found[n];
}

/// The segment itself, or the group that it stands in: of PATIENT( PID ) in a RESULT that repeats there is one in mind.
bool Outline::repeats_below(const GroupKind& kind, NameKey name) const {
  return std::ranges::any_of(kind.members, [&](const GroupKind::Member& member) {
    if (!holds(member, structure_, name)) return false;
    if (member.segment == name) return member.repeats;
    const GroupKind& inner = structure_.kinds[member.group];
    const bool directly = std::ranges::find(inner.members, name, &GroupKind::Member::segment) != inner.members.end();
    return (directly && member.repeats) || repeats_below(inner, name);
  });
}

bool Outline::may_repeat(std::span<const std::string> path, std::string_view name, std::uint32_t group) const {
  const NameKey key = name_key(name);
  if (is_follower(name) || !structure_.kinds[0].contains(key)) return true;
  if (path.empty()) return repeats_below(kind_of(reach(name, group).group), key);
  return std::ranges::any_of(
      structure_.kinds, [&](const GroupKind& kind) { return kind.name == path.back() && repeats_below(kind, key); });
}

std::size_t Outline::number_of(std::uint32_t segment) const {
  const NameKey key = name_key(segments_[segment].name);
  std::uint32_t group = segments_[segment].group;
  const auto& members = kind_of(group).members;
  const auto member = std::ranges::find(members, key, &GroupKind::Member::segment);
  if (group == 0 || member == members.end() || member->repeats) {
    std::size_t n = 0;
    for (const auto s : groups_[group].segments) {
      n += segments_[s].name == segments_[segment].name ? 1 : 0;
      if (s == segment) return n;
    }
  }
  while (group != 0 && !kind_of(group).repeats) group = groups_[group].parent;
  std::size_t n = 0;
  for (const auto one : groups_[groups_[group].parent].groups) {
    n += groups_[one].kind == groups_[group].kind ? 1 : 0;
    if (one == group) return n;
  }
  return 1;
}

void Outline::take_back(std::size_t made) {
  for (; made_.size() > made; made_.pop_back()) {
    if (made_.back()) {
      groups_[groups_.back().parent].groups.pop_back();
      groups_.pop_back();
    } else {
      groups_[segments_.back().group].segments.pop_back();
      by_name_[segments_.back().name].pop_back();
      segments_.pop_back();
    }
  }
}

std::vector<Outline::Step> Outline::steps_since(std::size_t made) const {
  std::vector<Step> steps;
  auto group = groups_.size() - static_cast<std::size_t>(
                                    std::count(made_.begin() + static_cast<std::ptrdiff_t>(made), made_.end(), true));
  auto segment = segments_.size() - (made_.size() - made - (groups_.size() - group));
  for (std::size_t i = made; i < made_.size(); ++i) {
    if (made_[i]) {
      steps.push_back({.kind = groups_[group].kind, .group = groups_[group].parent, .name = {}});
      ++group;
    } else {
      steps.push_back({.group = segments_[segment].group, .name = segments_[segment].name});
      ++segment;
    }
  }
  return steps;
}

void Outline::repeat(std::span<const Step> steps) {
  for (const auto& step : steps) {
    if (step.name.empty())
      make_group(step.kind, step.group);
    else
      make_segment(step.name, step.group);
  }
}

/// Comments and those who take part follow the group's own segments; what the structure does not know ends the group.
void Outline::write_out(std::uint32_t group, std::vector<std::uint32_t>& out) const {
  std::vector<std::uint32_t> own = groups_[group].segments;
  const auto take = [&](auto wanted) {
    for (const auto s : own)
      if (wanted(s)) out.push_back(s);
    std::erase_if(own, wanted);
  };
  const auto follows = [&](std::uint32_t s) { return is_follower(segments_[s].name); };
  const auto& members = kind_of(group).members;
  const bool has_comments =
      std::ranges::any_of(members, [](const GroupKind::Member& member) { return member.segment == name_key("NTE"); });
  for (const auto& member : members) {
    if (member.segment == name_key("NTE")) {
      take(follows);
    } else if (member.segment != 0) {
      take([&](std::uint32_t s) { return name_key(segments_[s].name) == member.segment; });
    } else {
      if (!has_comments) take(follows);
      for (const auto inner : groups_[group].groups)
        if (groups_[inner].kind == member.group) write_out(inner, out);
    }
  }
  take([](std::uint32_t) { return true; });
}

std::vector<std::uint32_t> Outline::in_order() const {
  std::vector<std::uint32_t> out;
  write_out(0, out);
  // Also where the kind is not known yet, and with it the structure.
  const auto header = std::ranges::find_if(out, [&](std::uint32_t s) { return segments_[s].name == "MSH"; });
  if (header != out.end()) std::rotate(out.begin(), header, header + 1);
  return out;
}

}  // namespace adapters::hl7v2
