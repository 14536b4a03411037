// Vendor JSON behind the map engine's view (adapters/source.h).
//
// Paths. `data.patient.name`, `data.diag[*].code`, `data.diag[0].code` (from 0); a name with other characters than
// letters, digits and `_` of any script goes between back-ticks: data.`first-name`. An array without [..] means each of
// its items. Paths are relative: inside an `each: data.diag`, `code` is that of the item; `.` is the item itself;
// `$.msgId` starts from the top. Leaves are strings that are not empty, numbers (with their digits) and booleans; null
// and "" hold nothing.
#pragma once
#include <memory>
#include <string>

#include "adapters/source.h"
#include "fhir/json.h"

namespace adapters::http {

/// Without a sample only the form of a path is checked.
std::unique_ptr<Dialect> make_dialect();
/// How faults speak of the sample and of a path.
struct Wording {
  std::string sample = "the sample";
  std::string example = "data.diag[*].code or $.msgId";
};
/// With a sample record a path must exist in it.
std::unique_ptr<Dialect> make_dialect(fhir::Json sample, Wording wording = {});
std::unique_ptr<Source> make_source(fhir::Json record);

}  // namespace adapters::http
