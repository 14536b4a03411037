// What HL7 v2 calls its fields, for people who look at a message. A table only; any thread.
#pragma once
#include <cstddef>
#include <string_view>

namespace adapters::hl7v2 {

/// "Patient Name" for PID, 5; empty where no name is known here.
std::string_view field_name(std::string_view segment, std::size_t field);

}  // namespace adapters::hl7v2
