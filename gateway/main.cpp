// The one binary: parses the command line and hands over to a command of cli/.
#include "gateway/cli/commands.h"

int main(int argc, char** argv) {
  using namespace gateway::cli;
  Context context;
  CLI::App app{"Causeway: an HL7 FHIR R4 gateway between hospitals", "causeway"};
  app.set_version_flag("--version", CAUSEWAY_VERSION);
  app.add_flag("--json", context.json, "machine-readable output");
  app.require_subcommand(1);
  app.fallthrough();
  app.footer("Exit codes: 0 done; 1 done and something is wrong; 2 unusable arguments or input.");
  for (const auto add : {add_run, add_check, add_init, add_explain, add_trace, add_held, add_status, add_map, add_mllp, add_pki}) add(app, context);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return context.exit_code;
}
