// The keys of lanes, de-duplication and quotas: read, defaulted, checked.
#include <catch2/catch.hpp>

#include "tests/gateway/config/site_copy.h"

using namespace gateway::config;
using gateway::config::test::has_fault;
using gateway::config::test::line_of;
using gateway::config::test::SiteCopy;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view kRoute = "    urgent:\n      read_within: 15m\n";

// Puts this in the place of what the shipped route says of urgent messages.
std::shared_ptr<const Config> with(SiteCopy& copy, std::string_view text) {
  copy.edit("routes.yaml", kRoute, text);
  return copy.load();
}

}  // namespace

TEST_CASE("what a route says of urgent and dead messages is read as it is written", "[config][lanes]") {
  SiteCopy copy;
  const auto config = with(copy,
                           "    urgent:\n      when: Bundle.entry.exists()\n      read_within: 10m\n"
                           "      escalate_to: local:platform\n    after_dead: hold\n");
  REQUIRE(config != nullptr);
  const Route& route = config->routes[0];
  REQUIRE(route.urgent);
  CHECK(route.urgent->condition);
  CHECK(route.urgent->read_within == 10min);
  CHECK(route.urgent->escalate_to == std::vector<std::string>{"local:platform"});
  CHECK(route.dead_holds);
  CHECK_FALSE(config->routes[1].urgent);
  CHECK_FALSE(config->routes[1].dead_holds);
}

TEST_CASE("an escalation goes to somebody who is configured, has it not yet, and waits for a receipt",
          "[config][lanes]") {
  const auto [text, code] = GENERATE(table<std::string, std::string>({
      {"    urgent:\n      read_within: 1m\n      escalate_to: local:hs\n", "E0322"},
      {"    urgent:\n      read_within: 1m\n      escalate_to: local:his\n", "E0321"},
      {"    urgent:\n      escalate_to: local:platform\n", "E0322"},
      {"    urgent:\n      read_within: 1m\n      escalate_to: hold\n", "E0322"},
  }));
  SiteCopy copy;
  CHECK(with(copy, text) == nullptr);
  INFO(copy.rendered());
  CHECK(copy.faults.size() == 1);
  CHECK(has_fault(copy.faults, "routes.yaml", line_of(copy.read("routes.yaml"), "urgent:") + 1, code));
}

TEST_CASE("an escalation to a name that is nearly right is answered with the right one", "[config][lanes]") {
  SiteCopy copy;
  CHECK(with(copy, "    urgent:\n      read_within: 1m\n      escalate_to: local:platfrm\n") == nullptr);
  CHECK(copy.rendered().find("did you mean 'local:platform'?") != std::string::npos);
}

TEST_CASE("a word that after_dead does not know is answered with one it knows", "[config][lanes]") {
  SiteCopy copy;
  CHECK(with(copy, "    after_dead: goon\n") == nullptr);
  CHECK(copy.rendered().find("did you mean 'go_on'?") != std::string::npos);
}

TEST_CASE("windows, limits in flight and quotas have their defaults and are read", "[config][dedup][limits]") {
  SiteCopy copy;
  copy.edit("causeway.yaml", "/fhir\nadmin:", "/fhir\n  quota: {rate: 7, bytes: 1MiB, at_once: 3}\nadmin:");
  copy.edit("peers.yaml", "    profile: P2 ", "    dedup_window: 2d\n    in_flight: 4\n    profile: P2 ");
  const auto config = copy.load();
  INFO(copy.rendered());
  REQUIRE(config != nullptr);
  CHECK(config->quota.rate == 7);
  CHECK(config->quota.bytes == 1u << 20);
  CHECK(config->quota.at_once == 3);
  CHECK(config->limits.connections_each == 200);
  CHECK(config->peer("hongkong")->dedup_window == 48h);
  CHECK(config->peer("hongkong")->in_flight == 4);
  CHECK(config->peer("tianjin")->dedup_window == 168h);
  CHECK(config->doors[0].dedup_window == 168h);
  CHECK(config->retry.open_after == 5);
}
