// A FHIR message Bundle as the source of a map to a local form, or a document in a dialect of FHIR as that of a map to
// FHIR. Paths are FHIRPath, evaluated at the spot of the enclosing `each:` (at top level: the Bundle); %names are those
// of `let:`. resolve() stays inside the Bundle.
//
// A spot is a place in the Bundle, or a value that FHIRPath computed (which stands nowhere). Leaves are the primitive
// values of the resources; what only holds the Bundle together (resourceType, id, references, meta) is no value.
#pragma once
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "adapters/source.h"
#include "fhir/json.h"
#include "fhir/path/fhirpath.h"

namespace adapters::map {

/// Refuses what does not parse, an unknown %name (map.unknown-name) and an element name that no R4 type has.
/// Error.where is the place in the expression.
class FhirDialect final : public Dialect {
 public:
  explicit FhirDialect(std::vector<std::string> names) : names_(std::move(names)) {}
  Result<std::unique_ptr<BoundPath>> bind(std::string_view path, const BoundPath* within) const override;

 private:
  std::vector<std::string> names_;
};

/// One run owns it; not thread-safe, because find() remembers what it computed.
class FhirSource final : public Source {
 public:
  FhirSource(fhir::Json bundle, std::string now);
  FhirSource(const FhirSource&) = delete;  // %names look into this very object
  FhirSource& operator=(const FhirSource&) = delete;

  /// Gives %name its value: what `path` finds from the root.
  void define(const std::string& name, const BoundPath& path);
  void define(const std::string& name, std::string value);
  /// The first evaluation that failed, if any did (find() answered it with nothing).
  const std::optional<fhir::Error>& failure() const { return failure_; }

  Spot root() const override { return {}; }
  Spots find(const BoundPath& path, Spot from) const override;
  std::string text(Spot spot) const override;
  std::string whole(Spot spot) const override;
  std::string place(Spot spot) const override;
  Spots leaves(Spot spot) const override;

 private:
  struct Leaf {
    fhir::JsonView node;
    std::string place;
  };
  void index(fhir::JsonView node, std::string place, std::string_view key);
  std::optional<std::size_t> leaf_of(fhir::JsonView node) const;
  void collect(fhir::JsonView node, Spots& out) const;
  fhir::path::Collection evaluate(const BoundPath& path, Spot from) const;
  Spot spot_of(fhir::path::Item item) const;

  fhir::Json bundle_;
  fhir::path::Environment environment_;
  std::map<std::string, fhir::path::Collection, std::less<>> variables_;
  std::vector<Leaf> leaves_;
  std::unordered_multimap<const char*, std::size_t> by_text_;  // where a leaf's text stands in memory -> its number
  mutable std::vector<fhir::path::Item> items_;                // everything found so far; spots count in it
  mutable std::optional<fhir::Error> failure_;
};

}  // namespace adapters::map
