// `causeway keys FILE`: what an index holds of a resource, a line of JSON for each key (docs/KEYS.md).
#include "fhir/search/keys.h"

#include <fmt/format.h>

#include <memory>
#include <vector>

#include "fhir/datetime.h"
#include "gateway/cli/resources.h"

namespace gateway::cli {
namespace {

struct Options {
  std::string file, zone = "Z";
  std::vector<std::string> with;
};

/// Minutes east of UTC: "+08:00", "-03:30", "Z".
fhir::Result<int> zone_of(const std::string& text) {
  const auto moment = fhir::DateTime::parse("2000-01-01T00:00:00" + text);
  if (!moment || !moment->offset())
    return fhir::fail(fhir::Fault::invalid, "arguments", "--zone", "is no offset from UTC such as +08:00");
  return *moment->offset();
}

fhir::Result<void> keys(const Options& options) {
  const auto zone = zone_of(options.zone);
  if (!zone) return std::unexpected(zone.error());
  fhir::search::Parameters parameters;
  for (const std::string& file : options.with) {
    const auto parameter = read_resource(file);
    if (!parameter) return std::unexpected(parameter.error());
    if (auto added = parameters.add(parameter->resource.root()); !added) return in_file(file, added.error());
  }
  const auto resource = read_resource(options.file);
  if (!resource) return std::unexpected(resource.error());
  report(options.file, resource->issues);
  const auto found = parameters.keys(resource->resource.root(), {*zone});
  if (!found) return in_file(options.file, found.error());
  for (const fhir::search::Key& key : found->all) fmt::print("{}\n", to_json(key));
  return {};
}

}  // namespace

void add_keys(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("keys", "Show the search keys of a resource, as an index holds them");
  auto options = std::make_shared<Options>();
  command->add_option("file", options->file, "the resource, JSON or XML")->required();
  command->add_option("--with", options->with, "a SearchParameter of one's own; may be repeated")
      ->allow_extra_args(false);
  command->add_option("--zone", options->zone, "the offset from UTC of times that name none, such as +08:00")
      ->capture_default_str();
  command->callback([&context, options] {
    if (auto done = keys(*options); !done) fail(context, done.error());
  });
}

}  // namespace gateway::cli
