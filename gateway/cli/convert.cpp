// `causeway convert FILE... --to json|xml`: resources in the other format, without loss.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <vector>

#include "fhir/resource.h"
#include "gateway/cli/output.h"

namespace gateway::cli {
namespace {

struct Options {
  std::vector<std::string> files;
  std::string to, folder;
  bool pretty = false;
};

std::unexpected<fhir::Error> at(const std::string& place, fhir::Error error) {
  error.where = error.where.empty() ? place : place + ":" + error.where;
  return std::unexpected(std::move(error));
}

fhir::Result<std::string> written(fhir::JsonView resource, const Options& options) {
  if (options.to == "xml") return fhir::to_xml(resource, {options.pretty});
  return options.pretty ? fhir::JsonTree::from(resource).dump(2) : resource.dump();
}

fhir::Result<void> put(std::string text, const std::string& file, const Options& options) {
  if (!text.ends_with('\n')) text += '\n';
  if (options.folder.empty()) {
    fmt::print("{}", text);
    return {};
  }
  const auto name = std::filesystem::path(file).filename().replace_extension(options.to);
  const auto place = std::filesystem::path(options.folder) / name;
  std::error_code none;
  if (std::filesystem::equivalent(place, file, none))
    return fhir::fail(fhir::Fault::conflict, "output", place.string(), "would overwrite what was read");
  std::ofstream out(place, std::ios::binary);
  out << text;
  out.close();
  if (!out) return fhir::fail(fhir::Fault::unavailable, "output", place.string(), "cannot be written");
  return {};
}

fhir::Result<void> convert(Context& context, const std::string& file, const Options& options) {
  auto text = read_file(file);
  if (!text) return fhir::pass(text);
  const auto read = fhir::read_resource(*std::move(text));
  if (!read) return at(file, read.error());
  for (const fhir::Issue& issue : read->issues) {
    fmt::print(stderr, "{}:{}:{}: {} ({})\n", file, issue.place.line, issue.place.column, issue.details,
               issue.expression);
    context.exit_code = std::max(context.exit_code, 1);
  }
  auto out = written(read->resource.root(), options);
  if (!out) return at(file, out.error());
  return put(*std::move(out), file, options);
}

/// Many files go into a folder, where nothing overwrites what was read.
void convert_all(Context& context, const Options& options) {
  if (options.files.size() > 1 && options.folder.empty())
    return fail(context, {fhir::Fault::invalid, "arguments", "--out", "several files need a folder to go to"});
  for (const std::string& file : options.files)
    if (auto done = convert(context, file, options); !done) fail(context, done.error());
}

}  // namespace

void add_convert(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("convert", "Write resources as JSON or XML, whichever they came in, without loss");
  auto options = std::make_shared<Options>();
  command->add_option("files", options->files, "the resources, JSON or XML")->required();
  command->add_option("--to", options->to, "json or xml")->required()->check(CLI::IsMember({"json", "xml"}));
  command
      ->add_option("--out", options->folder,
                   "the folder to write them into, NAME.json or NAME.xml; else one to standard output")
      ->check(CLI::ExistingDirectory);
  command->add_flag("--pretty", options->pretty, "for people: an element a line, indented");
  command->callback([&context, options] { convert_all(context, *options); });
}

}  // namespace gateway::cli
