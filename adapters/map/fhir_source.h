// A FHIR message Bundle as the source of a map to a local form. Paths are FHIRPath, evaluated at the spot of the
// enclosing `each:` (at top level: the Bundle); %names are those of `let:`. resolve() stays inside the Bundle.
//
// A spot is a place in the Bundle, or a value that FHIRPath computed (which stands nowhere). Leaves are primitive values;
// what only holds the Bundle together (resourceType, id, fullUrl, references, meta) is no value of the record.
#pragma once
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "adapters/source.h"
#include "fhir/json.h"
#include "fhir/path/fhirpath.h"

namespace adapters::map {

/// Refuses what does not parse, an unknown %name and an element name that no R4 type has. Error.where is the column.
class FhirDialect final : public Dialect {
 public:
  explicit FhirDialect(std::vector<std::string> names) : names_(std::move(names)) {}
  Result<std::unique_ptr<BoundPath>> bind(std::string_view path, const BoundPath* within) const override;

 private:
  std::vector<std::string> names_;
};

/// Not thread-safe: one run owns it.
class FhirSource : public Source {
 public:
  static std::unique_ptr<FhirSource> make(fhir::Json bundle, std::string now);
  /// Gives %name its value: what `path` finds from the root.
  virtual Result<void> define(std::string name, const BoundPath& path) = 0;
  virtual void define(std::string name, std::string value) = 0;
  /// The first evaluation that failed (budget, wrong types), if any did: find() then answered with nothing.
  virtual const std::optional<fhir::Error>& failure() const = 0;
};

}  // namespace adapters::map
