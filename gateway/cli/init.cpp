// `causeway init DIR`: the commented, valid configuration of a new site.
#include <fmt/format.h>

#include <filesystem>
#include <memory>

#include "gateway/cli/output.h"
#include "gateway/config/report.h"

namespace gateway::cli {

void add_init(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("init", "Write a commented, valid configuration for a new site");
  auto folder = std::make_shared<std::string>();
  auto site = std::make_shared<std::string>();
  command->add_option("dir", *folder, "folder to write; existing files are never overwritten")->required();
  command->add_option("--site", *site, "the site's name; default: the folder's");
  command->callback([&context, folder, site] {
    const std::string name =
        site->empty() ? std::filesystem::path(*folder).lexically_normal().filename().string() : *site;
    if (const auto written = config::write_starter(*folder, name); !written) return fail(context, written.error());
    if (!context.json)
      fmt::print("{} is ready. Next: edit {}/causeway.yaml, then causeway check {}\n", *folder, *folder, *folder);
  });
}

}  // namespace gateway::cli
