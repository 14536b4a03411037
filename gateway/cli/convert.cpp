// `causeway convert FILE... --to json|xml|ndjson`: resources in the other format, without loss; large Bundles as lines.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <set>
#include <vector>

#include "fhir/bundle_reader.h"
#include "gateway/cli/resources.h"

namespace gateway::cli {
namespace {

struct Options {
  std::vector<std::string> files;
  std::string to, folder;
  bool pretty = false;
};

fhir::Result<std::string> written(fhir::JsonView resource, const Options& options) {
  if (options.to == "xml") return fhir::to_xml(resource, {options.pretty});
  return options.pretty ? fhir::JsonTree::from(resource).dump(2) : resource.dump();
}

/// Where the result of a file goes, which is never where it came from.
fhir::Result<std::string> target(const std::string& file, const Options& options) {
  const auto name = std::filesystem::path(file).filename().replace_extension(options.to);
  const auto place = std::filesystem::path(options.folder) / name;
  std::error_code none;
  if (std::filesystem::equivalent(place, file, none))
    return fhir::fail(fhir::Fault::conflict, "output", place.string(), "would overwrite what was read");
  return place.string();
}

fhir::Result<void> put(std::string text, const std::string& file, const Options& options) {
  if (!text.ends_with('\n')) text += '\n';
  if (options.folder.empty()) {
    fmt::print("{}", text);
    return {};
  }
  const auto place = target(file, options);
  if (!place) return std::unexpected(place.error());
  std::ofstream out(*place, std::ios::binary);
  out << text;
  out.close();
  if (!out) return fhir::fail(fhir::Fault::unavailable, "output", *place, "cannot be written");
  return {};
}

/// Entry by entry: the Bundle may be larger than memory.
fhir::Result<void> split(Context& context, const std::string& file, std::FILE* out) {
  auto in = std::make_shared<std::ifstream>(file, std::ios::binary);
  if (!*in) return fhir::fail(fhir::Fault::not_found, "file.unreadable", file, "cannot be read");
  fhir::BundleReader reader([in](std::span<char> into) -> fhir::Result<std::size_t> {
    in->read(into.data(), static_cast<std::streamsize>(into.size()));
    if (in->bad()) return fhir::fail(fhir::Fault::unavailable, "file.unreadable", "", "cannot be read on");
    return static_cast<std::size_t>(in->gcount());
  });
  while (true) {
    const auto entry = reader.next();
    if (!entry) return in_file(file, entry.error());
    if (!*entry) return {};
    if (report(file, (*entry)->issues)) context.exit_code = std::max(context.exit_code, 1);
    const fhir::JsonView resource = (*entry)->entry["resource"];
    if (resource) fmt::print(out, "{}\n", resource.dump());
  }
}

fhir::Result<void> split(Context& context, const std::string& file, const Options& options) {
  if (options.folder.empty()) return split(context, file, stdout);
  const auto place = target(file, options);
  if (!place) return std::unexpected(place.error());
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> out(std::fopen(place->c_str(), "wb"), &std::fclose);
  if (!out) return fhir::fail(fhir::Fault::unavailable, "output", *place, "cannot be written");
  auto done = split(context, file, out.get());
  if (done && std::fflush(out.get()) != 0)
    return fhir::fail(fhir::Fault::unavailable, "output", *place, "cannot be written");
  return done;
}

fhir::Result<void> convert(Context& context, const std::string& file, const Options& options) {
  if (options.to == "ndjson") return split(context, file, options);
  const auto read = read_resource(file);
  if (!read) return std::unexpected(read.error());
  if (report(file, read->issues)) context.exit_code = std::max(context.exit_code, 1);
  auto out = written(read->resource.root(), options);
  if (!out) return in_file(file, out.error());
  return put(*std::move(out), file, options);
}

/// Many files go into a folder, where nothing overwrites what was read.
void convert_all(Context& context, const Options& options) {
  if (options.files.size() > 1 && options.folder.empty())
    return fail(context, {fhir::Fault::invalid, "arguments", "--out", "several files need a folder to go to"});
  std::set<std::string> names;
  for (const std::string& file : options.files)
    if (!options.folder.empty() && !names.insert(std::filesystem::path(file).stem()).second)
      return fail(context,
                  {fhir::Fault::conflict, "arguments", file, "another file of this name goes to the same folder"});
  for (const std::string& file : options.files)
    if (auto done = convert(context, file, options); !done) fail(context, done.error());
}

}  // namespace

void add_convert(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("convert", "Write resources as JSON or XML, whichever they came in, without loss");
  auto options = std::make_shared<Options>();
  command->add_option("files", options->files, "the resources, JSON or XML")->required();
  command->add_option("--to", options->to, "json, xml, or ndjson: of a Bundle of any size the resources, a line each")
      ->required()
      ->check(CLI::IsMember({"json", "xml", "ndjson"}));
  command
      ->add_option("--out", options->folder,
                   "the folder to write them into, as NAME.json and so on; else one to standard output")
      ->check(CLI::ExistingDirectory);
  command->add_flag("--pretty", options->pretty, "for people: an element a line, indented");
  command->callback([&context, options] { convert_all(context, *options); });
}

}  // namespace gateway::cli
