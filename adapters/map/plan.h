// The typed plan that a map file becomes: a tree shaped like the target, in which every path is bound, every table
// loaded and every type known. Built by compile.h, run by run.h; immutable, so any thread may run it.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "adapters/map/convert.h"
#include "adapters/map/faults.h"
#include "adapters/map/table.h"
#include "adapters/rows/row_source.h"
#include "adapters/source.h"
#include "fhir/json.h"
#include "fhir/path/fhirpath.h"
#include "fhir/primitives.h"

namespace adapters::xml {
class Skeleton;
}

namespace adapters::map {

struct Node;

/// A path into the source, bound where it stands (inside which `each:`).
struct SourcePath {
  std::string text;
  std::shared_ptr<const BoundPath> bound;
};

/// What a %name of a formula stands for.
struct Variable {
  enum class Kind : std::uint8_t { path, resource, builtin };
  Kind kind = Kind::path;
  std::string name;
  SourcePath path;           // path
  std::size_t resource = 0;  // resource: index of its rule
};

/// "= FHIRPath"
struct Formula {
  fhir::path::Expression expression;
  std::vector<Variable> variables;
  bool fixed = false;  // of the site and the time of the run alone: the same for every spot
};

struct Test {
  enum class Kind : std::uint8_t { valued, absent, one_of, none_of, formula };
  Kind kind = Kind::valued;
  SourcePath path;
  std::vector<std::string> words;  // one_of, none_of
  std::optional<Formula> formula;
};

/// `when:` and `if:`
struct Condition {
  bool any = false;  // one of the tests suffices; else all must hold
  std::vector<Test> tests;
};

struct Lookup {
  enum class Unmapped : std::uint8_t { error, keep, code, omit };
  std::shared_ptr<const Table> table;
  std::size_t column = 0;
  Unmapped unmapped = Unmapped::error;
  std::string code;  // Unmapped::code
};

/// `back:` of a leaf: what the way back (unmaker.h) does where it does not follow from the rule itself.
struct Back {
  bool never = false;                                // the value is left out on the way back
  bool first = false;                                // of several rules that may have made the value, before the others
  bool last = false;                                 // after the others
  bool plain = false;                                // of a `whole:` text: separators in it are text
  std::vector<SourcePath> to;                        // where it goes; empty: where it came from
  std::optional<fhir::path::Expression> expression;  // over the value: the local text
};

/// One primitive value.
struct Leaf {
  std::vector<SourcePath> from;  // the first that is present; empty with no formula and constant: the spot itself
  std::optional<Formula> formula;
  std::optional<std::string> constant;
  std::optional<std::string> refusal;   // `refuse:`: there is no value, and the record is not carried
  std::optional<std::string> fallback;  // `default:`
  const Reader* reader = nullptr;
  std::optional<Lookup> lookup;
  std::string_view type;  // FHIR primitive; empty: text as it is (targets that are not FHIR)
  std::optional<fhir::Primitive> primitive = std::nullopt;  // the same
  std::string_view value_set;                               // R4 demands a code of it; empty: any
  bool whole = false;                                       // the node's whole text, separators included
  std::optional<Back> back;
  bool reject = false;  // a value that cannot be carried stops the run: nothing of this kind may be lost
};

/// `measure:` on a Quantity: comparator, value and, where reading changed them, the original text.
struct MeasureRule {
  SourcePath from;
};

struct Member {
  std::string name;
  bool repeats = false;  // written as an array
  bool splice = false;   // the node makes objects whose members are put here (choice elements)
  std::unique_ptr<Node> node;
};

struct Object {
  std::vector<Member> members;
  /// Elements that R4 demands here; without them the record cannot be carried.
  struct Mandatory {
    std::string_view name;
    bool choice = false;  // "value" of value[x]
  };
  std::vector<Mandatory> mandatory;
  std::optional<MeasureRule> measure;
  bool extension = false;  // its url alone says nothing: not made without a value or extensions
};

/// Several rules, each adding its values.
struct Sequence {
  std::vector<Node> nodes;
};

/// The first that makes something.
struct First {
  std::vector<Node> nodes;
  bool same_value = false;  // alternatives are places of the same thing: equal ones count as carried with the first
  bool back_all = false;    // `back: all`: the way back writes to all of them whose segment or row is there anyway
};

struct Switch {
  SourcePath on;
  struct Branch {
    std::vector<std::string> labels;
    std::unique_ptr<Node> node;
  };
  std::vector<Branch> branches;
  std::unique_ptr<Node> otherwise;  // may be null
};

struct Branch {
  Condition condition;
  std::unique_ptr<Node> then, otherwise;  // otherwise may be null
};

/// A Reference to resources that this map makes.
struct Reference {
  std::size_t resource = 0;
  bool all = false;
  Object more;  // display and the like beside `ref:`
};

/// A resource that is made where it is referred to (`use:` of a sub-map that makes a resource, in a Reference). Shared
/// by all places that use the sub-map as it stands.
struct Inline {
  std::string_view type;       // FHIR resource type
  std::vector<Node> identity;  // its values; empty: what is the same in all its elements is the same
  std::unique_ptr<Node> body;  // an Object
};

struct Node {
  /// Where none of these leads anywhere the node makes nothing and says nothing (needs.h); nullptr: not known.
  std::shared_ptr<const PathSet> needs = nullptr;
  Mark mark;
  std::string id;         // rule id; by default the target path
  bool required = false;  // the object around it is not made without it
  bool may_lack = false;  // a rule in it that may be taken is required by the object around: it is not skipped
  std::optional<Condition> when;
  std::optional<SourcePath> enter;  // the spot the node is made at, when it is not that of the node around it
  bool each = false;                // at every spot `enter` leads to, not only the first
  std::variant<std::monostate, Leaf, Object, Sequence, First, Switch, Branch, Reference, std::shared_ptr<const Inline>,
               fhir::JsonTree>
      what;
};

/// A part of an identity: a text, or the identity of another resource.
struct IdentityPart {
  std::optional<std::size_t> resource;
  bool constant = false;
  Node value;
};

/// One entry of `resources:`.
struct ResourceRule {
  std::string name;
  std::string type;  // FHIR resource type
  Mark mark;
  std::optional<Condition> when;
  std::optional<std::size_t> context;  // made once for each of its spots; none: once for the record
  std::vector<IdentityPart> identity;
  Node body;
  std::vector<SourcePath> keep;
};

/// What the `each:` of a resource walks over. With a name (`each: ORDER_OBSERVATION as order`) others can be made in it
/// (`each: order`) or inside it (`each: order.OBSERVATION`); who shares a spot belongs together, for `ref:`.
struct Context {
  std::string name;
  std::optional<std::size_t> around;
  SourcePath each;
};

/// A field of the source that is knowingly not carried, with the reason.
struct Ignored {
  SourcePath path;
  std::string reason;
  Mark mark;
};

/// Top level `back:` of a map to FHIR: what the way back writes that no rule reads. Where something already stands it
/// stays.
struct Completion {
  enum class What : std::uint8_t { number, copy, constant, formula };
  What what = What::number;
  std::optional<SourcePath> each;  // segments: once for each that holds anything; none: once for the record
  SourcePath to;
  SourcePath from;       // copy
  std::string constant;  // constant
  std::optional<Formula> formula;
  Mark mark;
};

/// `let:` of a map from FHIR.
struct Let {
  std::string name;
  SourcePath path;
};

enum class Format : std::uint8_t { fhir, hl7v2, json, row, csv, xml };

/// One segment or a group of segments of an HL7 v2 target.
struct SegmentRule {
  Node each;                          // `each:` and `when:` around it; makes nothing itself
  std::string segment;                // empty: a group
  Node fields;                        // of the segment
  std::vector<SegmentRule> segments;  // of the group
};

struct Plan {
  std::string name;
  std::vector<std::string> files;  // that marks refer to
  Format source = Format::hl7v2, target = Format::fhir;
  std::shared_ptr<const Dialect> dialect;  // of the source; the bound paths are its
  std::vector<std::string> accept;
  std::string charset;
  rows::Shape shape;                              // of row records
  std::shared_ptr<const xml::Skeleton> skeleton;  // of XML documents that are written; nullptr: they are only read
  std::vector<Context> contexts;
  std::vector<ResourceRule> resources;  // to FHIR
  std::size_t header = 0;               // which of them is the MessageHeader
  std::vector<Let> lets;                // from FHIR
  std::vector<SegmentRule> segments;    // to HL7 v2
  std::optional<Node> json;             // to JSON
  std::vector<SourcePath> keep;
  std::vector<Ignored> ignored;
  std::vector<Completion> back;
  std::map<std::string, std::shared_ptr<const Table>> tables;  // all that its rules use, by name
};

}  // namespace adapters::map
