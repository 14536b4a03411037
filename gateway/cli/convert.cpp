// `causeway convert FILE --to json|xml`: a resource in the other format, without loss.
#include <fmt/format.h>

#include <memory>

#include "fhir/resource.h"
#include "gateway/cli/output.h"

namespace gateway::cli {
namespace {

struct Options {
  std::string file, to;
  bool pretty = false;
};

void convert(Context& context, const Options& options) {
  auto text = read_file(options.file);
  if (!text) return fail(context, text.error());
  const auto read = fhir::read_resource(*std::move(text));
  if (!read)
    return fail(context,
                {read.error().fault, read.error().code, options.file + ":" + read.error().where, read.error().say});
  for (const fhir::Issue& issue : read->issues) {
    fmt::print(stderr, "{}:{}:{}: {} ({})\n", options.file, issue.place.line, issue.place.column, issue.details,
               issue.expression);
    context.exit_code = 1;
  }
  const fhir::JsonView resource = read->resource.root();
  if (options.to == "json") {
    fmt::print("{}\n", options.pretty ? fhir::JsonTree::from(resource).dump(2) : resource.dump());
    return;
  }
  const auto xml = fhir::to_xml(resource, {options.pretty});
  if (!xml) return fail(context, xml.error());
  fmt::print("{}{}", *xml, options.pretty ? "" : "\n");
}

}  // namespace

void add_convert(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("convert", "Write a resource as JSON or XML, whichever it came in, without loss");
  auto options = std::make_shared<Options>();
  command->add_option("file", options->file, "the resource, JSON or XML")->required();
  command->add_option("--to", options->to, "json or xml")->required()->check(CLI::IsMember({"json", "xml"}));
  command->add_flag("--pretty", options->pretty, "for people: an element a line, indented");
  command->callback([&context, options] { convert(context, *options); });
}

}  // namespace gateway::cli
