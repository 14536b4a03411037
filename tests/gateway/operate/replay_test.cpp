#include "gateway/operate/replay.h"

#include <catch2/catch.hpp>

#include "tests/gateway/exchange/bench_site.h"

using namespace gateway;
using operate::replay;

namespace {

std::string report(const std::string& number) {
  return test::report(exchange::system_entropy().uuid(), number, "tmucih");
}

bool go_on(std::size_t, std::size_t) { return true; }

operate::Replay replayed(test::TestSite& site, const config::Config& candidate) {
  auto result = replay(*site.world, *site.config, candidate, 1000, go_on);
  REQUIRE(result);
  return *std::move(result);
}

}  // namespace

TEST_CASE("a replay under the same configuration moves nothing; a message that was never routed is left out",
          "[operate][replay]") {
  test::TestSite site;
  for (const char* number : {"R-1", "R-2", "R-3"})
    REQUIRE(site.post(report(number), "tmucih").fate == exchange::Fate::accepted);
  REQUIRE(site.post("no json", "tmucih").fate == exchange::Fate::held);
  const auto result = replayed(site, *site.config);
  CHECK(result.looked_at == 4);
  CHECK(result.left_out == 1);
  CHECK(result.moved.empty());
}

TEST_CASE("a narrower route leaves messages unrouted, and says why", "[operate][replay]") {
  test::TestSite site;
  REQUIRE(site.post(report("R-1"), "tmucih").fate == exchange::Fate::accepted);
  config::Config candidate = *site.config;
  candidate.routes[0].from = {"somebody"};
  const auto result = replayed(site, candidate);
  REQUIRE(result.moved.size() == 1);
  CHECK(result.moved[0].before.to == std::vector<std::string>{"local:archive"});
  CHECK(result.moved[0].after.to == std::vector<std::string>{"nobody (held: no route takes it)"});
  CHECK(result.moved[0].because == "route \"reports\" no longer takes it: from is tmucih, not somebody; no other does");
}

TEST_CASE("a route asked earlier takes messages away, and what was held for want of a route finds its way",
          "[operate][replay]") {
  config::Config narrow = test::hainan();
  narrow.routes[0].from = {"somebody"};
  test::TestSite site(narrow);
  REQUIRE(site.post(report("R-1"), "tmucih").fate == exchange::Fate::held);
  config::Config candidate = narrow;
  config::Route first = candidate.routes[0];
  first.id = "to-a-person";
  first.from = {};
  first.to = {"hold"};
  candidate.routes.insert(candidate.routes.begin(), first);
  const auto result = replayed(site, candidate);
  REQUIRE(result.moved.size() == 1);
  CHECK(result.moved[0].after.to == std::vector<std::string>{"hold (held: route.hold)"});
  CHECK(result.moved[0].because.starts_with("no route took it; \"to-a-person\" takes it"));
}

TEST_CASE("a peer that is switched off, and one policy keeps it from, are told as such", "[operate][replay]") {
  test::TestSite site;
  REQUIRE(site.post(report("R-1"), "tmucih").fate == exchange::Fate::accepted);
  config::Config candidate = *site.config;
  candidate.routes[0].to = {"peer:tianjin", "peer:hongkong"};
  candidate.peers[0].enabled = false;
  const auto result = replayed(site, candidate);
  REQUIRE(result.moved.size() == 1);
  const auto& to = result.moved[0].after.to;
  REQUIRE(to.size() == 2);
  CHECK(to[0] == "peer:tianjin (held: peer.disabled)");
  CHECK(to[1].starts_with("peer:hongkong (held: "));
}

TEST_CASE("a replay stores nothing, and stops when it is told to", "[operate][replay]") {
  test::TestSite site;
  for (const char* number : {"R-1", "R-2", "R-3"})
    REQUIRE(site.post(report(number), "tmucih").fate == exchange::Fate::accepted);
  const auto before = site.store->audit(0, 100)->size();
  std::size_t asked = 0;
  const auto result =
      replay(*site.world, *site.config, *site.config, 1000, [&](std::size_t, std::size_t) { return ++asked < 3; });
  REQUIRE(result);
  CHECK(result->looked_at == 2);
  CHECK(site.store->audit(0, 100)->size() == before);
}
