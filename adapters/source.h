// One view over a local record, whatever its format, so that the map engine knows none of them: HL7 v2 segments, vendor
// JSON, a CSV line, a database row, or a FHIR Bundle (then a map runs from FHIR to the local form).
//
// A record is a tree of `Spot`s (positions); a path, bound once when the map is loaded, leads from one spot to others.
// Every leaf that holds a value is *valued*; the engine marks each leaf it reads, and what was neither carried, kept
// nor reported would be silent loss (the run report counts them, and a test demands 0).
#pragma once
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/result.h"

namespace adapters {

using fhir::Result;

/// A position in a record: opaque to everybody but its Source. Valid while the Source lives.
struct Spot {
  std::uint64_t a = 0, b = 0;
  bool operator==(const Spot&) const = default;
};

/// A list of spots. Nearly all hold none or one: those cost no memory of their own.
class Spots {
 public:
  using value_type = Spot;
  using const_iterator = const Spot*;

  Spots() = default;
  Spots(std::initializer_list<Spot> spots) {
    for (const Spot spot : spots) push_back(spot);
  }
  Spots(std::vector<Spot> spots) : size_(spots.size()) {  // NOLINT: the same list
    if (size_ > kNear)
      far_ = std::move(spots);
    else
      std::copy(spots.begin(), spots.end(), near_.begin());
  }
  operator std::vector<Spot>() const { return {begin(), end()}; }  // NOLINT

  void push_back(Spot spot) {
    if (size_ < kNear) {
      near_[size_++] = spot;
      return;
    }
    if (size_++ == kNear) far_.assign(near_.begin(), near_.end());
    far_.push_back(spot);
  }
  /// Keeps the first `size`.
  void truncate(std::size_t size) {
    if (size >= size_) return;
    if (size <= kNear && size_ > kNear) std::copy_n(far_.begin(), size, near_.begin());
    far_.resize(size <= kNear ? 0 : size);
    size_ = size;
  }

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  const Spot* begin() const { return size_ <= kNear ? near_.data() : far_.data(); }
  const Spot* end() const { return begin() + size_; }
  const Spot& front() const { return *begin(); }
  const Spot& operator[](std::size_t n) const { return begin()[n]; }

 private:
  static constexpr std::size_t kNear = 2;
  std::size_t size_ = 0;
  std::array<Spot, kNear> near_;
  std::vector<Spot> far_;  // all of them, once they are more than fit near
};

/// A path compiled for one kind of source ("PID-5[*].1", "data.patient.name").
class BoundPath {
 public:
  virtual ~BoundPath() = default;
};

/// Several bound paths as one question that is quicker to ask than to follow them: does any lead somewhere?
class PathSet {
 public:
  virtual ~PathSet() = default;
};

class Source {
 public:
  virtual ~Source() = default;
  virtual Spot root() const = 0;
  /// The spots `path` leads to from `from`, in order; empty when nothing is there or nothing is valued. A rule that
  /// wants one value takes the first and leaves the others unmarked, so the report shows them.
  virtual Spots find(const BoundPath& path, Spot from) const = 0;
  /// False: no path of the set leads anywhere from here. True: one may.
  virtual bool may_find(const PathSet&, Spot) const { return true; }
  /// The decoded text of a leaf; of an inner node, of the leaf at its beginning (HL7 v2: the first component), which
  /// may be empty when only later ones are valued. Nothing else of the node is read: mark that leaf alone
  /// (leaves().front(), and none when the text is empty). Empty for an explicit null (HL7 v2 `""`): the sender asks to
  /// delete.
  virtual std::string text(Spot spot) const = 0;
  /// The whole of a node as text, with what separates its leaves as the sender wrote it: for free text in which a
  /// separator was not escaped ("Smith & Sons" is two subcomponents), so nothing is cut off. All its leaves are read.
  virtual std::string whole(Spot spot) const = 0;
  /// The word for people that stands beside a code (HL7 v2: the second component of a field whose first it is); empty
  /// where none does. Never asked of anything but codes.
  virtual std::string beside(Spot) const { return {}; }
  /// How a person finds it: "OBX[3]-5.1", "data.patient.name", "column 姓名".
  virtual std::string place(Spot spot) const = 0;
  /// All valued leaves below a spot (itself, if it is one), in document order. A leaf is the same Spot by whichever
  /// path it was reached, so spots from here can be kept in a set.
  virtual Spots leaves(Spot spot) const = 0;
  /// leaves(spot).front(), for a spot whose text is not empty; the spot itself where its text is computed.
  virtual Spot first_leaf(Spot spot) const {
    const Spots all = leaves(spot);
    return all.empty() ? spot : all.front();
  }
};

/// What a map file's `source:` names; binds paths when the map is loaded. The path grammars stand with their dialects:
/// hl7v2/source.h, http/json_source.h. All agree on this: inside an `each:` a path starts where the each stands.
class Dialect {
 public:
  virtual ~Dialect() = default;
  /// Refuses a path that cannot exist in this structure, with a did-you-mean in `say`.
  /// `within` is the path of the enclosing `each:` (nullptr at top level).
  virtual Result<std::unique_ptr<BoundPath>> bind(std::string_view path, const BoundPath* within) const = 0;
  /// The set of these paths, for Source::may_find; nullptr: this kind of source has no quick answer.
  virtual std::unique_ptr<PathSet> set_of(std::span<const BoundPath* const>) const { return nullptr; }
};

}  // namespace adapters
