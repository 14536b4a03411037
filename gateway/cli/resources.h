// Resources in files, for the commands of the FHIR engine.
#pragma once
#include <string>

#include "fhir/resource.h"
#include "gateway/cli/output.h"

namespace gateway::cli {

/// The resource of the file, JSON or XML. Errors: the place is file:line:column.
fhir::Result<fhir::XmlResource> read_resource(const std::string& file);

/// Prints what is wrong in the file though it can be read, a line each with its place, on standard error; true when
/// there is something.
bool report(const std::string& file, const fhir::Issues& issues);

/// The error, its place now within the file.
std::unexpected<fhir::Error> in_file(const std::string& file, fhir::Error error);

}  // namespace gateway::cli
