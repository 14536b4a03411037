// An HL7 v2 message that is being written by paths (adapters/writable.h): segments and groups come into being where the
// structure of its kind has them, and are written out in the structure's order.
//
// A path means the same place as in source.h. Where there is nothing yet: a segment is made in the innermost group in
// reach that can have it; a group that repeats is begun anew when the one before has no room left; NTE and PRT go to
// the very group that is open; segments that the structure does not know to the end of the group. Of a path that leads
// to several places the n-th is the n-th segment where the segment or its group repeats, else the n-th repetition.
#pragma once
#include <memory>
#include <string_view>

#include "adapters/writable.h"

namespace adapters::hl7v2 {

/// An empty message of this kind ("ORU^R01"). Only paths bound by make_dialect may be used with it.
std::unique_ptr<Writable> make_writable(std::string_view kind);

}  // namespace adapters::hl7v2
