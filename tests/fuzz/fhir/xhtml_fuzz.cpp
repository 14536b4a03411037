// Any text as a narrative: it is checked to the end, and its one form is a form of itself.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "fhir/xhtml.h"

namespace {

void require(bool promise) {
  if (!promise) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const fhir::XhtmlFinding& finding : fhir::check_xhtml(text)) require(!finding.say.empty());
  const auto tidy = fhir::tidy_xhtml(text);
  if (!tidy) {
    require(!fhir::check_xhtml(text).empty());
    return 0;
  }
  const auto again = fhir::tidy_xhtml(*tidy);
  require(again.has_value() && *again == *tidy);
  if (fhir::check_xhtml(text).empty()) require(fhir::check_xhtml(*tidy).empty());
  return 0;
}
