// The rules of a plan as a person counts them: everything that writes a value, each once at the place where it stands,
// however often a sub-map is used. And which of them made something in a run.
#pragma once
#include <string>
#include <unordered_set>
#include <vector>

#include "adapters/map/plan.h"

namespace adapters::map {

/// What made something in the runs it was handed to. Of one plan; the pointers live as long as that.
struct Trace {
  std::unordered_set<const Node*> made;
  std::unordered_set<const Object*> measured;
};

struct Rule {
  Mark mark;
  std::string id;
  bool made = false;  // in one of the trace's runs
};

/// In the order of the plan; several for one place when a sub-map or an element with several sources stands there.
std::vector<Rule> rules_of(const Plan& plan, const Trace& trace);

}  // namespace adapters::map
