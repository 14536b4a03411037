#include "fhir/resource.h"

namespace fhir {

Result<XmlResource> read_resource(std::string text) {
  if (looks_like_xml(text)) return from_xml(std::move(text));
  auto json = Json::parse(std::move(text));
  if (!json) return pass(json);
  return XmlResource{*std::move(json), {}};
}

}  // namespace fhir
