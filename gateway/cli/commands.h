// The command line, one file per command. Each adds itself to the CLI11 app that main.cpp owns and leaves its exit code
// in `exit_code`: 0 done, 1 done and something is wrong (faults found, message held), 2 unusable arguments or input.
#pragma once
#include <CLI/CLI.hpp>

namespace gateway::cli {

struct Context {
  bool json = false;  // --json: machine-readable output on standard output, nothing else there
  int exit_code = 0;
};

void add_run(CLI::App& app, Context& context);
void add_diff(CLI::App& app, Context& context);
void add_reload(CLI::App& app, Context& context);  // and rollback, generations
void add_peer(CLI::App& app, Context& context);
void add_check(CLI::App& app, Context& context);
void add_init(CLI::App& app, Context& context);
void add_explain(CLI::App& app, Context& context);
void add_trace(CLI::App& app, Context& context);
void add_held(CLI::App& app, Context& context);
void add_urgent(CLI::App& app, Context& context);
void add_msg(CLI::App& app, Context& context);
void add_dead(CLI::App& app, Context& context);
void add_top(CLI::App& app, Context& context);
void add_rows(CLI::App& app, Context& context);
void add_status(CLI::App& app, Context& context);
void add_doctor(CLI::App& app, Context& context);
void add_completion(CLI::App& app, Context& context);
void add_man(CLI::App& app, Context& context);
void add_backup(CLI::App& app, Context& context);
void add_restore(CLI::App& app, Context& context);
void add_reconcile(CLI::App& app, Context& context);
void add_map(CLI::App& app, Context& context);
void add_schema(CLI::App& app, Context& context);
void add_hl7(CLI::App& app, Context& context);
void add_mllp(CLI::App& app, Context& context);
void add_pki(CLI::App& app, Context& context);
void add_fhirpath(CLI::App& app, Context& context);
void add_validate(CLI::App& app, Context& context);
void add_convert(CLI::App& app, Context& context);
void add_keys(CLI::App& app, Context& context);

}  // namespace gateway::cli
