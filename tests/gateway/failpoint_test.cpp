#include "gateway/observe/failpoint.h"

#include <catch2/catch.hpp>

TEST_CASE("without an order in the environment a failpoint does nothing") {
  gateway::observe::failpoint("intake.parsed");
  CHECK_FALSE(gateway::observe::planted("ack-before-commit"));
}
