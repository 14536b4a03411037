// Which segments a path means from where it stands: the rules of "reach" in source.h.
#pragma once
#include <cstdint>
#include <vector>

#include "adapters/hl7v2/groups.h"
#include "adapters/hl7v2/source_path.h"

namespace adapters::hl7v2 {

/// The segments a path names, in document order, seen from a group instance.
std::vector<std::uint32_t> segments_in_reach(const Message& message, const Groups& groups, const SourcePath& path,
                                             std::uint32_t instance);
/// The same for the segments of a name alone.
std::vector<std::uint32_t> segments_in_reach(const Groups& groups, NameKey name, std::uint32_t instance);
/// The group instances a path names, in document order, seen from a group instance.
std::vector<std::uint32_t> groups_in_reach(const Groups& groups, const SourcePath& path, std::uint32_t instance);

}  // namespace adapters::hl7v2
