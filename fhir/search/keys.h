// Search keys: what an index holds of a resource so that a search finds it, one key for each value of each search
// parameter. docs/KEYS.md says what each is; search.html is the standard behind it.
//
// A Parameters holds the search parameters in force, R4's own and those added. Its expressions are compiled once for
// each resource type, at the first resource of the type. Adding is for the start; after that every function is safe
// from any thread. Keys refer to the resource's text and to the Parameters: both must outlive them.
#pragma once
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "fhir/definitions/search_parameters.h"
#include "fhir/json.h"
#include "fhir/result.h"
#include "fhir/search/ranges.h"

namespace fhir::search {

struct Token {
  std::string_view system, code;  // either may be empty
  bool operator==(const Token&) const = default;
};

struct Reference {
  std::string_view target{};                           // "Patient/f001"
  std::string_view url{}, version{};                   // or an absolute one
  std::string_view identifier_system{}, identifier{};  // or Reference.identifier
  bool operator==(const Reference&) const = default;
};

struct Text {
  std::string folded;
  std::string_view text;  // as written
  bool operator==(const Text&) const = default;
};

struct Canonical {  // in base units of UCUM
  NumberRange range;
  std::string unit;
  bool operator==(const Canonical&) const = default;
};

struct Quantity {
  NumberRange range;
  std::string_view system, code, unit;
  std::optional<Canonical> canonical;
  bool operator==(const Quantity&) const = default;
};

struct Uri {
  std::string_view uri;
  bool operator==(const Uri&) const = default;
};

struct Position {
  std::string_view latitude, longitude;
  bool operator==(const Position&) const = default;
};

struct Value;

struct Composite {
  std::vector<Value> parts;
  bool operator==(const Composite&) const = default;
};

struct Value : std::variant<Token, Reference, Text, Span, NumberRange, Quantity, Uri, Position, Composite> {
  using variant::variant;
};

struct Key {
  std::string_view parameter;  // its code: "birthdate"
  Value value;
  bool operator==(const Key&) const = default;
};

/// All keys of one resource.
struct Keys {
  std::vector<Key> all;
  std::deque<std::string> computed;  // texts that stand in no document, made by an expression; the keys refer to them
};

struct Options {
  int zone = 0;  // minutes east of UTC, of dates that name no zone
};

class Plan;

class Parameters {
 public:
  Parameters();  // R4's own
  ~Parameters();
  /// A SearchParameter resource of one's own; one with the url of another takes its place. Errors: search.parameter (it
  /// is none, or lacks what it needs), search.component (names a parameter that is not here), and those of FHIRPath;
  /// `where` is the element or the place in the expression.
  Result<void> add(JsonView search_parameter);
  /// The keys, by parameter in byte order, then in the order of the document; the same key once. Errors:
  /// search.resource (no type of R4), and an expression past its budget, `where` being the parameter.
  Result<Keys> keys(JsonView resource, const Options& options = {}) const;

 private:
  struct Own;
  const SearchParameter* find(std::string_view url) const;
  Result<const Plan*> plan_of(std::string_view type) const;

  std::vector<std::unique_ptr<Own>> own_;
  mutable std::mutex mutex_;
  mutable std::map<std::string_view, std::unique_ptr<const Plan>> plans_;  // by type
};

/// The key as docs/KEYS.md writes it, a line of JSON without its end.
std::string to_json(const Key& key);

}  // namespace fhir::search
