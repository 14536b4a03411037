// `causeway pki DIR NAME...`: a demonstration CA with a certificate for each name. For trying out and for tests; a real
// network brings certificates of its own.
#include <fmt/format.h>

#include <memory>

#include "gateway/cli/output.h"
#include "gateway/trust/demo_ca.h"

namespace gateway::cli {

namespace {

// NAME or NAME=SAN
trust::DemoHolder holder(const std::string& text) {
  const auto equals = text.find('=');
  if (equals == std::string::npos) return {text, text + ".causeway.example"};
  return {text.substr(0, equals), text.substr(equals + 1)};
}

}  // namespace

void add_pki(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("pki", "Make a demonstration CA, and keys and certificates for the names given");
  auto folder = std::make_shared<std::string>();
  auto names = std::make_shared<std::vector<std::string>>();
  command->add_option("dir", *folder, "folder to make")->required();
  command
      ->add_option("names", *names,
                   "NAME or NAME=SAN for each site and partner: makes NAME.pem, NAME.key, NAME.pins; SAN is "
                   "NAME.causeway.example by default")
      ->required();
  command->callback([&context, folder, names] {
    std::vector<trust::DemoHolder> holders;
    for (const auto& name : *names) holders.push_back(holder(name));
    const auto made = trust::make_demo_pki(*folder, holders);
    if (!made) return fail(context, made.error());
    if (!context.json) fmt::print("{}: CA and {} certificates for demonstration only\n", *folder, names->size());
  });
}

}  // namespace gateway::cli
