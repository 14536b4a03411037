// What the commands share in printing.
#pragma once
#include <string>

#include "fhir/json.h"
#include "fhir/result.h"
#include "gateway/cli/commands.h"

namespace gateway::cli {

/// Prints the error (as JSON with --json) on standard error and sets the exit code.
void fail(Context& context, const fhir::Error& error, int exit_code = 2);
void print_json(const fhir::JsonTree& tree);
fhir::Result<std::string> read_file(const std::string& path);

}  // namespace gateway::cli
