// The water marks on a real store: shut at the high one, open at the low one, told once each.
#include "gateway/operate/pressure.h"

#include <catch2/catch.hpp>

#include "tests/gateway/exchange/bench_site.h"
#include "tests/gateway/store/temp_store.h"

using namespace gateway;
using exchange::Gate;

namespace {

config::Config small_marks() {
  auto config = test::hainan();
  config.pressure.queue_high = 4;
  config.pressure.queue_low = 2;
  config.pressure.disk_stop = 100;
  config.pressure.disk_resume = 200;
  return config;
}

struct Rig {
  Rig() : site(small_marks()) {}
  ~Rig() { net->stop(); }

  /// So many deliveries more wait.
  void queue(int count) {
    for (int i = 0; i < count; ++i) {
      auto commit = store::sample_commit("Q" + std::to_string(++number));
      REQUIRE(site.store->commit(std::move(commit)));
    }
  }
  void drain(std::size_t count) {
    auto waiting = store::must(site.store->deliveries_in(store::DeliveryState::waiting, 0, count));
    for (const auto& one : waiting) {
      store::Commit commit;
      commit.settlements.push_back(
          {.delivery = one.id, .state = store::DeliveryState::cancelled, .reason = "", .answer = ""});
      REQUIRE(site.store->commit(std::move(commit)));
    }
  }
  bool local_shut() const { return site.world->gate->shut(Gate::Who::local).has_value(); }
  bool peers_shut() const { return site.world->gate->shut(Gate::Who::peer).has_value(); }
  std::string alerts_now() const {
    std::string all;
    for (const auto& alert : alerts.active()) all += alert.key + " ";
    return all;
  }

  test::TestSite site;
  std::unique_ptr<net::Net> net = net::make_net(1);
  operate::Alerts alerts{*site.store, site.clock, *net, [this] { return site.config; }};
  std::uint64_t free = 1000;
  operate::Pressure pressure{*site.world, alerts, [this] { return std::optional(free); }};
  int number = 0;
};

}  // namespace

TEST_CASE("at the queue's high-water mark our own senders are refused, and taken again only at the low one",
          "[pressure]") {
  Rig rig;
  rig.queue(3);
  rig.pressure.look();
  CHECK(!rig.local_shut());
  rig.queue(1);
  rig.pressure.look();
  CHECK(rig.local_shut());
  CHECK(!rig.peers_shut());
  CHECK(rig.alerts_now() == "pressure:queue ");
  rig.drain(1);
  rig.pressure.look();
  CHECK(rig.local_shut());
  rig.drain(1);
  rig.pressure.look();
  CHECK(!rig.local_shut());
  CHECK(rig.alerts_now().empty());
}

TEST_CASE("peers are refused at twice the mark, so that two full gateways still drain into each other", "[pressure]") {
  Rig rig;
  rig.queue(8);
  rig.pressure.look();
  CHECK(rig.peers_shut());
  rig.drain(4);
  rig.pressure.look();
  CHECK(!rig.peers_shut());
  CHECK(rig.local_shut());
}

TEST_CASE("with too little room on the disk everybody is refused until there is clearly enough", "[pressure]") {
  Rig rig;
  rig.free = 99;
  rig.pressure.look();
  CHECK(rig.local_shut());
  CHECK(rig.peers_shut());
  CHECK(rig.alerts_now() == "pressure:disk ");
  rig.free = 199;
  rig.pressure.look();
  CHECK(rig.local_shut());
  rig.free = 200;
  rig.pressure.look();
  CHECK(!rig.local_shut());
  CHECK(rig.alerts_now().empty());
}

TEST_CASE("a message that comes while the gate is shut is told to come again, and nothing of it is stored",
          "[pressure]") {
  Rig rig;
  rig.free = 1;
  rig.pressure.look();
  const auto judged = rig.site.post(test::report("11111111-1111-4111-8111-000000000001", "R-1", "tmucih"), "tmucih");
  CHECK(judged.fate == exchange::Fate::not_now);
  REQUIRE(judged.error);
  CHECK(judged.error->fault == fhir::Fault::unavailable);
  CHECK(rig.site.messages(store::MessageState::accepted).empty());
  CHECK(rig.site.messages(store::MessageState::held).empty());
  rig.free = 1000;
  rig.pressure.look();
  CHECK(rig.site.post(test::report("11111111-1111-4111-8111-000000000001", "R-1", "tmucih"), "tmucih").fate ==
        exchange::Fate::accepted);
}
