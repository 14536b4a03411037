// FHIRPath text to Program (grammar: hl7.org/fhirpath/N1/grammar.html). Never throws; bounded recursion and size.
#pragma once
#include <cstddef>
#include <memory>
#include <string_view>

#include "fhir/path/program.h"
#include "fhir/result.h"

namespace fhir::path {

inline constexpr std::size_t kMaxExpressionBytes = 256 * 1024;
inline constexpr int kMaxNesting = 200;

/// `context` is the type of the focus, nullptr when it is not known.
Result<std::shared_ptr<const Program>> parse(std::string_view text, const Shape* context = nullptr);

}  // namespace fhir::path
