// FHIR resources as XML, both ways and lossless (FHIR R4 xml.html): read, a resource is the same document as from JSON,
// with line and column of the XML; decimals keep their digits, order and narrative are kept, comments and processing
// instructions are not. Pure functions, safe from any thread.
#pragma once
#include <string>
#include <string_view>

#include "fhir/json.h"
#include "fhir/outcome.h"
#include "fhir/xml_events.h"

namespace fhir {

inline constexpr std::string_view kFhirSpace = "http://hl7.org/fhir";

struct XmlResource {
  Json resource;
  Issues issues;  // what XML alone can get wrong: order of elements, text between them; elements of no type are left to
                  // the validator, which finds them in `resource`
};

/// Errors: those of read_xml, and xml.namespace (the root is no FHIR element), xml.attribute, xml.resource, xml.xhtml.
Result<XmlResource> from_xml(std::string text, const XmlLimits& limits = {});

struct XmlStyle {
  bool pretty = false;  // an element a line, indented by two spaces; else one line
};

/// The document with its XML declaration; elements in the order of the standard. Errors: Error.where is the FHIRPath of
/// the element that R4 does not know or that is no value of its type; Error.code xml.cannot-write, xml.xhtml.
Result<std::string> to_xml(JsonView resource, XmlStyle style = {});

/// True when the text is XML rather than JSON, by its first character.
bool looks_like_xml(std::string_view text);

}  // namespace fhir
