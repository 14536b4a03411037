// The one binary: parses the command line and hands over to a command of cli/.
#include <fmt/format.h>

#include <string_view>
#include <system_error>

#include "gateway/cli/commands.h"

namespace {

// The first word that is no option must be a command: CLI11 alone would only say that one is missing.
bool names_a_command(const CLI::App& app, int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word.starts_with("-")) continue;
    const auto named = [&](const CLI::App* command) { return command->get_name() == word; };
    if (!app.get_subcommands(named).empty()) return true;
    fmt::print(stderr, "causeway: there is no command '{}'; `causeway --help` lists them\n", word);
    return false;
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace gateway::cli;
  Context context;
  CLI::App app{"Causeway: an HL7 FHIR R4 gateway between hospitals", "causeway"};
  app.set_version_flag("--version", CAUSEWAY_VERSION);
  app.add_flag("--json", context.json, "machine-readable output");
  app.require_subcommand(1);
  app.fallthrough();
  app.footer("Exit codes: 0 done; 1 done and something is wrong; 2 unusable arguments or input.");
  for (const auto add :
       {add_run,      add_check,    add_diff,      add_reload, add_peer,       add_init,   add_explain, add_trace,
        add_held,     add_urgent,   add_rows,      add_msg,    add_dead,       add_top,    add_status,  add_doctor,
        add_backup,   add_restore,  add_reconcile, add_map,    add_hl7,        add_schema, add_mllp,    add_pki,
        add_fhirpath, add_validate, add_convert,   add_keys,   add_completion, add_man})
    add(app, context);
  if (!names_a_command(app, argc, argv)) return 2;
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  } catch (
      const std::system_error& error) {  // of fmt::print: whoever reads the pipe has seen enough, or the disk is full
    if (error.code() != std::errc::broken_pipe) fmt::print(stderr, "causeway: {}\n", error.what());
    return error.code() == std::errc::broken_pipe ? context.exit_code : 2;
  }
  return context.exit_code;
}
