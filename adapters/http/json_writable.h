// A vendor's JSON document that is being written by paths (adapters/writable.h). A member becomes a list where a path
// says so (`[0]`, `[*]`), where an `each:` walks over it, or where it is named in `lists`. Values are written as text:
// whether a vendor's number had quotes is not known here.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "adapters/writable.h"

namespace adapters::http {

/// `lists`: members that are lists whatever is in them, by their path ("row.MS_CF02"). `root`: the member that paths
/// without `$.` start at ("row"); empty: the document. Only paths bound by make_dialect may be used with it.
std::unique_ptr<Writable> make_writable(std::vector<std::string> lists = {}, const std::string& root = {});

}  // namespace adapters::http
