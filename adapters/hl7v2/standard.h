// What the HL7 v2 standard knows by name: segments, and how many fields each has in the newest version (2.9), so that a
// path which cannot exist is found when a map is loaded. Tables only; any thread.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace adapters::hl7v2 {

/// A segment of the standard (not a Z segment).
bool is_standard_segment(std::string_view name);
/// The highest field number of a segment; 0 when it has no fixed number or is not known.
std::size_t most_fields(std::string_view segment);
/// The standard segment whose name is nearest to a mistyped one; empty when none is near.
std::string_view nearest_segment(std::string_view name);

}  // namespace adapters::hl7v2
