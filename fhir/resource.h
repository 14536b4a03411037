// A resource as it arrives: JSON or XML, told apart by its first character, and the same document from either.
// Pure, safe from any thread.
#pragma once
#include <string>

#include "fhir/xml.h"

namespace fhir {

/// Errors: those of Json::parse and from_xml.
Result<XmlResource> read_resource(std::string text);

}  // namespace fhir
