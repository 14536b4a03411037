// The nightly sweep on a real store: when it begins, what it takes by class, and what the law and the senders ask for.
#include "gateway/operate/sweeper.h"

#include <catch2/catch.hpp>
#include <thread>

#include "tests/gateway/exchange/bench_site.h"
#include "tests/gateway/store/temp_store.h"

using namespace gateway;
using namespace std::chrono_literals;
using store::Millis;

namespace {

constexpr Millis kYear = 31'557'600'000;
constexpr std::chrono::hours kYears{8766};

config::Config kept() {
  auto config = test::hainan();
  config.retention.records = 15 * kYears;
  config.retention.process = 3 * kYears;
  config.retention.raw = 10 * kYears;
  config.retention.sent = 3 * kYears;
  config.retention.duplicates = std::chrono::hours{24 * 30};
  config.retention.keep = {{{"opinion-published"}, 30 * kYears}};
  config.retention.batch = 2;
  config.retention.rate = 10'000;
  return config;
}

struct Rig {
  Rig() : site(kept()), sweeper(*site.world, *net) {}
  ~Rig() {
    sweeper.stop();
    net->stop();
    site.store.reset();
  }

  store::Id message(const std::string& id, const std::string& event, Millis age,
                    store::MessageState state = store::MessageState::accepted) {
    auto commit = store::sample_commit(id);
    commit.message->event = event;
    commit.message->at = site.clock.at - age;
    commit.message->state = state;
    commit.remember = state == store::MessageState::accepted;
    commit.deliveries.at(0).state = store::DeliveryState::delivered;
    return store::must(site.store->commit(std::move(commit))).message;
  }
  operate::Sweeper::Report swept() {
    sweeper.sweep();
    for (int i = 0; i < 1000 && (!sweeper.last() || sweeper.last()->ended == 0); ++i) std::this_thread::sleep_for(5ms);
    REQUIRE(sweeper.last());
    REQUIRE(sweeper.last()->ended != 0);
    return *sweeper.last();
  }
  bool has_bundle(store::Id id) { return !store::must(site.store->message(id))->bundle.empty(); }
  bool has_raw(store::Id id) { return !store::must(site.store->message(id))->raw.empty(); }

  std::unique_ptr<net::Net> net = net::make_net(1);
  test::TestSite site;
  operate::Sweeper sweeper;
};

}  // namespace

TEST_CASE("each class of messages is kept for its own time, and the longest entry for an event counts", "[retention]") {
  Rig rig;
  const auto old_report = rig.message("A", "report", 16 * kYear), report = rig.message("B", "report", 14 * kYear),
             old_step = rig.message("C", "referral-accept", 4 * kYear),
             step = rig.message("D", "referral-accept", 2 * kYear),
             opinion = rig.message("E", "opinion-published", 20 * kYear),
             refused = rig.message("F", "report", 4 * kYear, store::MessageState::refused),
             unread = rig.message("G", "", 14 * kYear),
             held = rig.message("H", "report", 40 * kYear, store::MessageState::held);
  const auto report_of = rig.swept();
  CHECK(!rig.has_bundle(old_report));
  CHECK(rig.has_bundle(report));
  CHECK(!rig.has_raw(report));  // 10 years
  CHECK(!rig.has_bundle(old_step));
  CHECK(rig.has_bundle(step));
  CHECK(rig.has_bundle(opinion));
  CHECK(!rig.has_bundle(refused));
  CHECK(rig.has_bundle(unread));
  CHECK(rig.has_raw(held));
  CHECK(report_of.swept.at("content") == 3);
  CHECK(store::must(rig.site.store->verify_audit()) > 0);
}

TEST_CASE("a sweep goes through everything in batches, each with its entry in the audit", "[retention]") {
  Rig rig;
  for (int i = 0; i < 7; ++i) rig.message("A" + std::to_string(i), "report", 16 * kYear);
  CHECK(rig.swept().swept.at("content") == 7);
  std::size_t entries = 0;
  for (const auto& entry : store::must(rig.site.store->audit(0, 1000)))
    if (entry.event == "swept" && entry.detail.find("\"content\"") != std::string::npos) ++entries;
  CHECK(entries == 4);  // 2 + 2 + 2 + 1
}

TEST_CASE("a second sweep finds nothing more to do", "[retention]") {
  Rig rig;
  for (int i = 0; i < 5; ++i) rig.message("A" + std::to_string(i), "report", 16 * kYear);
  rig.swept();
  const auto before = store::must(rig.site.store->verify_audit());
  CHECK(rig.swept().swept.empty());
  CHECK(store::must(rig.site.store->verify_audit()) == before);
}

TEST_CASE("the sweep begins once in the night at its local time, and a gateway that starts at noon waits for it",
          "[retention]") {
  Rig rig;  // 09:30 in Haikou
  const auto began = [&] {
    for (int i = 0; i < 200 && rig.sweeper.last() && rig.sweeper.last()->ended == 0; ++i)
      std::this_thread::sleep_for(5ms);
    return rig.sweeper.last() ? rig.sweeper.last()->began : 0;
  };
  rig.sweeper.look();
  CHECK(began() == 0);
  rig.site.clock.at += 16 * 3'600'000;  // 01:30
  rig.sweeper.look();
  CHECK(began() == 0);
  rig.site.clock.at += 3'600'000;  // 02:30 and a little
  rig.sweeper.look();
  const Millis first = rig.site.clock.at;
  CHECK(began() == first);
  rig.site.clock.at += 3'600'000;
  rig.sweeper.look();
  CHECK(began() == first);
  rig.site.clock.at += 24 * 3'600'000;
  rig.sweeper.look();
  CHECK(began() == rig.site.clock.at);
}

TEST_CASE("times of day are told in the zone of the site, across midnight", "[retention]") {
  const Millis at = 1'773'106'215'000;  // 2026-03-10T01:30:15Z, 09:30:15 in Haikou
  CHECK(exchange::instant(exchange::latest(at, "+08:00", "09:30")) == "2026-03-10T01:30:00.000Z");
  CHECK(exchange::instant(exchange::latest(at, "+08:00", "09:31")) == "2026-03-09T01:31:00.000Z");
  CHECK(exchange::instant(exchange::latest(at, "+08:00", "00:00")) == "2026-03-09T16:00:00.000Z");
  CHECK(exchange::instant(exchange::latest(at, "-05:00", "20:30")) == "2026-03-10T01:30:00.000Z");
}
