// `causeway init DIR`: the commented, valid configuration of a new site.
#include <fmt/format.h>

#include <filesystem>
#include <memory>

#include "gateway/cli/output.h"
#include "gateway/config/report.h"

namespace gateway::cli {

namespace {

constexpr std::string_view kNext = R"({folder} is ready. Next:
  1. edit {folder}/causeway.yaml: who the hospital is, where it listens, its local systems and their maps
  2. certificates: the network's authority issues them; to try things out, causeway pki {folder}/pki {site}
  3. edit {folder}/peers.yaml and routes.yaml: the other hospitals, and what goes where
  4. causeway check {folder}        every fault at once, with its place
  5. causeway explain FILE --conf {folder}   which route a record would take, and why
  6. causeway run {folder}
The other hospitals add this one to their peers.yaml: its address, its name and its key ({site}.pins).
)";

}  // namespace

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
    if (!context.json) fmt::print(kNext, fmt::arg("folder", *folder), fmt::arg("site", name));
  });
}

}  // namespace gateway::cli
