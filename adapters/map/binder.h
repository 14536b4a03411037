// Binds what a map writes about its source: paths, formulas ("= FHIRPath") and conditions. Faults go to their place,
// for FHIRPath to the character.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "adapters/map/faults.h"
#include "adapters/map/plan.h"
#include "adapters/map/yaml.h"
#include "adapters/source.h"

namespace adapters::map {

class Binder {
 public:
  Binder(Format format, const Dialect& dialect, Faults& faults) : format_(format), dialect_(dialect), faults_(faults) {}

  /// From now on formulas may use %name for that resource rule.
  void know_resource(std::string name, std::size_t index) { resources_.emplace(std::move(name), index); }

  /// `within`: the enclosing `each:`, or nullptr. Nothing: a fault was reported.
  std::optional<SourcePath> path(std::string_view text, Mark mark, const BoundPath* within);
  std::optional<SourcePath> path(const Yaml& scalar, const BoundPath* within);
  std::optional<Formula> formula(std::string_view text, Mark mark, const BoundPath* within);
  /// "OBR-15 valued", "OBX-2 = NM and OBX-5 not valued", "OBX-2 in NM, SN", "= FHIRPath"; maps from FHIR: FHIRPath.
  std::optional<Condition> condition(const Yaml& scalar, const BoundPath* within);

 private:
  std::optional<Variable> variable(const std::string& name, Mark mark, const BoundPath* within);
  std::optional<Test> test(std::string_view text, Mark mark, const BoundPath* within);

  Format format_;
  const Dialect& dialect_;
  Faults& faults_;
  std::map<std::string, std::size_t, std::less<>> resources_;
};

/// Where the text of a scalar begins: after its quote.
Mark text_mark(const Yaml& scalar);
Mark shifted(Mark mark, std::string_view by);
/// "= ..." is a formula: its text and place, or nothing.
struct FormulaText {
  std::string_view text;
  Mark mark;
};
std::optional<FormulaText> formula_text(const Yaml& scalar);

/// %names that every map has: the site's identifier base with and without its organisation, and the time of the run.
inline constexpr std::string_view kBuiltins[] = {"base", "now", "organization", "site"};

}  // namespace adapters::map
