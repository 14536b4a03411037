// The search parameters of one resource type with their expressions compiled: what keys.cpp runs. Immutable, safe from
// any thread.
#pragma once
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "fhir/definitions/search_parameters.h"
#include "fhir/path/fhirpath.h"
#include "fhir/result.h"

namespace fhir::search {

/// One side of a union, and the type that a `where(resolve() is Patient)` at its end asks for.
struct Branch {
  path::Expression expression;
  std::string_view target;  // empty: any
};

struct PlannedComponent {
  SearchType type;
  path::Expression expression;
};

struct PlannedParameter {
  std::string_view code;
  SearchType type;
  std::vector<Branch> branches;
  std::vector<PlannedComponent> components;
};

class Plan {
 public:
  /// Of the parameters that apply to the type; `by_url` finds what a composite's components name. The Plan refers to
  /// their texts.
  using ByUrl = std::function<const SearchParameter*(std::string_view url)>;
  static Result<Plan> make(std::string_view type, std::span<const SearchParameter* const> parameters,
                           const ByUrl& by_url);

  std::span<const PlannedParameter> parameters() const { return parameters_; }  // by code

 private:
  std::vector<PlannedParameter> parameters_;
};

/// The sides of a union at the top of an expression; one when it is none.
std::vector<std::string_view> union_sides(std::string_view expression);

}  // namespace fhir::search
