#include "adapters/hl7v2/source.h"

#include <algorithm>
#include <optional>
#include <span>
#include <utility>

#include "adapters/hl7v2/groups.h"
#include "adapters/hl7v2/reach.h"
#include "adapters/hl7v2/source_path.h"

namespace adapters::hl7v2 {

namespace {

/// What a Spot says: a group's instance, a segment, or a slice of a segment's line. Spot::b packs the counters (segment
/// 20 bits, field 10, repetition 16, component 9, subcomponent 9: the ceilings of Limits), Spot::a the slice.
struct Place {
  static constexpr std::uint32_t kGroup = (1u << 20) - 1;  // in place of a segment: `begin` is the group's instance

  std::uint32_t segment = kGroup;
  Position at;
  std::uint32_t begin = 0, length = 0;

  bool is_group() const { return segment == kGroup; }
  bool is_segment() const { return !is_group() && at.field == 0; }

  static Place of(Spot spot) {
    const auto bits = [&](unsigned shift, unsigned width) {
      return static_cast<std::uint32_t>(spot.b >> shift & ((1u << width) - 1));
    };
    return {bits(44, 20),
            {bits(34, 10), bits(18, 16), bits(9, 9), bits(0, 9)},
            static_cast<std::uint32_t>(spot.a >> 32),
            static_cast<std::uint32_t>(spot.a)};
  }

  Spot spot() const {
    return {std::uint64_t{begin} << 32 | length, std::uint64_t{segment} << 44 | std::uint64_t{at.field} << 34 |
                                                     std::uint64_t{at.repetition} << 18 |
                                                     std::uint64_t{at.component} << 9 | at.subcomponent};
  }
};

/// Calls `use(n, part)` for each part, from 1.
template <class Use>
void each_part(std::string_view raw, char separator, Use use) {
  for (std::uint32_t n = 1;; ++n) {
    const std::size_t end = raw.find(separator);
    use(n, raw.substr(0, end));
    if (end == std::string_view::npos) return;
    raw.remove_prefix(end + 1);
  }
}

/// The n-th part, from 1; nothing past the end.
std::optional<std::string_view> nth(std::string_view raw, char separator, std::uint32_t n) {
  for (; n > 1; --n) {
    const std::size_t end = raw.find(separator);
    if (end == std::string_view::npos) return std::nullopt;
    raw.remove_prefix(end + 1);
  }
  return raw.substr(0, raw.find(separator));
}

class V2Source final : public Source {
 public:
  explicit V2Source(Message message) : message_(std::move(message)), groups_(message_, Structure::of(message_.type())) {
    for (std::uint32_t s = 0; s < message_.size(); ++s) {
      fields_.push_back(valued_fields(s));
      names_.push_back({key_of(s), fields_.back(), {}});
    }
    std::ranges::sort(names_, {}, &Name::key);
    std::size_t kept = 0;
    for (std::size_t i = 0; i < names_.size(); ++i) {
      if (i > 0 && names_[i].key == names_[kept].key) {
        names_[kept].fields |= names_[i].fields;
      } else if (i > 0) {
        names_[++kept] = std::move(names_[i]);
      }
    }
    names_.resize(std::min(names_.size(), kept + 1));
  }

  Spot root() const override { return group_spot(0); }

  Spots find(const BoundPath& bound, Spot from) const override {
    const auto& path = static_cast<const SourcePath&>(bound);
    const Place here = Place::of(from);
    if (path.relative) return find_relative(path, from);
    if (path.segment.empty()) {
      Spots spots;
      for (std::uint32_t i : groups_in_reach(groups_, path, instance_of(here))) spots.push_back(group_spot(i));
      return spots;
    }
    return find_segments(path, here);
  }

  bool may_find(const PathSet& paths, Spot from) const override {
    const auto& set = static_cast<const SourcePathSet&>(paths);
    if (set.always) return true;
    const Place here = Place::of(from);
    if (set.parts != 0 && (valued_parts(from, here) & set.parts) != 0) return true;
    if (std::ranges::any_of(set.in_reach, [&](const auto& fields) { return has(fields, here); })) return true;
    return std::ranges::any_of(set.anywhere, [&](const auto& fields) {
      const Name* const name = name_of_key(fields.segment);
      return name != nullptr && (name->fields & fields.bits) != 0;
    });
  }

  std::string text(Spot spot) const override {
    const Place place = Place::of(spot);
    if (place.is_group() || place.is_segment()) return {};
    std::string_view raw = slice(place);
    if (is_syntax(place)) return std::string(raw);
    if (place.at.component == 0) raw = part(raw, by().component, 1);
    if (place.at.subcomponent == 0) raw = part(raw, by().subcomponent, 1);
    return is_null(raw) ? std::string() : unescape(raw, by());
  }

  std::string whole(Spot spot) const override {
    const Place place = Place::of(spot);
    if (place.is_group()) return whole_group(place.begin);
    const std::string_view raw = slice(place);
    if (is_syntax(place)) return std::string(raw);
    return is_null(raw) ? std::string() : unescape(raw, by());
  }

  std::string beside(Spot spot) const override {
    const Place here = Place::of(spot);
    if (here.is_group() || here.is_segment() || here.at.component > 1) return {};
    Position at = here.at;
    at.component = 2;
    at.subcomponent = 0;
    return message_.text(here.segment, at);
  }

  std::string place(Spot spot) const override {
    const Place place = Place::of(spot);
    if (place.is_group()) return name_of(first_segment(place.begin));
    std::string text = name_of(place.segment);
    if (place.is_segment()) return text;
    const Position& at = place.at;
    text += "-" + std::to_string(at.field);
    if (at.repetition > 1) text += "[" + std::to_string(at.repetition) + "]";
    // What follows the slice tells whether it is one of several, without searching the field.
    const std::string_view line = message_.segment(place.segment).line();
    const std::size_t end = std::size_t{place.begin} + place.length;
    const char next = end < line.size() ? line[end] : '\0';
    const bool more_subcomponents = at.subcomponent > 1 || (at.subcomponent == 1 && next == by().subcomponent);
    if (is_syntax(place) || at.component == 0) return text;
    if (at.component > 1 || next == by().component || more_subcomponents) text += "." + std::to_string(at.component);
    return more_subcomponents ? text + "." + std::to_string(at.subcomponent) : text;
  }

  Spots leaves(Spot spot) const override {
    const Place place = Place::of(spot);
    Spots found;
    if (place.is_group()) {
      for (std::uint32_t s : groups_.segments(place.begin, groups_.instance(place.begin).end)) segment_leaves(s, found);
    } else if (place.is_segment()) {
      segment_leaves(place.segment, found);
    } else if (!is_syntax(place)) {
      const std::string_view raw = slice(place);
      if (place.at.subcomponent != 0) {
        if (!raw.empty()) found.push_back(spot);
      } else if (place.at.component != 0) {
        component_leaves(place.segment, place.at, raw, found);
      } else {
        repetition_leaves(place.segment, place.at, raw, found);
      }
    }
    return found;
  }

  Spot first_leaf(Spot spot) const override {
    const Place place = Place::of(spot);
    if (place.is_group() || place.is_segment() || is_syntax(place) || place.at.subcomponent != 0) return spot;
    std::string_view raw = slice(place);
    if (place.at.component == 0) raw = part(raw, by().component, 1);
    return slice_spot(place.segment, {place.at.field, place.at.repetition, std::max(place.at.component, 1u), 1},
                      part(raw, by().subcomponent, 1));
  }

 private:
  const Separators& by() const { return message_.separators(); }
  static Spot group_spot(std::uint32_t instance) { return Place{Place::kGroup, {}, instance, 0}.spot(); }

  /// MSH-1 and MSH-2: the separators themselves.
  static bool is_syntax(const Place& place) { return place.segment == 0 && place.at.field >= 1 && place.at.field <= 2; }

  std::uint32_t instance_of(const Place& place) const {
    return place.is_group() ? place.begin : groups_.of_segment(place.segment);
  }

  std::string_view slice(const Place& place) const {
    const std::string_view line = message_.segment(place.segment).line();
    return place.is_segment() ? line : line.substr(place.begin, place.length);
  }

  Spot slice_spot(std::uint32_t segment, const Position& at, std::string_view raw) const {
    const auto begin = static_cast<std::uint32_t>(raw.data() - message_.segment(segment).line().data());
    return Place{segment, at, begin, static_cast<std::uint32_t>(raw.size())}.spot();
  }

  std::uint32_t first_segment(std::uint32_t instance) const {
    return groups_.segments(instance, groups_.instance(instance).end).front();
  }

  std::string name_of(std::uint32_t segment) const {
    return std::string(message_.segment(segment).name()) + "[" + std::to_string(message_.occurrence(segment)) + "]";
  }

  std::string whole_group(std::uint32_t instance) const {
    std::string text;
    for (std::uint32_t s : groups_.segments(instance, groups_.instance(instance).end)) {
      if (!text.empty()) text += '\n';
      text += message_.segment(s).line();
    }
    return text;
  }

  bool is_valued(std::string_view raw) const {
    const char separators[] = {by().repetition, by().component, by().subcomponent};
    return raw.find_first_not_of(std::string_view(separators, 3)) != std::string_view::npos;
  }

  /// The segments of one name in reach from one group's instance.
  struct Reach {
    std::uint64_t fields = 0;            // that any of them has (SourcePathSet)
    std::uint32_t first = 0, count = 0;  // in reached_
  };
  /// A name that the message has.
  struct Name {
    NameKey key = 0;
    std::uint64_t fields = 0;            // that any segment of it has
    std::vector<std::uint32_t> reaches;  // by instance: 1 + the index in reaches_; empty until it is asked for
  };

  NameKey key_of(std::uint32_t segment) const { return name_key(message_.segment(segment).name()); }

  std::uint64_t valued_fields(std::uint32_t s) const {
    const Segment segment = message_.segment(s);
    std::uint64_t bits = 0;
    for (std::uint32_t n = 1; n <= segment.fields(); ++n) {
      if (!segment.field(n).empty()) bits |= SourcePathSet::bit(n);
    }
    return bits;
  }

  Name* name_of_key(NameKey key) const {
    const auto found = std::ranges::lower_bound(names_, key, {}, &Name::key);
    return found == names_.end() || found->key != key ? nullptr : &*found;
  }

  /// Asked again and again for the few names and instances that a map walks over, so the answer is kept.
  const Reach& reach(Name& name, std::uint32_t instance) const {
    if (name.reaches.empty()) name.reaches.resize(groups_.size());
    std::uint32_t& index = name.reaches[instance];
    if (index == 0) {
      Reach made{.first = static_cast<std::uint32_t>(reached_.size())};
      for (const std::uint32_t s : segments_in_reach(groups_, name.key, instance)) {
        made.fields |= fields_[s];
        reached_.push_back(s);
      }
      made.count = static_cast<std::uint32_t>(reached_.size()) - made.first;
      reaches_.push_back(made);
      index = static_cast<std::uint32_t>(reaches_.size());
    }
    return reaches_[index - 1];
  }

  Spots find_segments(const SourcePath& path, const Place& here) const {
    Name* const name = path.every_z ? nullptr : name_of_key(path.key);
    if (name == nullptr && !path.every_z) return {};
    if (path.groups.empty() && path.occurrence == 0 && !here.is_group() && key_of(here.segment) == path.key) {
      Spots spots;
      find_in(here.segment, path, spots);
      return spots;
    }
    if (path.groups.empty() && !path.every_z) {
      const Reach reached = reach(*name, instance_of(here));
      return find_in(std::span(reached_).subspan(reached.first, reached.count), path);
    }
    return find_in(segments_in_reach(message_, groups_, path, instance_of(here)), path);
  }

  Spots find_in(std::span<const std::uint32_t> segments, const SourcePath& path) const {
    if (path.occurrence > segments.size()) return {};
    if (path.occurrence != 0) segments = segments.subspan(path.occurrence - 1, 1);
    Spots spots;
    for (const std::uint32_t s : segments) find_in(s, path, spots);
    return spots;
  }

  void find_in(std::uint32_t s, const SourcePath& path, Spots& spots) const {
    const Segment segment = message_.segment(s);
    if (path.at.field == 0) {
      if (is_segment_valued(s)) spots.push_back(Place{s, {}, 0, 0}.spot());
    } else if (is_syntax({s, path.at, 0, 0})) {
      spots.push_back(slice_spot(s, {path.at.field, 1, 1, 1}, segment.field(path.at.field)));
    } else {
      find_in_field(s, segment.field(path.at.field), path, spots);
    }
  }

  bool has(const SourcePathSet::Fields& fields, const Place& here) const {
    if (!here.is_group() && key_of(here.segment) == fields.segment) return (fields_[here.segment] & fields.bits) != 0;
    Name* const name = name_of_key(fields.segment);
    return name != nullptr && (name->fields & fields.bits) != 0 &&
           (reach(*name, instance_of(here)).fields & fields.bits) != 0;
  }

  /// A bit for each part of a repetition, or of a component, that is not empty.
  std::uint64_t valued_parts(Spot spot, const Place& here) const {
    if (here.is_group() || here.is_segment() || is_syntax(here) || here.at.subcomponent != 0) return 0;
    if (!(spot == parts_of_)) {
      parts_ = 0;
      each_part(slice(here), here.at.component == 0 ? by().component : by().subcomponent,
                [&](std::uint32_t n, std::string_view raw) {
                  if (!raw.empty()) parts_ |= SourcePathSet::bit(n);
                });
      parts_of_ = spot;
    }
    return parts_;
  }

  bool is_segment_valued(std::uint32_t s) const {
    const Segment segment = message_.segment(s);
    for (std::size_t n = s == 0 ? 3 : 1; n <= segment.fields(); ++n) {
      if (is_valued(segment.field(n))) return true;
    }
    return false;
  }

  void find_in_field(std::uint32_t s, std::string_view field, const SourcePath& path, Spots& spots) const {
    if (field.empty()) return;
    const auto take = [&](std::uint32_t n, std::string_view repetition) {
      find_in_repetition(s, {path.at.field, n, path.at.component, path.at.subcomponent}, repetition, spots);
    };
    if (path.every_repetition) {
      each_part(field, by().repetition, take);
    } else {
      const std::uint32_t n = std::max(path.at.repetition, 1u);
      if (const auto raw = nth(field, by().repetition, n)) take(n, *raw);
    }
  }

  void find_in_repetition(std::uint32_t s, const Position& at, std::string_view raw, Spots& spots) const {
    if (at.component == 0) return find_in_component(s, at, raw, spots);
    if (const auto component = nth(raw, by().component, at.component)) find_in_component(s, at, *component, spots);
  }

  void find_in_component(std::uint32_t s, const Position& at, std::string_view raw, Spots& spots) const {
    const auto leaf = at.subcomponent == 0 ? std::optional(raw) : nth(raw, by().subcomponent, at.subcomponent);
    if (leaf && is_valued(*leaf)) spots.push_back(slice_spot(s, at, *leaf));
  }

  /// ".4.1" of a repetition, ".2" of a component.
  Spots find_relative(const SourcePath& path, Spot from) const {
    const Place here = Place::of(from);
    if (path.at.component == 0) return {from};
    Spots spots;
    if (here.is_group() || here.is_segment() || is_syntax(here)) return spots;
    Position at = here.at;
    if (at.component == 0) {
      at.component = path.at.component;
      at.subcomponent = path.at.subcomponent;
      find_in_repetition(here.segment, at, slice(here), spots);
    } else if (at.subcomponent == 0 && path.at.subcomponent == 0) {
      at.subcomponent = path.at.component;
      find_in_component(here.segment, at, slice(here), spots);
    }
    return spots;
  }

  void segment_leaves(std::uint32_t s, Spots& found) const {
    const Segment segment = message_.segment(s);
    for (std::uint32_t f = s == 0 ? 3 : 1; f <= segment.fields(); ++f) {
      const std::string_view field = segment.field(f);
      if (field.empty()) continue;
      each_part(field, by().repetition,
                [&](std::uint32_t n, std::string_view raw) { repetition_leaves(s, {f, n}, raw, found); });
    }
  }

  void repetition_leaves(std::uint32_t s, Position at, std::string_view raw, Spots& found) const {
    each_part(raw, by().component, [&](std::uint32_t n, std::string_view component) {
      at.component = n;
      component_leaves(s, at, component, found);
    });
  }

  void component_leaves(std::uint32_t s, Position at, std::string_view raw, Spots& found) const {
    each_part(raw, by().subcomponent, [&](std::uint32_t n, std::string_view leaf) {
      at.subcomponent = n;
      if (!leaf.empty()) found.push_back(slice_spot(s, at, leaf));
    });
  }

  Message message_;
  Groups groups_;
  std::vector<std::uint64_t> fields_;   // by segment: those that are not empty (SourcePathSet)
  mutable std::vector<Name> names_;     // sorted
  mutable std::vector<Reach> reaches_;  // answers so far
  mutable std::vector<std::uint32_t> reached_;
  mutable Spot parts_of_{~std::uint64_t{0}, ~std::uint64_t{0}};  // whose parts_ are known
  mutable std::uint64_t parts_ = 0;
};

}  // namespace

std::unique_ptr<Source> make_source(Message message) { return std::make_unique<V2Source>(std::move(message)); }

}  // namespace adapters::hl7v2
