// A record in a file: its bytes without MLLP frame, decoded.
#pragma once
#include <filesystem>
#include <string>
#include <string_view>

#include "adapters/map/files.h"
#include "fhir/result.h"

namespace adapters::map {

/// map.file: cannot be read, too large, or its frame does not end. map.charset: no such charset (empty: UTF-8).
/// Otherwise what decode() says.
fhir::Result<std::string> read_record(const std::filesystem::path& file, std::string_view charset,
                                      const Files& files = disk());

}  // namespace adapters::map
