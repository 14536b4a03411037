#include "gateway/exchange/tally.h"

#include <catch2/catch.hpp>
#include <thread>
#include <vector>

namespace gateway::exchange {

TEST_CASE("counts add up by the other side, from several threads", "[tally]") {
  Tally tally;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 1000; ++i) {
          tally.came("mllp:lis", i % 10 != 0);
          tally.went("peer:x", i % 4 != 0);
        }
      });
    }
  }
  const auto lines = tally.lines();
  REQUIRE(lines.size() == 2);
  CHECK(lines.at("mllp:lis").in == 3600);
  CHECK(lines.at("mllp:lis").turned == 400);
  CHECK(lines.at("peer:x").out == 3000);
  CHECK(lines.at("peer:x").failed == 1000);
}

}  // namespace gateway::exchange
