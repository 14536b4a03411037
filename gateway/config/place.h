// From a place inside a value to its place in the file: a FHIRPath error at 1:17 of a quoted, escaped or folded YAML
// scalar is shown under its exact character.
#pragma once
#include <cstddef>
#include <string_view>

#include "adapters/map/yaml.h"

namespace gateway::config {

/// Where the character at `line`:`column` (from 1, in the value's own lines) of the scalar `node` stands in `file`, its
/// file's text in UTF-8. Past the end of the value: just after it.
adapters::map::Mark place_in_scalar(std::string_view file, const adapters::map::Yaml& node, std::size_t line,
                                    std::size_t column);

}  // namespace gateway::config
