#include "adapters/hl7v2/writable.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>
#include <vector>

#include "adapters/hl7v2/message.h"
#include "adapters/hl7v2/outline.h"
#include "adapters/hl7v2/source_path.h"

namespace adapters::hl7v2 {
namespace {

/// Spot::a counts groups or segments; Spot::b is 0 for them, else the position within the segment.
constexpr std::uint64_t kGroupBit = std::uint64_t{1} << 63;

std::uint64_t pack(const Position& at) {
  return std::uint64_t{at.field} << 34 | std::uint64_t{at.repetition} << 18 | std::uint64_t{at.component} << 9 |
         at.subcomponent;
}

Position unpack(std::uint64_t packed) {
  const auto bits = [&](unsigned shift, unsigned width) {
    return static_cast<std::uint32_t>(packed >> shift & ((1u << width) - 1));
  };
  return {bits(34, 10), bits(18, 16), bits(9, 9), bits(0, 9)};
}

bool within(const Position& leaf, const Position& node) {
  return leaf.field == node.field && (node.repetition == 0 || leaf.repetition == node.repetition) &&
         (node.component == 0 || leaf.component == node.component) &&
         (node.subcomponent == 0 || leaf.subcomponent == node.subcomponent);
}

class V2Writable final : public Writable {
 public:
  explicit V2Writable(std::string_view kind) : outline_(Structure::of(kind)) {}

  Spot root() const override { return {kGroupBit, 0}; }

  Spots find(const BoundPath& bound, Spot from) const override {
    const auto& path = static_cast<const SourcePath&>(bound);
    std::vector<Spot> spots;
    if (path.relative) {
      const Spot spot = relative(path, from).value_or(from);
      if (is_valued(spot)) spots.push_back(spot);
    } else if (path.segment.empty()) {
      for (const auto group : outline_.groups(path.groups, group_of(from))) spots.push_back({kGroupBit | group, 0});
    } else {
      for (const auto segment : segments(path, from)) find_in(segment, path, spots);
    }
    return spots;
  }

  std::string text(Spot spot) const override {
    if (!is_place(spot)) return {};
    Position at = unpack(spot.b);
    at.component = std::max(at.component, 1u), at.subcomponent = std::max(at.subcomponent, 1u);
    const auto& leaves = leaves_[spot.a];
    const auto found = leaves.find(pack(at));
    return found == leaves.end() ? std::string() : found->second;
  }

  std::string whole(Spot spot) const override {
    std::string out;
    Position here = unpack(spot.b);
    here.component = std::max(here.component, 1u), here.subcomponent = std::max(here.subcomponent, 1u);
    for (const Spot leaf : leaves(spot)) {
      const Position at = unpack(leaf.b);
      for (; here.component < at.component; ++here.component, here.subcomponent = 1) out += by_.component;
      for (; here.subcomponent < at.subcomponent; ++here.subcomponent) out += by_.subcomponent;
      out += text(leaf);
    }
    return out;
  }

  std::string place(Spot spot) const override {
    if ((spot.a & kGroupBit) != 0) return "group";
    Path path{std::string(outline_.name(static_cast<std::uint32_t>(spot.a))), 0, unpack(spot.b)};
    return path.to_string();
  }

  Spots leaves(Spot spot) const override {
    std::vector<Spot> found;
    if (!is_place(spot)) return found;
    const Position at = unpack(spot.b);
    const auto& leaves = leaves_[spot.a];
    for (auto leaf = leaves.lower_bound(spot.b); leaf != leaves.end(); ++leaf) {
      const Position here = unpack(leaf->first);
      if (here.field != at.field) break;
      if (within(here, at)) found.push_back({spot.a, leaf->first});
    }
    return found;
  }

  std::optional<Spot> place_at(const BoundPath& bound, Spot from, std::optional<std::size_t> nth) override {
    const std::size_t n = nth.value_or(0);
    const auto& path = static_cast<const SourcePath&>(bound);
    if (path.relative) return n == 0 ? relative(path, from) : std::nullopt;
    if (path.segment.empty()) {
      const auto group = outline_.group_at(path.groups, group_of(from), n);
      return group ? std::optional(Spot{kGroupBit | *group, 0}) : std::nullopt;
    }
    if (path.every_z) return std::nullopt;
    if (is_own(path, from)) return in_segment(static_cast<std::uint32_t>(from.a), path, n);
    const bool by_segment = path.at.field == 0 || outline_.may_repeat(path.groups, path.segment, group_of(from));
    const std::size_t which = path.occurrence > 0 ? path.occurrence - 1 : by_segment ? n : 0;
    const auto segment = outline_.segment_at(path.groups, path.segment, group_of(from), which);
    if (!segment) return std::nullopt;
    if (leaves_.size() < outline_.segments()) leaves_.resize(outline_.segments());
    return in_segment(*segment, path, by_segment && path.occurrence == 0 ? 0 : n);
  }

  bool write(Spot spot, std::string_view text, bool whole) override {
    if (!is_place(spot) || text.empty()) return false;
    Position at = unpack(spot.b);
    if (is_syntax(spot)) return false;
    at.repetition = std::max(at.repetition, 1u);
    return whole ? put_whole(spot.a, at, text) : put(spot.a, at, text);
  }

  bool stands(Spot spot) const override {
    return (spot.a & kGroupBit) == 0 && spot.a < leaves_.size() && !leaves_[spot.a].empty();
  }

  bool knows(Spot spot) const override {
    return (spot.a & kGroupBit) != 0 || outline_.knows(outline_.name(static_cast<std::uint32_t>(spot.a)));
  }

  std::size_t number_of(Spot spot) const override {
    return (spot.a & kGroupBit) != 0 ? 1 : outline_.number_of(static_cast<std::uint32_t>(spot.a));
  }

  // Two journals in one number: groups and segments made, values written.
  std::size_t position() const override { return outline_.made() << 32 | written_.size(); }

  void take_back(std::size_t position) override {
    for (const std::size_t to = position & 0xffffffffu; written_.size() > to; written_.pop_back())
      leaves_[written_.back().a].erase(written_.back().b);
    outline_.take_back(position >> 32);
    leaves_.resize(outline_.segments());
  }

  std::unique_ptr<Cut> cut(std::size_t position) override {
    auto kept = std::make_unique<Taken>();
    kept->steps = outline_.steps_since(position >> 32);
    for (std::size_t i = position & 0xffffffffu; i < written_.size(); ++i)
      kept->leaves.emplace_back(written_[i], leaves_[written_[i].a][written_[i].b]);
    take_back(position);
    return kept;
  }

  void paste(const Cut& cut) override {
    const auto& kept = static_cast<const Taken&>(cut);
    outline_.repeat(kept.steps);
    leaves_.resize(outline_.segments());
    for (const auto& [leaf, text] : kept.leaves) {
      leaves_[leaf.a][leaf.b] = text;
      written_.push_back(leaf);
    }
  }

  std::string encode() const override {
    Builder message(by_);
    for (const auto segment : outline_.in_order()) {
      const bool header = outline_.name(segment) == "MSH";
      if (segment >= leaves_.size() || (leaves_[segment].empty() && !header)) continue;
      const auto index = message.add(outline_.name(segment));
      for (const auto& [at, text] : leaves_[segment]) message.set(index, unpack(at), text);
    }
    return message.encode();
  }

 private:
  struct Taken final : Cut {
    std::vector<Outline::Step> steps;
    std::vector<std::pair<Spot, std::string>> leaves;
  };

  bool is_place(Spot spot) const { return (spot.a & kGroupBit) == 0 && spot.b != 0 && spot.a < leaves_.size(); }

  bool is_syntax(Spot spot) const {
    return unpack(spot.b).field <= 2 && outline_.name(static_cast<std::uint32_t>(spot.a)) == "MSH";
  }

  std::uint32_t group_of(Spot spot) const {
    return static_cast<std::uint32_t>(
        (spot.a & kGroupBit) != 0 ? spot.a & ~kGroupBit : outline_.group_of(static_cast<std::uint32_t>(spot.a)));
  }

  bool is_valued(Spot spot) const { return !leaves(spot).empty(); }

  bool is_own(const SourcePath& path, Spot from) const {
    return (from.a & kGroupBit) == 0 && path.groups.empty() && path.occurrence == 0 &&
           outline_.name(static_cast<std::uint32_t>(from.a)) == path.segment;
  }

  std::vector<std::uint32_t> segments(const SourcePath& path, Spot from) const {
    if (is_own(path, from)) return {static_cast<std::uint32_t>(from.a)};
    auto found = outline_.find(path.groups, path.segment, group_of(from));
    if (path.occurrence == 0) return found;
    if (path.occurrence > found.size()) return {};
    return {found[path.occurrence - 1]};
  }

  void find_in(std::uint32_t segment, const SourcePath& path, std::vector<Spot>& spots) const {
    if (segment >= leaves_.size()) return;
    if (path.at.field == 0) {
      if (!leaves_[segment].empty()) spots.push_back({segment, 0});
      return;
    }
    Position at = path.at;
    if (!path.every_repetition) at.repetition = std::max(at.repetition, 1u);
    std::uint32_t last = 0;
    for (const Spot leaf : leaves({segment, pack(at)})) {
      const Position found = unpack(leaf.b);
      if (found.repetition == last || !within(found, at)) continue;
      last = found.repetition;
      spots.push_back({segment, pack({at.field, last, at.component, at.subcomponent})});
    }
  }

  Spot in_segment(std::uint32_t segment, const SourcePath& path, std::size_t n) const {
    if (path.at.field == 0) return {segment, 0};
    Position at = path.at;
    at.repetition = path.every_repetition ? static_cast<std::uint32_t>(n) + 1 : std::max(at.repetition, 1u);
    return {segment, pack(at)};
  }

  /// ".4.1" of a repetition, ".2" of a component.
  static std::optional<Spot> relative(const SourcePath& path, Spot from) {
    if (path.at.component == 0) return from;
    if ((from.a & kGroupBit) != 0 || from.b == 0) return std::nullopt;
    Position at = unpack(from.b);
    if (at.component == 0) {
      at.component = path.at.component;
      at.subcomponent = path.at.subcomponent;
    } else if (at.subcomponent == 0 && path.at.subcomponent == 0) {
      at.subcomponent = path.at.component;
    } else {
      return std::nullopt;
    }
    return Spot{from.a, pack(at)};
  }

  bool put(std::uint64_t segment, Position at, std::string_view text) {
    at.component = std::max(at.component, 1u), at.subcomponent = std::max(at.subcomponent, 1u);
    const auto [leaf, fresh] = leaves_[segment].try_emplace(pack(at), text);
    if (!fresh) return leaf->second == text;
    written_.push_back({segment, leaf->first});
    return true;
  }

  /// Separators of the level below separate; those above it were escaped once, and will be again.
  bool put_whole(std::uint64_t segment, Position at, std::string_view text) {
    const bool components = at.component == 0;
    if (at.subcomponent != 0) return put(segment, at, text);
    const char separator = components ? by_.component : by_.subcomponent;
    for (std::uint32_t n = 1; n <= parts(text, separator); ++n) {
      Position inner = at;
      (components ? inner.component : inner.subcomponent) = n;
      const auto piece = part(text, separator, n);
      if (!piece.empty() && !put_whole(segment, inner, piece)) return false;
    }
    return true;
  }

  Outline outline_;
  Separators by_;
  std::vector<std::map<std::uint64_t, std::string>> leaves_;  // by segment
  std::vector<Spot> written_;
};

}  // namespace

std::unique_ptr<Writable> make_writable(std::string_view kind) { return std::make_unique<V2Writable>(kind); }

}  // namespace adapters::hl7v2
