// XML behind the map engine's view (adapters/source.h): what a vendor's platform posts, and CDA documents.
//
// Paths. `patient/name`, `patient/@id`: child elements and attributes by their local names, whatever their namespaces.
// An element stands for all of that name. `entry[2]` is the second (from 1); `id[@root='2.16.156.10011.1.3']` those
// whose attribute, or `section[code/@code='10160-0']` whose path, has that value; `id[@root]` those that have one.
// Several stand one behind the other and hold each on what the one before left. `*` is any element. Paths are relative:
// inside an `each: patient/diag`, `code` is the diagnosis'; `.` is the element itself; `/Request/Header/MsgId` starts
// at the top, with the root's name, and so does a path outside of any `each:` without the first slash and the root.
//
// Leaves are the attributes that are not empty, and an element's own text that is not blank. Declarations of namespaces
// and what XML Schema instances say (xsi:...) are no values, but can be asked for. The text of an element is its own;
// its `whole` text is that of everything within it, in document order, with line breaks between elements (a section's
// narrative).
//
// What is refused is refused by fhir/xml_events.h: a DOCTYPE and with it every entity, too deep, too large. The text is
// UTF-8 already, so an encoding that the document declares is taken away first: bytes are decoded by configuration.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "adapters/source.h"
#include "fhir/result.h"
#include "fhir/xml_events.h"

namespace adapters::xml {

/// Without samples only the form of a path is checked. With sample documents each name of a path must stand in one of
/// them where it says; what conditions choose by value may be missing there. A sample that is no XML counts for
/// nothing.
std::unique_ptr<Dialect> make_dialect(std::vector<std::string> samples = {});

/// The document as a record; errors are those of read_xml.
Result<std::unique_ptr<Source>> make_source(std::string utf8, const fhir::XmlLimits& limits = {16u << 20, 100});

/// `<?xml version="1.0" encoding="GBK"?>` of a text that is UTF-8 by now: without its encoding. Blanks stand in its
/// place, so places stay where they are.
std::string without_encoding(std::string utf8);

}  // namespace adapters::xml
