// An XML document that is being written by paths (adapters/writable.h), in the frame of a skeleton: a document that has
// what never changes, and `?` where a value goes.
//
//   <id root="2.16.156.10011.1.33" extension="?"/>      a value of an attribute
//   <name>?</name>                                       a text
//   <entry repeat="?"><organizer>...                     as many as the record has, each like this one
//
// An element that holds a `?` stands in the document only when a value was written somewhere in it; one that holds none
// always stands. A path's conditions choose among what is there: `id[@root='1.2']/@extension` writes into the id of
// that root. Where the skeleton has no place for a path, its elements are made at the end of the element around them,
// with what their conditions by value say; not behind `//` or `*`.
#pragma once
#include <memory>
#include <string>

#include "adapters/writable.h"
#include "fhir/result.h"

namespace adapters::xml {

class Skeleton;

/// Errors are those of read_xml, with "line:column". Shared by runs on any thread.
Result<std::shared_ptr<const Skeleton>> read_skeleton(std::string utf8);

/// Is its root an element of urn:hl7-org:v3?
bool is_hl7_v3(const Skeleton& skeleton);

/// Only paths bound by make_dialect (xml_source.h) may be used with it. encode() gives UTF-8 with an XML declaration,
/// its namespaces as the skeleton has them; what a text or attribute may not hold (XML 1.0, 2.2) is refused by write().
std::unique_ptr<Writable> make_writable(std::shared_ptr<const Skeleton> skeleton);

}  // namespace adapters::xml
