// Named places where a test may kill the process or plant a fault: CAUSEWAY_FAILPOINT=intake.parsed:kill[:N] ends it
// with SIGKILL at the N-th passage (default 1); CAUSEWAY_PLANT=NAME switches a deliberate mistake on, so that the crash
// tests and the simulator (tests/sim) can show they would catch it; both are read once in a process. Exists only in
// builds with CAUSEWAY_FAILPOINTS; elsewhere it costs nothing.
#pragma once
#include <string_view>

namespace gateway::observe {

#ifdef CAUSEWAY_FAILPOINTS
void failpoint(std::string_view name);
bool planted(std::string_view fault);
#else
inline void failpoint(std::string_view) {}
constexpr bool planted(std::string_view) { return false; }
#endif

}  // namespace gateway::observe
