// One view over a local record, whatever its format, so that the map engine knows none of them: HL7 v2 segments, vendor
// JSON, a CSV line, a database row, or a FHIR Bundle (then a map runs from FHIR to the local form).
//
// A record is a tree of `Spot`s (positions); a path, bound once when the map is loaded, leads from one spot to others.
// Every leaf that holds a value is *valued*; the engine marks each leaf it reads, and what was neither carried, kept
// nor reported would be silent loss (the run report counts them, and a test demands 0).
#pragma once
#include <cstdint>
#include <memory>
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

/// A path compiled for one kind of source ("PID-5[*].1", "data.patient.name").
class BoundPath {
 public:
  virtual ~BoundPath() = default;
};

class Source {
 public:
  virtual ~Source() = default;
  virtual Spot root() const = 0;
  /// The spots `path` leads to from `from`, in order; empty when nothing is there or nothing is valued. A rule that
  /// wants one value takes the first and leaves the others unmarked, so the report shows them.
  virtual std::vector<Spot> find(const BoundPath& path, Spot from) const = 0;
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
  virtual std::vector<Spot> leaves(Spot spot) const = 0;
};

/// What a map file's `source:` names; binds paths when the map is loaded. The path grammars stand with their dialects:
/// hl7v2/source.h, http/json_source.h. All agree on this: inside an `each:` a path starts where the each stands.
class Dialect {
 public:
  virtual ~Dialect() = default;
  /// Refuses a path that cannot exist in this structure, with a did-you-mean in `say`.
  /// `within` is the path of the enclosing `each:` (nullptr at top level).
  virtual Result<std::unique_ptr<BoundPath>> bind(std::string_view path, const BoundPath* within) const = 0;
};

}  // namespace adapters
