// What an expression gives, as far as the definitions tell before it runs; and what can never be right. Some faults are
// told of every expression: a criterion of iif() that is no truth value, a string function on an element of a complex
// type. Strict checking tells more: an element that the type has not (also a choice by its JSON name), the name of
// another type than the focus, a type that a choice has not, an order asked of what has none (children().skip(1)),
// criteria that are no truth values or may be several, operands and arguments of the wrong types. What is not known is
// right. Pure; safe from any thread.
#pragma once
#include <string_view>

#include "fhir/path/program.h"
#include "fhir/result.h"

namespace fhir::path {

struct Typing {
  bool strict = false;
  const Shape* context = nullptr;  // the type of the focus; nullptr: not known
};

/// The first fault in the order of evaluation, with code "fhirpath.semantic" and its place.
Result<void> check_types(const Program& program, const Typing& typing);

}  // namespace fhir::path
