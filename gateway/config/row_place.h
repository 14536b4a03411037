// Where a staging database is, in the configuration: `database: sqlite:FILE`, `postgresql:WORDS`, `mysql:WORDS`,
// `odbc:BRAND:CONNECTION`. A password in it is refused, and so is a way over a network that is not TLS with the
// server's name checked.
#pragma once
#include "adapters/rows/selection.h"
#include "gateway/config/reader.h"

namespace gateway::config {

/// Reports what is wrong with it.
void read_place(Reader& reader, const Yaml& node, adapters::rows::Place& into);

}  // namespace gateway::config
