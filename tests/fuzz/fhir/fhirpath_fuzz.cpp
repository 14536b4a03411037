// Any bytes as a FHIRPath expression, and what compiles is evaluated over a small document. Promises under attack: no
// crash, no stack overflow, an end within the budget, a place for every refusal, valid UTF-8 in every answer.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "fhir/path/fhirpath.h"
#include "fhir/path/utf8.h"

namespace {

const fhir::Json& document() {
  static const fhir::Json json = *fhir::Json::parse(
      R"({"resourceType":"Patient","id":"p","active":true,"birthDate":"1974-12-25","_birthDate":{"id":"b"},)"
      R"("name":[{"use":"official","family":"张","given":["三",null],"_given":[null,{"id":"g"}]}],"multipleBirthInteger":2,)"
      R"("extension":[{"url":"u","valueQuantity":{"value":1.50,"unit":"mg","system":"http://unitsofmeasure.org","code":"mg"}}],)"
      R"("contained":[{"resourceType":"Organization","id":"o"}],"managingOrganization":{"reference":"#o"}})");
  return json;
}

void require(bool promise) {
  if (!promise) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const fhir::Result<fhir::path::Expression> expression = fhir::path::Expression::compile(text);
  if (!expression) {
    require(!expression.error().where.empty() && !expression.error().say.empty());
    return 0;
  }
  fhir::path::Environment environment;
  environment.now = "2026-03-01T09:05:07.250+08:00";
  environment.steps = 20'000;
  const fhir::Result<fhir::path::Collection> items = expression->evaluate(document().root(), environment);
  const fhir::Result<bool> holds = expression->holds(document().root(), environment);
  if (!items) {
    require(!holds && !items.error().where.empty());
    return 0;
  }
  require(holds.has_value() == fhir::path::truth(*items).has_value());
  for (const fhir::path::Item& item : *items) require(fhir::path::is_utf8(item.text));
  return 0;
}
