// SIGINT and SIGTERM ask to stop; a second one insists. SIGHUP asks for the configuration to be read again.
#pragma once

namespace gateway::cli {

void catch_signals();
/// Waits until a signal came or request_stop() was called.
void wait_for_stop();
/// The same with a limit: true when it is time to stop.
bool wait_for_stop(int milliseconds);
void request_stop();
/// True once after each SIGHUP (several before it is asked are one).
bool take_hangup();

}  // namespace gateway::cli
