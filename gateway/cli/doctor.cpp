// `causeway doctor CONF`: what the machine, the files and the configuration are like, line by line, each with what to
// do. Reads only; works whether or not the gateway runs.
#include "gateway/doctor/doctor.h"

#include <fmt/format.h>

#include <memory>

#include "gateway/cli/output.h"

namespace gateway::cli {
namespace {

using doctor::Finding;
using doctor::Verdict;
using fhir::JsonTree;

void print(const std::vector<Finding>& findings) {
  for (const Finding& finding : findings) {
    fmt::print("{:<4}  {:<14} {}\n", doctor::to_string(finding.verdict), finding.what, finding.say);
    if (!finding.fix.empty()) fmt::print("                     to do: {}\n", finding.fix);
  }
}

JsonTree told(const std::vector<Finding>& findings) {
  JsonTree list = JsonTree::array();
  for (const Finding& finding : findings) {
    JsonTree line = JsonTree::object(
        {{"verdict", doctor::to_string(finding.verdict)}, {"what", finding.what}, {"say", finding.say}});
    if (!finding.fix.empty()) line.set("fix", finding.fix);
    list.push(std::move(line));
  }
  return JsonTree::object({{"findings", std::move(list)}});
}

}  // namespace

void add_doctor(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand(
      "doctor", "Examine clock, disk, store, certificates, permissions, ports and limits of a site, also offline");
  auto conf = std::make_shared<std::string>();
  command->add_option("conf", *conf, "the site's configuration folder")->required()->check(CLI::ExistingDirectory);
  command->callback([&context, conf] {
    const auto findings = doctor::examine(*conf);
    const bool sick = std::ranges::any_of(findings, [](const Finding& f) { return f.verdict == Verdict::fail; });
    context.exit_code = sick ? 1 : 0;
    context.json ? print_json(told(findings)) : print(findings);
  });
}

}  // namespace gateway::cli
