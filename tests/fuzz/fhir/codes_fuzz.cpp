// Any bytes as a code of each grammar: a unit of UCUM, a MIME type, a language tag, a time zone; and as text to fold.
// Promises under attack: no crash, a place for every refusal, what a unit comes to can be written and compared, and a
// text that was folded stays as it is when folded again.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "fhir/definitions/standards.h"
#include "fhir/path/utf8.h"
#include "fhir/text.h"
#include "fhir/ucum.h"

namespace {

void require(bool promise) {
  if (!promise) std::abort();
}

void check_unit(std::string_view code) {
  const fhir::Result<fhir::Unit> unit = fhir::read_ucum(code);
  if (!unit) {
    require(unit.error().code.starts_with("ucum.") && !unit.error().where.empty() && !unit.error().say.empty());
    return;
  }
  require(!unit->numerator.is_zero() && !unit->denominator.is_zero());
  const fhir::Result<fhir::Unit> base = fhir::read_ucum(unit->base_text());
  require(!base || base->measures_the_same(*unit));
  if (unit->is_ratio()) require(fhir::convert(fhir::Decimal(3), *unit, *unit) == fhir::Decimal(3));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_unit(text);
  for (const char* system : {"urn:ietf:bcp:13", "urn:ietf:bcp:47", "urn:iso:std:iso:4217", "urn:iso:std:iso:3166",
                             "urn:iso:std:iso:3166:-2", "https://www.iana.org/time-zones"})
    fhir::standard_has_code(system, text);
  if (!fhir::path::is_utf8(text)) return 0;
  const std::string folded = fhir::fold(text);
  require(fhir::path::is_utf8(folded) && fhir::fold(folded) == folded);
  return 0;
}
