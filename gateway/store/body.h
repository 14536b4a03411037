// Bodies at rest: one zstd frame each, with its content size and a checksum, so that a flipped bit is found and never
// delivered. Empty bytes have the empty frame. Pure, from any thread; the only file that knows zstd (RFC 8878).
#pragma once
#include <string>
#include <string_view>

#include "fhir/result.h"

namespace gateway::store {

inline constexpr std::size_t kLongestBody = 512u << 20;

/// `too_large` over kLongestBody, `unavailable` without memory.
fhir::Result<std::string> pack_body(std::string_view bytes);

/// The bytes exactly as they were packed, or `needs_person` when the frame is damaged.
fhir::Result<std::string> unpack_body(std::string_view frame);

}  // namespace gateway::store
