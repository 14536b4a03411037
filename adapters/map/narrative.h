// The text of a FHIR narrative (XHTML, R4 narrative.html) for systems that show plain text.
#pragma once
#include <string>
#include <string_view>

namespace adapters::map {

/// Tags vanish; paragraphs, list items, table rows and <br/> end lines; entities become their characters; white space
/// is as a browser would show it. Whatever is no well-formed tag or entity stays as it is.
std::string narrative_text(std::string_view xhtml);

}  // namespace adapters::map
