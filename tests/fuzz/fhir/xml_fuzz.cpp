// Whatever bytes come as XML: a document or an error with a place; what was read survives writing and reading, and the
// structure check comes to an end on it.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "fhir/validate/structure.h"
#include "fhir/xml.h"

namespace {

void require(bool promise) {
  if (!promise) std::abort();
}

void check_document(const fhir::XmlResource& read) {
  const std::string json = read.resource.root().dump();
  const auto as_json = fhir::Json::parse(json, {std::size_t{1} << 24, 400});
  require(as_json.has_value());
  require(fhir::validate::check_structure(read.resource.root(), {.most = 20}).size() <= 21);
  for (const bool pretty : {false, true}) {
    const auto xml = fhir::to_xml(read.resource.root(), {pretty});
    if (!xml) return require(!xml.error().say.empty());
    const auto again = fhir::from_xml(*xml, {std::size_t{1} << 24, 400});
    require(again.has_value());
    if (read.issues.empty()) require(again->resource.root().dump() == json);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto read = fhir::from_xml(std::string(reinterpret_cast<const char*>(data), size), {1u << 16, 64});
  if (read)
    check_document(*read);
  else
    require(!read.error().say.empty() && read.error().where.find(':') != std::string::npos);
  return 0;
}
