#include "gateway/cli/resources.h"

#include <fmt/format.h>

namespace gateway::cli {

fhir::Result<fhir::XmlResource> read_resource(const std::string& file) {
  auto text = read_file(file);
  if (!text) return fhir::pass(text);
  auto read = fhir::read_resource(*std::move(text));
  if (!read) return in_file(file, std::move(read).error());
  return read;
}

bool report(const std::string& file, const fhir::Issues& issues) {
  for (const fhir::Issue& issue : issues)
    fmt::print(stderr, "{}:{}:{}: {} ({})\n", file, issue.place.line, issue.place.column, issue.details,
               issue.expression);
  return !issues.empty();
}

std::unexpected<fhir::Error> in_file(const std::string& file, fhir::Error error) {
  error.where = error.where.empty() ? file : file + ":" + error.where;
  return std::unexpected(std::move(error));
}

}  // namespace gateway::cli
