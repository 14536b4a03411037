// `causeway map new --from SAMPLE`: a first map drawn from one record.
#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <memory>

#include "adapters/map/draft.h"
#include "adapters/map/library.h"
#include "adapters/map/record_file.h"
#include "gateway/cli/map_commands.h"
#include "gateway/cli/output.h"

namespace gateway::cli {
namespace {

struct Options {
  std::string sample, format, charset, name = "site/draft", out;
};

void make(Context& context, const Options& options) {
  const auto record = adapters::map::read_record(options.sample, options.charset);
  if (!record) return fail(context, record.error());
  const auto named = adapters::map::format_named(options.format);
  const auto charset =
      adapters::charset_named(options.charset).value_or(adapters::Charset::utf8);  // read_record knew it
  const auto format = named.value_or(adapters::map::format_of(*record));
  const auto text = adapters::map::draft(*record, format, options.name, charset);
  if (!text) return fail(context, text.error());
  if (options.out.empty()) return fmt::print("{}", *text);
  if (std::filesystem::exists(options.out))
    return fail(context,
                {fhir::Fault::conflict, "map.exists", options.out, "is there already, and is not overwritten"});
  std::ofstream file(options.out, std::ios::binary);
  file << *text;
  file.close();
  if (file.fail()) return fail(context, {fhir::Fault::invalid, "map.write", options.out, "cannot be written"});
  fmt::print("wrote {}; now: causeway map check {}\n", options.out, options.out);
}

}  // namespace

void add_map_new(CLI::App& map, Context& context) {
  auto* sub = map.add_subcommand("new", "Draft a map from one record; what it does not guess stands in comments");
  auto options = std::make_shared<Options>();
  sub->add_option("--from", options->sample, "one record as the system sends it")->required()->check(CLI::ExistingFile);
  sub->add_option("--format", options->format, "default: told by the file's first bytes")
      ->check(CLI::IsMember({"hl7v2", "csv", "json", "xml", "row"}));
  sub->add_option("--charset", options->charset, "charset of the file; never guessed; default UTF-8");
  sub->add_option("--name", options->name, "the map's name: site/name")->capture_default_str();
  sub->add_option("--out", options->out,
                  "the file to write, NAME.map.yaml in the site's mapping folder; default: shown");
  sub->callback([&context, options] { make(context, *options); });
}

}  // namespace gateway::cli
