// Operators on collections: equality and equivalence, comparison, membership, types and arithmetic (N1 §6), with the
// three-valued results they have. Errors go to the evaluator.
#pragma once
#include <compare>
#include <cstdint>
#include <optional>

#include "fhir/path/evaluator.h"

namespace fhir::path {

/// What a comparison costs: the elements looked at, to be charged by whoever asked for it.
using Work = std::uint64_t;

/// `=` of two items; nothing when unknown (a date against a more precise one).
std::optional<bool> equals(const Value& a, const Value& b, Work& work);
/// `~` of two items.
bool equivalent(const Value& a, const Value& b, Work& work);
/// The order of two items; nothing when unknown, an error when the types have none.
std::optional<std::partial_ordering> order(Evaluator& evaluator, const Step& step, const Value& a, const Value& b);
/// True when an equal item is in `values`. Pays per comparison.
bool holds(Evaluator& evaluator, const Step& step, const Values& values, const Value& item);
/// `values` and then what of `more` is not there yet, each item once.
Values unite(Evaluator& evaluator, const Step& step, const Values& values, const Values& more);

Values apply_operator(Evaluator& evaluator, const Step& step, const Values& left, const Values& right);
/// The items of the type or of one derived from it.
Values of_type(Arena& arena, const Values& items, const TypeSpecifier& type);
/// `is` and `as`, of the type that step.data names.
Values type_operator(Evaluator& evaluator, const Step& step, Op op, const Values& input);
Values polarity(Evaluator& evaluator, const Step& step, const Values& input);

}  // namespace fhir::path
