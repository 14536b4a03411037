// A message Bundle on its way back to a local record: its resources, where references lead, and which rule of the map
// made each. The rules' resources come in the order of the rules, as maps write them; behind them those that were made
// where they are referred to. Immutable once dealt; one run owns it.
#pragma once
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/map/inverse.h"
#include "adapters/map/plan.h"
#include "fhir/json.h"

namespace adapters::map {

class BackBundle {
 public:
  explicit BackBundle(fhir::Json bundle);

  std::size_t size() const { return entries_.size(); }
  fhir::JsonView root() const { return bundle_.root(); }
  fhir::JsonView resource(std::size_t index) const { return entries_[index].resource; }
  std::string_view type(std::size_t index) const { return entries_[index].type; }
  /// "Patient[2]": how a person finds it.
  std::string place(std::size_t index) const;
  /// Where a Reference leads in the Bundle.
  std::optional<std::size_t> find(std::string_view reference) const;

  /// Says of every resource which rule made it. `fits` answers how well a rule fits one, below 0 for not at all; it is
  /// asked only where several rules make resources of one type.
  using Fits = std::function<int(std::size_t rule, std::size_t resource)>;
  void deal(const Plan& plan, const Fits& fits);
  /// Nothing: it was made where it is referred to, or by no rule at all.
  std::optional<std::size_t> rule_of(std::size_t index) const { return entries_[index].rule; }

  /// Where the resources of a context stood together: for each context a list of groups of resources, in their order.
  struct Standing {
    std::size_t context = 0;
    std::optional<std::size_t> around;  // index in the list of the context around
    std::size_t first = 0;              // resource that stood there first
  };
  /// `standing_of(resource)` is where it stands in its own rule's context.
  struct Standings {
    std::vector<Standing> all;  // outer ones before inner ones
    std::vector<std::optional<std::size_t>> of_resource;
  };
  Standings standings(const Plan& plan, const Inverse& inverse) const;

 private:
  struct Entry {
    fhir::JsonView resource;
    std::string_view type, full_url;
    std::optional<std::size_t> rule{};
  };
  fhir::Json bundle_;
  std::vector<Entry> entries_;
  std::map<std::string, std::size_t, std::less<>> by_url_;
};

}  // namespace adapters::map
