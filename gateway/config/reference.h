// docs/CONFIG.md, printed from the tables: `causeway check --print-reference > docs/CONFIG.md`. A test compares the
// two.
#pragma once
#include <string>

namespace gateway::config {

std::string reference();

}  // namespace gateway::config
