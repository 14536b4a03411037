// Which nodes of a plan need not be walked: a record fills few of the elements that a map of a standard has rules for.
//
// A plan is walked once when it is loaded, as if no path led anywhere. What then makes nothing, refuses nothing and
// evaluates no formula gets the set of the paths that were asked for on the way (Node::needs): where none of them leads
// anywhere, the outcome of a run is the same without that node. Pure; nothing can fail.
#pragma once
#include "adapters/map/plan.h"

namespace adapters::map {

void find_needs(Plan& plan);

}  // namespace adapters::map
