// SIGINT and SIGTERM ask to stop; a second one insists.
#pragma once

namespace gateway::cli {

void catch_signals();
/// Waits until a signal came or request_stop() was called.
void wait_for_stop();
/// The same with a limit: true when it is time to stop.
bool wait_for_stop(int milliseconds);
void request_stop();

}  // namespace gateway::cli
