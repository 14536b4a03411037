// What the package says of codes, while the pack is compiled: its code systems, and the members of its value sets,
// worked out from their definitions (valueset.html#compositions). The views live as long as the documents they were
// read from.
#pragma once
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <vector>

#include "fhir/definitions/pack.h"
#include "fhir/json.h"

namespace fhir::pack {

struct KnownConcept {
  std::string_view display;
  std::vector<std::string_view> parents;
  bool abstract = false;
  JsonView definition;  // absent of a code that is only mentioned
};

struct KnownSystem {
  Content content = Content::mentioned;
  Case letter_case = Case::unsaid;
  std::map<std::string_view, KnownConcept> concepts;

  bool is_a(std::string_view code, std::string_view ancestor) const;
};

/// What a value set takes from one system.
struct Members {
  PartKind kind = PartKind::listed;
  std::set<std::string_view> codes;
};

using Composition = std::map<std::string_view, Members>;  // by system

class Vocabulary {
 public:
  void add_code_system(JsonView resource);
  void add_value_set(JsonView resource);
  /// A ValueSet with the expansion that the package gives.
  void add_expansion(JsonView resource);

  /// Once all is added: every value set by url.
  std::map<std::string_view, Composition> compose();
  /// By url; after compose() also those that are only mentioned in value sets.
  const std::map<std::string_view, KnownSystem>& systems() const { return systems_; }

 private:
  const Composition& composed(std::string_view url);
  Composition work_out(JsonView value_set);
  Composition included(JsonView include);
  Members from_system(JsonView include, KnownSystem& system);
  std::optional<std::set<std::string_view>> filtered(JsonView include, const KnownSystem& system) const;
  void exclude(JsonView what, Composition& from) const;
  Composition listed_in(JsonView expansion);

  std::map<std::string_view, KnownSystem> systems_;
  std::map<std::string_view, JsonView> value_sets_, expansions_;
  std::map<std::string_view, Composition> composed_;
};

}  // namespace fhir::pack
