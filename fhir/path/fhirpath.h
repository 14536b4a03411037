// FHIRPath 2.0 (N1) as FHIR R4 uses it (hl7.org/fhirpath/N1, hl7.org/fhir/R4/fhirpath.html), with the newer functions
// named in functions.h. Parse once to an immutable program, evaluate from any thread. Decimals are exact and keep their
// digits; dates keep their precision. A program never touches socket, clock or disk: now(), resolve() and variables
// come from the Environment. Extensions to the grammar: letters of any script in names (%姓名), and a keyword as a
// member name after a dot (text.div).
//
// Errors: `code` is "fhirpath.syntax" or "fhirpath.semantic" from compile(), "fhirpath.execution" from evaluation and
// "fhirpath.budget" (Fault::too_large) past the budget; `where` is "LINE:COLUMN" in the expression, in characters
// from 1. `say` may name parts of the expression, never values of the data.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/json.h"
#include "fhir/result.h"

namespace fhir::path {

/// One item of a collection: an element of a document (with its FHIR type) or a system value.
struct Item {
  enum class Kind : std::uint8_t { node, boolean, integer, decimal, string, date, datetime, time, quantity, type_info };
  Kind kind = Kind::string;  // of a primitive from a document: the System type it stands for
  JsonView node{};           // Kind::node; also set for a primitive that came from a document
  JsonView twin{};           // the `_element` twin that holds id and extensions of a primitive; may be absent
  std::string_view type{};   // FHIR type name ("HumanName", "code") or System type ("Boolean"); static storage
  std::string text{};        // the value of every scalar kind, as written; for quantity the number
  std::string unit{};        // quantity: UCUM code or calendar word
  std::string path{};        // element path with indexes, "Patient.name[0].given[1]"; empty for computed values
};

using Collection = std::vector<Item>;

struct Environment {
  /// Values of %name; return nullptr for an unknown one (that is an execution error). Names arrive without '%' and
  /// quotes. Asked before the standard ones (%sct, %loinc, %ucum, %resource, %context, %`vs-...`, %`ext-...`).
  std::function<const Collection*(std::string_view name)> variable{};
  /// Where a Reference leads; an absent view when unknown. "#id" of a contained resource is found without it.
  std::function<JsonView(std::string_view reference)> resolve{};
  std::string now{};         // an instant, for now(), today(), timeOfDay(); empty: those are an error
  JsonView resource{};       // %resource; default: the focus's own document root
  JsonView root_resource{};  // %rootResource
  /// as() and `as` keep what fits of many items, which is how R4's own invariants (dom-3) and search parameters use
  /// them; otherwise many items are an error, as FHIRPath says.
  bool as_filters = false;
  bool empty_holds = false;         // for holds(): an invariant that has nothing to say of an element is not broken
  std::uint64_t steps = 1'000'000;  // budget: past it the evaluation is an error of kind too_large
  std::size_t memory = 64u << 20;   // bytes, the same; how deep an evaluation recurses is bounded by the parser
};

struct CompileOptions {
  /// Faults that the definitions show before it runs are errors: an element that a type has not, the name of another
  /// type than the context, an order asked of what has none, operands and arguments of types that never fit (typing.h).
  bool strict = false;
  /// The FHIR type of the focus ("Patient"); empty: not known. Unless strict it only makes evaluations of such faster.
  std::string_view context{};
};

struct Program;
struct Place;
class Arena;

/// An item as it lies in a Workspace: views instead of copies, otherwise as Item.
struct ItemView {
  Item::Kind kind = Item::Kind::string;
  JsonView node{};
  JsonView twin{};
  std::string_view type{};
  std::string_view text{};
  std::string_view unit{};
  const Place* place = nullptr;
  std::string path() const;
};

/// The memory of evaluations, one after the other: what one gave is valid until the next begins or the Workspace ends.
/// After the first few nothing is allocated. For one thread at a time.
class Workspace {
 public:
  Workspace();
  ~Workspace();
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;

 private:
  friend class Expression;
  std::unique_ptr<Arena> arena_;
};

class Expression {
 public:
  static Result<Expression> compile(std::string_view text, const CompileOptions& options = {});
  Expression(const Expression&);
  Expression(Expression&&) noexcept;
  Expression& operator=(Expression) noexcept;
  ~Expression();

  Result<Collection> evaluate(JsonView focus, const Environment& environment = {}) const;
  Result<Collection> evaluate(const Collection& focus, const Environment& environment) const;
  /// The same for who looks at the result and goes on: nothing is copied.
  Result<std::span<const ItemView>> evaluate(JsonView focus, const Environment& environment,
                                             Workspace& workspace) const;
  /// truth(evaluate(...)) without building the items: for criteria, invariants and routes.
  Result<bool> holds(JsonView focus, const Environment& environment = {}) const;
  Result<bool> holds(const Item& focus, const Environment& environment) const;
  Result<bool> holds(const Item& focus, const Environment& environment, Workspace& workspace) const;
  /// Names of the external constants (%name) it uses, so that a loader can check them.
  const std::vector<std::string>& variables() const;
  std::string_view text() const;

 private:
  explicit Expression(std::shared_ptr<const Program> program);
  std::shared_ptr<const Program> program_;
};

/// FHIRPath's rule for criteria: empty is false, a single boolean is itself, any other single item is true.
Result<bool> truth(const Collection& collection);
/// The first item's text, or "".
std::string text_of(const Collection& collection);

}  // namespace fhir::path
