// A first map drawn from one record (`causeway map new`): what its names and the shape of its values suggest is written
// as rules, and every other field stands below in a comment, so that nothing is forgotten. No value of the record comes
// into the draft: a sample may be a person's.
#pragma once
#include <string>
#include <string_view>

#include "adapters/charset.h"
#include "adapters/map/plan.h"
#include "fhir/result.h"

namespace adapters::map {

/// By the file's name and first bytes: MSH, {"table": ..., "row": ...}, other JSON, else CSV.
Format format_of(std::string_view record);

/// The map's text, called `name`, for records in this charset (`record` is decoded). Errors: those of the format's
/// reader; map.draft for a format that is not local.
fhir::Result<std::string> draft(std::string_view record, Format format, std::string_view name,
                                Charset charset = Charset::utf8);

}  // namespace adapters::map
