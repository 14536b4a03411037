// The one translation unit that compiles Catch2 itself (nine seconds): every test binary links it.
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>

// PostgreSQL's ODBC driver (13.02) forgets what it read of the server when a statement is refused.
extern "C" const char* __lsan_default_suppressions();  // NOLINT: the sanitizer's name for it
extern "C" const char* __lsan_default_suppressions() { return "leak:psqlodbca.so\n"; }  // NOLINT
