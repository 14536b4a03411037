// Segment groups: which OBX belongs to which OBR, and both to which patient. The standard defines them by the order of
// segments only, and senders keep that order loosely, so grouping never refuses:
// - A segment goes to the next place that its structure has for it, looking from the innermost open group outwards; a
//   group that repeats is begun anew when its turn comes again.
// - A segment whose place has passed goes to the group that holds its kind: the last one, or a new one, which the first
//   segment of a group that repeats always begins. A timing (TQ1) behind its OBR begins no new order.
// - A segment that the structure does not know (Z segments, DG1 in a prescription) stays in the group that is open.
// - NTE and PRT belong to the segment before them.
// Structures are tables (groups.cpp); group names are those of the standard's XML. Immutable; any thread.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "adapters/hl7v2/message.h"

namespace adapters::hl7v2 {

/// A segment's name as a number that sorts.
using NameKey = std::uint32_t;
constexpr NameKey name_key(std::string_view name) {
  NameKey key = 0;
  for (std::size_t i = 0; i < 3 && i < name.size(); ++i) key = key << 8 | static_cast<unsigned char>(name[i]);
  return key;
}

/// One group of a structure; its members in order are segments and groups.
struct GroupKind {
  struct Member {
    NameKey segment = 0;      // 0: a group
    std::uint32_t group = 0;  // index in Structure::kinds
    bool repeats = false;
  };
  std::string_view name;
  std::uint32_t parent = 0;  // index; the root's is itself
  bool repeats = false;
  std::vector<Member> members;
  std::vector<NameKey> segments;  // of all its subtree, sorted

  bool contains(NameKey segment) const;
};

/// The message as a whole is kinds[0].
struct Structure {
  std::vector<GroupKind> kinds;

  /// The structure of "ORU^R01"; one without groups for kinds that the table does not have.
  static const Structure& of(std::string_view kind);
};

/// The groups of one message. Instances are numbered so that the subtree of i is [i, instance(i).end).
class Groups {
 public:
  struct Instance {
    std::uint32_t kind = 0;    // index in Structure::kinds
    std::uint32_t parent = 0;  // the root's is itself
    std::uint32_t end = 0;
  };

  /// `structure` must outlive this; the message need not.
  Groups(const Message& message, const Structure& structure);

  const Structure& structure() const { return structure_; }
  std::size_t size() const { return instances_.size(); }
  const Instance& instance(std::size_t index) const { return instances_[index]; }
  const GroupKind& kind(std::size_t index) const { return structure_.kinds[instances_[index].kind]; }
  /// The instance that a segment belongs to directly.
  std::uint32_t of_segment(std::size_t segment) const { return of_segment_[segment]; }

  /// Appends the segments of that name in instances [first, last), in no particular order.
  void find(NameKey name, std::uint32_t first, std::uint32_t last, std::vector<std::uint32_t>& segments) const;
  /// All segments in instances [first, last), in document order.
  std::vector<std::uint32_t> segments(std::uint32_t first, std::uint32_t last) const;
  /// Appends the instances of that kind right below `parent`.
  void children(std::uint32_t parent, std::uint32_t kind, std::vector<std::uint32_t>& instances) const;

 private:
  struct Named {
    NameKey name;
    std::uint32_t instance, segment;
    auto operator<=>(const Named&) const = default;
  };
  struct Child {
    std::uint32_t parent, kind, instance;
    auto operator<=>(const Child&) const = default;
  };
  const Structure& structure_;
  std::vector<Instance> instances_;
  std::vector<std::uint32_t> of_segment_;
  std::vector<Named> by_name_;                                        // sorted
  std::vector<Child> by_parent_;                                      // sorted
  std::vector<std::pair<std::uint32_t, std::uint32_t>> by_instance_;  // instance, segment; sorted
};

}  // namespace adapters::hl7v2
