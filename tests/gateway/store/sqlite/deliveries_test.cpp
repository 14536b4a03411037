// Lanes and leases: what may be claimed, by whom, in which order.
#include "gateway/store/sqlite/deliveries.h"

#include "tests/gateway/store/temp_store.h"

namespace gateway::store {
namespace {

constexpr Millis kNow = 2'000'000'000'000;

// Commits one message with deliveries to these lanes, in order; `next_at` 0: at once.
void queue(TempStore& store, const std::string& control_id,
           const std::vector<std::pair<std::string, std::string>>& lanes, Millis next_at = 0) {
  Commit commit;
  commit.message = sample_message(control_id);
  for (const auto& [destination, lane] : lanes) {
    commit.deliveries.push_back(sample_delivery(destination, lane));
    commit.deliveries.back().next_at = next_at;
  }
  store.commit(std::move(commit));
}

std::vector<Id> ids(const std::vector<Claim>& claims) {
  std::vector<Id> all;
  for (const auto& claim : claims) all.push_back(claim.delivery.id);
  return all;
}

Result<Committed> change(TempStore& store, Id delivery, DeliveryState state, Millis next_at = 0) {
  Commit commit;
  commit.settlements.push_back(
      {.delivery = delivery, .state = state, .reason = "by hand", .answer = {}, .next_at = next_at});
  return store->commit(std::move(commit));
}

DeliveryState state_of(TempStore& store, Id delivery) { return must(store->delivery(delivery))->state; }

}  // namespace

using Ids = std::vector<Id>;

TEST_CASE("a claim brings the bytes, and what is claimed is not claimed again", "[store][lanes]") {
  TempStore store;
  queue(store, "A1", {{"peer:hk", "R-1"}});
  const auto claims = store.claim(kNow);
  REQUIRE(claims.size() == 1);
  CHECK(claims[0].delivery.bytes == R"({"resourceType":"Bundle"})");
  CHECK(claims[0].delivery.state == DeliveryState::claimed);
  CHECK(store.claim(kNow).empty());
  CHECK(state_of(store, 1) == DeliveryState::claimed);
  CHECK(must(store->counts()).claimed == 1);
  CHECK(must(store->counts()).waiting == 0);
}

TEST_CASE("of one lane only the oldest is claimed, the next after it was settled", "[store][lanes]") {
  TempStore store;
  for (const char* id : {"A1", "A2", "A3"}) queue(store, id, {{"peer:hk", "R-1"}});
  for (const Id expected : {1, 2, 3}) {
    const auto claims = store.claim(kNow);
    REQUIRE(ids(claims) == Ids{expected});
    CHECK(store.claim(kNow).empty());
    store.settle(claims[0], DeliveryState::delivered);
  }
  CHECK(store.claim(kNow).empty());
}

TEST_CASE("the same key at another destination is another lane", "[store][lanes]") {
  TempStore store;
  queue(store, "A1", {{"peer:hk", "R-1"}, {"local:his", "R-1"}});
  CHECK(ids(store.claim(kNow)) == Ids{1, 2});
}

TEST_CASE("deliveries without a key wait for nobody", "[store][lanes]") {
  TempStore store;
  queue(store, "A1", {{"peer:hk", ""}, {"peer:hk", ""}, {"peer:hk", ""}});
  CHECK(ids(store.claim(kNow)) == Ids{1, 2, 3});
}

TEST_CASE("a head that waits to be tried again holds its own lane and no other", "[store][lanes]") {
  TempStore store;
  queue(store, "A1", {{"peer:hk", "R-1"}, {"peer:hk", "R-2"}});
  queue(store, "A2", {{"peer:hk", "R-1"}, {"peer:hk", "R-2"}});
  const auto claims = store.claim(kNow);
  REQUIRE(ids(claims) == Ids{1, 2});
  store.settle(claims[0], DeliveryState::waiting, kNow, kNow + 5000);
  store.settle(claims[1], DeliveryState::delivered, kNow);
  CHECK(ids(store.claim(kNow, 100, 4000)) == Ids{4});
  CHECK(ids(store.claim(kNow + 4999)) == Ids{4});
  CHECK(ids(store.claim(kNow + 5000)) == Ids{1});
}

TEST_CASE("a dead, held or cancelled head lets its lane go on", "[store][lanes]") {
  const auto end = GENERATE(DeliveryState::dead, DeliveryState::held, DeliveryState::cancelled);
  TempStore store;
  queue(store, "A1", {{"peer:hk", "R-1"}});
  queue(store, "A2", {{"peer:hk", "R-1"}});
  store.settle(store.claim(kNow).at(0), end, kNow);
  CHECK(state_of(store, 1) == end);
  CHECK(ids(store.claim(kNow)) == Ids{2});
}

TEST_CASE("a delivery that may not start before its time is not due, and holds its lane", "[store][lanes]") {
  TempStore store;
  queue(store, "A1", {{"peer:hk", "R-1"}}, kNow + 10);
  queue(store, "A2", {{"peer:hk", "R-1"}});
  CHECK(store.claim(kNow).empty());
  CHECK(ids(store.claim(kNow + 10)) == Ids{1});
}

TEST_CASE("a dead delivery set back to waiting goes to the front of its lane", "[store][lanes]") {
  TempStore store;
  for (const char* id : {"A1", "A2", "A3"}) queue(store, id, {{"peer:hk", "R-1"}});
  store.settle(store.claim(kNow).at(0), DeliveryState::dead);
  SECTION("before the one that waits there") {
    REQUIRE(change(store, 1, DeliveryState::waiting));
    const auto claims = store.claim(kNow);
    REQUIRE(ids(claims) == Ids{1});
    store.settle(claims[0], DeliveryState::delivered);
    CHECK(ids(store.claim(kNow)) == Ids{2});
  }
  SECTION("but after the one that is in flight") {
    const auto second = store.claim(kNow);
    REQUIRE(ids(second) == Ids{2});
    REQUIRE(change(store, 1, DeliveryState::waiting));
    CHECK(store.claim(kNow).empty());
    store.settle(second[0], DeliveryState::delivered);
    CHECK(ids(store.claim(kNow)) == Ids{1});
  }
  SECTION("and before the one in flight when that must wait again") {
    const auto second = store.claim(kNow);
    REQUIRE(change(store, 1, DeliveryState::waiting));
    store.settle(second[0], DeliveryState::waiting, kNow, kNow);
    CHECK(ids(store.claim(kNow)) == Ids{1});
  }
}

TEST_CASE("paused destinations are left out", "[store][lanes]") {
  TempStore store;
  queue(store, "A1", {{"peer:hk", "R-1"}, {"local:his", "R-1"}, {"peer:bj", "R-1"}});
  CHECK(ids(store.claim(kNow, 100, 1000, {"peer:hk", "peer:bj"})) == Ids{2});
  CHECK(ids(store.claim(kNow, 100, 1000, {"peer:bj"})) == Ids{1});
}

TEST_CASE("the longest due come first, and the backlog of one destination does not stand before the others",
          "[store][lanes]") {
  TempStore store;
  std::vector<std::pair<std::string, std::string>> backlog;
  for (int i = 0; i < 20; ++i) backlog.emplace_back("peer:hk", "R-" + std::to_string(i));
  queue(store, "A1", backlog);
  queue(store, "A2", {{"local:his", "R-1"}});
  CHECK(ids(store.claim(kNow, 4)) == Ids{1, 21, 2, 3});
}

TEST_CASE("no more than asked for are claimed", "[store][lanes]") {
  TempStore store;
  queue(store, "A1", {{"peer:hk", ""}, {"peer:hk", ""}, {"peer:hk", ""}});
  CHECK(store.claim(kNow, 2).size() == 2);
  CHECK(store.claim(kNow, 2).size() == 1);
  CHECK(store.claim(kNow, 0).empty());
}

TEST_CASE("a claim that was not settled in time is due again, and its late settlement changes nothing",
          "[store][leases]") {
  TempStore store;
  queue(store, "A1", {{"peer:hk", "R-1"}});
  const auto first = store.claim(kNow, 1, 1000);
  CHECK(store.claim(kNow + 999).empty());
  const auto second = store.claim(kNow + 1000, 1, 1000);
  REQUIRE(ids(second) == Ids{1});
  CHECK(second[0].lease != first[0].lease);

  Commit late;
  late.settlements.push_back({.delivery = 1, .reason = {}, .answer = {}, .lease = first[0].lease});
  late.audit.push_back(sample_audit("delivered"));
  CHECK(store.commit(late).lease_lost);
  CHECK(state_of(store, 1) == DeliveryState::claimed);
  CHECK(must(store->audit(0, 10)).empty());

  CHECK_FALSE(store.settle(second[0], DeliveryState::delivered).lease_lost);
  CHECK(state_of(store, 1) == DeliveryState::delivered);
  CHECK(store.settle(second[0], DeliveryState::delivered).lease_lost);
}

TEST_CASE("a claim past its time counts as long as nobody else took it", "[store][leases]") {
  TempStore store;
  queue(store, "A1", {{"peer:hk", "R-1"}});
  const auto claims = store.claim(kNow, 1, 1000);
  CHECK_FALSE(store.settle(claims[0], DeliveryState::delivered, kNow + 5000).lease_lost);
}

TEST_CASE("a restart voids all claims: their deliveries are due at once, and the old leases are lost",
          "[store][leases]") {
  TempStore store;
  queue(store, "A1", {{"peer:hk", "R-1"}});
  const auto before = store.claim(kNow, 1, 1'000'000);
  store.reopen();
  const auto after = store.claim(kNow);
  REQUIRE(ids(after) == Ids{1});
  CHECK(after[0].lease > before[0].lease);
  CHECK(store.settle(before[0], DeliveryState::delivered).lease_lost);
}

TEST_CASE("after a restart the oldest of a lane goes first, though a later one was in flight", "[store][leases]") {
  TempStore store;
  for (const char* id : {"A1", "A2"}) queue(store, id, {{"peer:hk", "R-1"}});
  store.settle(store.claim(kNow).at(0), DeliveryState::dead);
  REQUIRE(ids(store.claim(kNow)) == Ids{2});
  REQUIRE(change(store, 1, DeliveryState::waiting));
  store.reopen();
  CHECK(ids(store.claim(kNow)) == Ids{1});
}

TEST_CASE("a settlement keeps reason, attempts, answer and time", "[store][leases]") {
  TempStore store;
  queue(store, "A1", {{"peer:hk", "R-1"}});
  const auto settle = [&](DeliveryState state, const std::string& answer, int attempts) {
    Commit commit;
    const auto claims = store.claim(kNow);
    commit.settlements.push_back({.delivery = 1,
                                  .state = state,
                                  .reason = "AE: unknown code",
                                  .answer = answer,
                                  .attempts = attempts,
                                  .at = kNow,
                                  .next_at = kNow,
                                  .lease = claims.at(0).lease});
    store.commit(std::move(commit));
    return *must(store->delivery(1));
  };
  auto now = settle(DeliveryState::waiting, "MSA|AR", 1);
  CHECK(now.state == DeliveryState::waiting);
  CHECK(now.attempts == 1);
  CHECK(now.next_at == kNow);
  CHECK(now.settled_at == 0);
  CHECK(now.answer == "MSA|AR");
  now = settle(DeliveryState::waiting, "", 2);
  CHECK(now.answer == "MSA|AR");
  now = settle(DeliveryState::dead, "MSA|AE", 3);
  CHECK(now.state == DeliveryState::dead);
  CHECK(now.reason == "AE: unknown code");
  CHECK(now.settled_at == kNow);
  CHECK(now.answer == "MSA|AE");
  CHECK(now.bytes == R"({"resourceType":"Bundle"})");
}

TEST_CASE("a person may change what waits, is held or dead, and nothing else", "[store][leases]") {
  TempStore store;
  queue(store, "A1", {{"peer:hk", "R-1"}});
  const auto conflict = [&](DeliveryState to) {
    const auto result = change(store, 1, to);
    return !result && result.error().fault == fhir::Fault::conflict;
  };
  SECTION("waiting -> held -> waiting -> dead -> cancelled, which is final") {
    CHECK(change(store, 1, DeliveryState::held));
    CHECK(store.claim(kNow).empty());
    CHECK(change(store, 1, DeliveryState::waiting, kNow));
    CHECK(change(store, 1, DeliveryState::dead));
    CHECK(change(store, 1, DeliveryState::cancelled));
    CHECK(conflict(DeliveryState::waiting));
  }
  SECTION("in flight") {
    const auto claims = store.claim(kNow);
    CHECK(conflict(DeliveryState::cancelled));
    store.settle(claims[0], DeliveryState::delivered);
    CHECK(conflict(DeliveryState::waiting));
  }
  SECTION("to claimed never") { CHECK(change(store, 1, DeliveryState::claimed).error().fault == fhir::Fault::invalid); }
}

TEST_CASE("the operator's lists show what is open and what is parked, with counts to match", "[store][lanes]") {
  TempStore store;
  queue(store, "A1", {{"peer:hk", "1"}, {"peer:hk", "2"}, {"peer:hk", "3"}, {"peer:hk", "4"}, {"peer:hk", "5"}});
  const auto claims = store.claim(kNow, 4);
  store.settle(claims[0], DeliveryState::delivered);
  store.settle(claims[1], DeliveryState::dead);
  store.settle(claims[2], DeliveryState::held);
  const auto listed = [&](DeliveryState state) {
    Ids all;
    for (const auto& d : must(store->deliveries_in(state, 0, 10))) {
      CHECK(d.state == state);
      CHECK(d.bytes.empty());
      all.push_back(d.id);
    }
    return all;
  };
  CHECK(listed(DeliveryState::dead) == Ids{2});
  CHECK(listed(DeliveryState::held) == Ids{3});
  CHECK(listed(DeliveryState::claimed) == Ids{4});
  CHECK(listed(DeliveryState::waiting) == Ids{5});
  CHECK(must(store->deliveries_in(DeliveryState::waiting, 5, 10)).empty());
  CHECK(store->deliveries_in(DeliveryState::delivered, 0, 10).error().fault == fhir::Fault::unsupported);
  const auto counts = must(store->counts());
  CHECK(counts.waiting == 1);
  CHECK(counts.claimed == 1);
  CHECK(counts.dead == 1);
  CHECK(counts.held == 1);
  CHECK(counts.oldest_waiting == 1'700'000'000'000);
  CHECK(counts.oldest_held == 1'700'000'000'000);
}

TEST_CASE("a delivery whose bytes are damaged becomes dead with an alarm, and the others go on", "[store][lanes]") {
  TempStore store;
  queue(store, "A1", {{"peer:hk", "R-1"}});
  queue(store, "A2", {{"peer:hk", "R-1"}});
  queue(store, "A3", {{"peer:hk", "R-2"}});
  store.close();
  RawDatabase(store.file()).run("UPDATE delivery_body SET bytes = x'28b52ffd00' WHERE delivery = 1");
  store.open();
  CHECK(ids(store.claim(kNow)) == Ids{3});
  CHECK(ids(store.claim(kNow)) == Ids{2});
  CHECK(must(store->deliveries(1)).at(0).state == DeliveryState::dead);
  CHECK(must(store->deliveries(1)).at(0).reason == "the stored bytes are damaged");
  const auto read = store->delivery(1);
  REQUIRE_FALSE(read);
  CHECK(read.error().fault == fhir::Fault::needs_person);
  const auto audit = must(store->audit(0, 10));
  REQUIRE(audit.size() == 1);
  CHECK(audit[0].event == "alarm");
  CHECK(audit[0].detail == R"({"code":"store.body-damaged","delivery":1})");
  CHECK_FALSE(store->failed());
  CHECK(must(store->verify_audit()) == 1);
}

namespace {

void queue_one(TempStore& store, const std::string& control_id, const std::string& destination, const std::string& lane,
               bool urgent, bool holds_lane = false) {
  Commit commit;
  commit.message = sample_message(control_id);
  commit.deliveries.push_back(sample_delivery(destination, lane));
  commit.deliveries.back().urgent = urgent;
  commit.deliveries.back().holds_lane = holds_lane;
  store.commit(std::move(commit));
}

}  // namespace

TEST_CASE("what is urgent is claimed before everything else, however long the rest has waited", "[store][lanes]") {
  TempStore store;
  for (int i = 0; i < 20; ++i) queue_one(store, "A" + std::to_string(i), "peer:hk", "R-" + std::to_string(i), false);
  queue_one(store, "U", "peer:hk", "R-urgent", true);
  const auto claims = store.claim(kNow, 2);
  CHECK(ids(claims) == Ids{21, 1});
  CHECK(claims[0].delivery.urgent);

  SECTION("also when it is tried again, and after a restart") {
    store.settle(claims[0], DeliveryState::waiting, kNow, kNow + 10);
    CHECK(ids(store.claim(kNow + 10, 1)) == Ids{21});
    store.reopen();
    CHECK(ids(store.claim(kNow + 10, 1)) == Ids{21});
  }
  SECTION("also when a person sends the dead one again") {
    store.settle(claims[0], DeliveryState::dead);
    REQUIRE(change(store, 21, DeliveryState::waiting));
    CHECK(ids(store.claim(kNow, 1)) == Ids{21});
  }
}

TEST_CASE("an urgent delivery does not overtake what waits before it in its lane: it makes it urgent",
          "[store][lanes]") {
  TempStore store;
  queue_one(store, "A", "peer:hk", "R-other", false);
  for (const char* id : {"B1", "B2"}) queue_one(store, id, "peer:hk", "R-1", false);
  queue_one(store, "B3", "peer:hk", "R-1", true);
  queue_one(store, "B4", "peer:hk", "R-1", false);
  for (const Id expected : {2, 3, 4, 1, 5}) {
    const auto claims = store.claim(kNow, 1);
    REQUIRE(ids(claims) == Ids{expected});
    store.settle(claims[0], DeliveryState::delivered);
  }
}

TEST_CASE("no more is claimed of a destination than there is room for, and the others get the rest", "[store][lanes]") {
  TempStore store;
  for (int i = 0; i < 10; ++i) queue(store, "A" + std::to_string(i), {{"peer:slow", ""}});
  for (int i = 0; i < 3; ++i) queue(store, "B" + std::to_string(i), {{"peer:hk", ""}});
  CHECK(ids(store.claim_within(kNow, 100, 1000, {{"peer:slow", 2}})) == Ids{1, 11, 2, 12, 13});
  CHECK(store.claim_within(kNow, 100, 1000, {{"peer:slow", 0}}).empty());
}

TEST_CASE("a dead delivery that holds its lane stops it until a person decides", "[store][lanes]") {
  TempStore store;
  queue_one(store, "A1", "peer:hk", "R-1", false, true);
  queue_one(store, "A2", "peer:hk", "R-1", false, true);
  queue_one(store, "B1", "peer:hk", "R-2", false, true);
  store.settle(store.claim(kNow, 1).at(0), DeliveryState::dead, kNow);
  CHECK(state_of(store, 1) == DeliveryState::dead);
  CHECK(ids(store.claim(kNow)) == Ids{3});
  const auto counts = must(store->counts());
  CHECK(counts.dead == 1);
  CHECK(counts.waiting == 1);
  CHECK(must(store->backlogs()).at(0).waiting == 1);
  CHECK(must(store->deliveries_in(DeliveryState::waiting, 0, 10)).size() == 1);
  CHECK(must(store->deliveries_in(DeliveryState::dead, 0, 10)).at(0).next_at == 0);

  SECTION("sent again, it goes first") {
    REQUIRE(change(store, 1, DeliveryState::waiting));
    CHECK(ids(store.claim(kNow)) == Ids{1});
    CHECK(must(store->counts()).dead == 0);
  }
  SECTION("discarded, it lets the next go") {
    REQUIRE(change(store, 1, DeliveryState::cancelled));
    CHECK(ids(store.claim(kNow)) == Ids{2});
  }
  SECTION("a restart changes nothing") {
    store.reopen();
    CHECK(ids(store.claim(kNow)) == Ids{3});
  }
}

TEST_CASE("a Bundle.id stands for one message of its sender, unless that is outdated", "[store][dedup]") {
  TempStore store;
  const auto commit = [&](const std::string& control_id, const std::string& transmission) {
    Commit one;
    one.message = sample_message(control_id);
    one.message->transmission = transmission;
    one.remember = one.once = true;
    return one;
  };
  store.commit(commit("A1", "b-1"));
  const auto reused = store.commit(commit("A2", "b-1"));
  REQUIRE(reused.duplicate);
  CHECK(reused.duplicate->message == 1);
  CHECK(must(store->seen_transmission("tmucih", "b-1"))->message == 1);
  CHECK_FALSE(must(store->seen_transmission("hkaur", "b-1")));
  Commit later = commit("A2", "b-1");
  later.outdated = {1};
  CHECK(store.commit(std::move(later)).message == 2);
  CHECK(must(store->seen_transmission("tmucih", "b-1"))->message == 2);
}

}  // namespace gateway::store
