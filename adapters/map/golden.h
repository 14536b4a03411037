// What a test expects to be made as a whole, compared place by place.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "fhir/json.h"

namespace adapters::map {

/// One place at which two documents differ.
struct Difference {
  std::string path;                  // entry[2].resource.status
  std::size_t line = 0, column = 0;  // in the golden: of the value, or of what should hold it
  std::string say;
};

/// `ignored`: places that do not count, with all below them. Written from the top (`timestamp`, `Bundle.entry.fullUrl`)
/// or from a resource (`Patient.meta`); without [n] every item is meant, and `*` is any name.
std::vector<Difference> differences(fhir::JsonView golden, fhir::JsonView made,
                                    const std::vector<std::string>& ignored);

}  // namespace adapters::map
