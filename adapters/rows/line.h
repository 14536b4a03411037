// A row of an answer: everything crosses as text.
#pragma once
#include <optional>
#include <string>
#include <vector>

namespace adapters::rows {

using Value = std::optional<std::string>;  // nothing: NULL
using Line = std::vector<Value>;

}  // namespace adapters::rows
