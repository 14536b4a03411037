// Whatever bytes come: the parser answers with a document or an error that has a place; a document survives writing and
// reading, as view and as tree; and the structure check comes to an end on it.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "fhir/json.h"
#include "fhir/validate/structure.h"

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

void check_error(const fhir::Error& error) {
  require(error.code.starts_with("json.") && !error.say.empty());
  require(error.code == "json.size" || error.where.find(':') != std::string::npos);
}

void check_document(const fhir::Json& json, const std::string& text) {
  const std::string written = json.root().dump();
  require(written.size() <= 6 * text.size());
  const auto again = fhir::Json::parse(written);
  require(again.has_value() && again->root().dump() == written);
  require(fhir::JsonTree::from(json.root()).dump() == written);
  const fhir::TextPlace place = json.root().place();
  require(place.line >= 1 && place.column >= 1 && place.column <= text.size());
  require(fhir::validate::check_structure(json.root(), {20}).size() <= 21);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto json = fhir::Json::parse(text, {1u << 16, 64});
  if (json)
    check_document(*json, text);
  else
    check_error(json.error());
  return 0;
}
