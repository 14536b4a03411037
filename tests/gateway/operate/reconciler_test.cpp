// The nightly comparison on a real store: when it begins, that it is made once, and what it says of a peer that is
// away.
#include "gateway/operate/reconciler.h"

#include <catch2/catch.hpp>
#include <thread>

#include "tests/gateway/exchange/bench_site.h"
#include "tests/gateway/store/temp_store.h"

using namespace gateway;
using namespace std::chrono_literals;

namespace {

constexpr store::Millis kDay = 86'400'000;

config::Config alone() {
  auto config = test::hainan();
  config.peers.clear();
  return config;
}

struct Rig {
  explicit Rig(config::Config config = alone())
      : site(std::move(config)), alerts(*site.store, site.clock, *net, [this] { return site.config; }) {
    REQUIRE(alerts.begin());
    start();
  }
  ~Rig() {
    reconciler->stop();
    net->stop();
    reconciler.reset();
  }
  void start() {
    if (reconciler) reconciler->stop();
    reconciler =
        std::make_unique<operate::Reconciler>(*site.world, *net, [](std::string_view) { return nullptr; }, alerts);
  }
  /// The reports of the nights, once there are so many; fewer when they do not come.
  std::vector<fhir::JsonTree> reports(std::size_t count) {
    for (int i = 0; i < 2000; ++i) {
      auto all = store::must(reconciler->reports());
      if (all.size() >= count) return all;
      std::this_thread::sleep_for(5ms);
    }
    return store::must(reconciler->reports());
  }
  std::size_t after_a_while() {
    std::this_thread::sleep_for(50ms);
    return store::must(reconciler->reports()).size();
  }

  std::unique_ptr<net::Net> net = net::make_net(1);
  test::TestSite site;
  operate::Alerts alerts;
  std::unique_ptr<operate::Reconciler> reconciler;
};

fhir::Json read(const fhir::JsonTree& report) { return *fhir::Json::parse(report.dump()); }

}  // namespace

TEST_CASE("the day before is compared once a night, at its time, also when the gateway was started anew",
          "[operate][reconcile]") {
  Rig rig;
  REQUIRE(rig.site.post(test::report(exchange::system_entropy().uuid(), "R-1", "tmucih"), "tmucih").fate ==
          exchange::Fate::accepted);
  rig.reconciler->look();
  CHECK(rig.after_a_while() == 0);  // it has just begun to look: the night of today was before

  rig.site.clock.at += kDay;
  rig.reconciler->look();
  const auto first = rig.reports(1);
  REQUIRE(first.size() == 1);
  const auto report = read(first.front());
  CHECK(report.root()["day"].text() == "2026-03-10");
  CHECK(report.root()["came"]["fhir:tmucih"]["accepted"].text() == "1");
  rig.reconciler->look();
  CHECK(rig.after_a_while() == 1);

  rig.start();
  rig.reconciler->look();
  CHECK(rig.after_a_while() == 1);
  rig.site.clock.at += kDay;
  rig.start();  // it was down over the night: made up for when it is back
  rig.reconciler->look();
  CHECK(rig.reports(2).size() == 2);
}

TEST_CASE("no night is compared where the configuration does not want it", "[operate][reconcile]") {
  auto config = alone();
  config.reconciliation.nightly = false;
  Rig rig(std::move(config));
  rig.reconciler->look();
  rig.site.clock.at += 2 * kDay;
  rig.reconciler->look();
  CHECK(rig.after_a_while() == 0);
}

TEST_CASE("a peer that cannot be asked is named in the report of the night, and nothing is called missing",
          "[operate][reconcile]") {
  auto config = test::hainan();
  config.peers.resize(1);
  config.peers.front().address = {"127.0.0.1", 1};  // nobody listens
  Rig rig(std::move(config));
  rig.reconciler->look();
  rig.site.clock.at += kDay;
  rig.reconciler->look();
  const auto reports = rig.reports(1);
  REQUIRE(reports.size() == 1);
  const auto report = read(reports.front());
  CHECK(report.root()["peers"].at(0)["peer"].text() == "tianjin");
  CHECK(report.root()["peers"].at(0)["unreachable"]);
  CHECK(rig.alerts.active().empty());
}

TEST_CASE("reports of nights older than they are to be kept go with the next", "[operate][reconcile]") {
  auto config = alone();
  config.reconciliation.keep = std::chrono::hours{36};
  Rig rig(std::move(config));
  rig.reconciler->look();
  for (std::size_t night = 1; night <= 4; ++night) {
    rig.site.clock.at += kDay;
    rig.reconciler->look();
    REQUIRE(rig.reports(std::min<std::size_t>(night, 2)).size() == std::min<std::size_t>(night, 2));
    std::this_thread::sleep_for(50ms);
  }
  CHECK(rig.after_a_while() == 2);
}
