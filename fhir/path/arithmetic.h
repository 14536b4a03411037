// + - * / div mod & on single items (N1 §6.6): integers within 32 bits, exact decimals, quantities, dates and times
// with durations, strings. Overflow and division by zero give nothing.
#pragma once
#include <optional>

#include "fhir/decimal.h"
#include "fhir/path/evaluator.h"

namespace fhir::path {

Values arithmetic(Evaluator& evaluator, const Step& step, const Value& left, const Value& right);

/// The number of an integer, decimal or quantity.
std::optional<Decimal> decimal_of(const Value& value);
Value decimal_value(Arena& arena, const Decimal& value);
/// An integer value when the number is whole and within 32 bits; nothing otherwise.
Values integer_value(Evaluator& evaluator, const std::optional<Decimal>& value);

}  // namespace fhir::path
