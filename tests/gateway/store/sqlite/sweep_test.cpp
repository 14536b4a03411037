// What goes when its retention is over, and what never does.
#include "gateway/store/sqlite/sweep.h"

#include <fmt/format.h>

#include "tests/gateway/store/temp_store.h"

namespace gateway::store {
namespace {

constexpr Millis kOld = 1'600'000'000'000, kLimit = 1'650'000'000'000, kYoung = 1'700'000'000'000;

Commit old_commit(const std::string& id, DeliveryState state = DeliveryState::delivered) {
  Commit commit = sample_commit(id);
  commit.message->at = kOld;
  commit.deliveries.at(0).state = state;
  commit.deliveries.at(0).settled_at = kOld;
  commit.keys = {{KeyKind::patient, "MRN-" + id}};
  commit.resources.push_back(sample_resource("DiagnosticReport", id));
  commit.resources.at(0).correlation = commit.message->correlation;
  return commit;
}

std::vector<Id> expired(TempStore& store, Layer layer, bool refused = false) {
  return must(store->expired({.layer = layer, .event = "report", .refused = refused, .before = kLimit}));
}

std::int64_t sweep(TempStore& store, Layer layer, std::vector<Id> messages) {
  std::promise<Result<std::int64_t>> promise;
  store->sweep(
      layer, std::move(messages),
      [](std::span<const Id> gone) {
        return AuditEntry{0, kYoung, "swept", "gateway", fmt::format(R"({{"messages":{}}})", gone.size()), ""};
      },
      [&](Result<std::int64_t> done) { promise.set_value(std::move(done)); });
  return must(promise.get_future().get());
}

}  // namespace

TEST_CASE("only what is old enough and finished is found: nothing held, waiting, in flight, dead or young",
          "[retention]") {
  TempStore store;
  const Id done = store.commit(old_commit("done")).message;
  store.commit(old_commit("waiting", DeliveryState::waiting));
  store.commit(old_commit("dead", DeliveryState::dead));
  store.commit(old_commit("held", DeliveryState::held));
  Commit held = old_commit("held message");
  held.message->state = MessageState::held;
  held.deliveries.clear();
  held.remember = false;
  store.commit(std::move(held));
  Commit young = old_commit("young");
  young.message->at = kYoung;
  store.commit(std::move(young));
  for (const Layer layer : {Layer::duplicates, Layer::sent, Layer::raw, Layer::content})
    CHECK(expired(store, layer) == std::vector{done});
  CHECK(expired(store, Layer::content, true).empty());
}

TEST_CASE("refused and discarded messages have a retention of their own", "[retention]") {
  TempStore store;
  Commit refused = old_commit("refused");
  refused.message->state = MessageState::refused;
  refused.deliveries.clear();
  refused.remember = false;
  const Id id = store.commit(std::move(refused)).message;
  CHECK(expired(store, Layer::content).empty());
  CHECK(expired(store, Layer::content, true) == std::vector{id});
}

TEST_CASE("each layer takes what is its own and leaves the others", "[retention]") {
  TempStore store;
  const Id id = store.commit(old_commit("A1")).message;
  const Id delivery = must(store->deliveries(id)).at(0).id;
  CHECK(sweep(store, Layer::raw, {id}) == 1);
  CHECK(must(store->message(id))->raw.empty());
  CHECK(!must(store->message(id))->bundle.empty());
  CHECK(sweep(store, Layer::sent, {id}) == 1);
  CHECK(must(store->delivery(delivery))->bytes.empty());
  CHECK(must(store->seen("tmucih", "A1")).has_value());
  CHECK(sweep(store, Layer::duplicates, {id}) == 1);
  CHECK(!must(store->seen("tmucih", "A1")).has_value());
  CHECK(!must(store->message(id))->answer.empty());
  for (const Layer layer : {Layer::duplicates, Layer::sent, Layer::raw}) CHECK(expired(store, layer).empty());
  CHECK(expired(store, Layer::content) == std::vector{id});
}

TEST_CASE("swept content leaves one line of the message and of each delivery, and no way to find a patient by it",
          "[retention]") {
  TempStore store;
  const Id id = store.commit(old_commit("A1")).message;
  CHECK(sweep(store, Layer::content, {id}) == 1);
  const auto message = must(store->message(id));
  REQUIRE(message);
  CHECK((message->raw + message->bundle + message->answer + message->explain).empty());
  CHECK(message->business_ids.empty());
  CHECK(message->reason_code == "retention");
  CHECK(must(store->deliveries(id)).size() == 1);
  CHECK(must(store->find({.keys = {{KeyKind::patient, "MRN-A1"}}})).empty());
  CHECK(!must(store->resource("DiagnosticReport", "A1")));
  CHECK(!must(store->seen("tmucih", "A1")));
  CHECK(expired(store, Layer::content).empty());
  RawDatabase raw(store.file());
  CHECK(raw.rows("PRAGMA foreign_key_check").empty());
  CHECK(raw.number("SELECT count(*) FROM resource_version") == 0);
}

TEST_CASE("a resource that a later message changed stays when the earlier message's content goes", "[retention]") {
  TempStore store;
  const Id first = store.commit(old_commit("A1")).message;
  Commit later = old_commit("A2");
  later.message->at = kYoung;
  later.message->correlation = "case-A1";
  later.resources.at(0) = sample_resource("DiagnosticReport", "A1");
  later.resources.at(0).correlation = "case-A1";
  store.commit(std::move(later));
  CHECK(sweep(store, Layer::content, {first}) == 1);
  CHECK(must(store->resource("DiagnosticReport", "A1"))->version == 2);
}

TEST_CASE("what somebody took up again between looking and sweeping is left", "[retention]") {
  TempStore store;
  const Id id = store.commit(old_commit("A1", DeliveryState::cancelled)).message;
  const auto found = expired(store, Layer::content);
  REQUIRE(found == std::vector{id});
  Commit again;
  again.deliveries.push_back(sample_delivery("peer:hongkong", ""));
  again.deliveries.at(0).message = id;
  store.commit(std::move(again));
  CHECK(sweep(store, Layer::content, found) == 0);
  CHECK(!must(store->message(id))->bundle.empty());
}

TEST_CASE("nothing is swept without an entry in the audit, and the audit itself is never swept", "[retention]") {
  TempStore store;
  std::vector<Id> ids;
  for (int i = 0; i < 5; ++i) ids.push_back(store.commit(old_commit("A" + std::to_string(i))).message);
  const auto before = must(store->verify_audit());
  CHECK(sweep(store, Layer::content, ids) == 5);
  CHECK(must(store->verify_audit()) == before + 1);
  CHECK(must(store->audit(before, 1)).at(0).detail == R"({"messages":5})");
  CHECK(sweep(store, Layer::raw, {999}) == 0);
  CHECK(must(store->verify_audit()) == before + 1);
}

TEST_CASE("the events of a store are told each once, and old messages page by page in order", "[retention]") {
  TempStore store;
  std::vector<Id> ids;
  for (int i = 0; i < 7; ++i) ids.push_back(store.commit(old_commit("A" + std::to_string(i))).message);
  Commit other = old_commit("B");
  other.message->event = "dispense";
  store.commit(std::move(other));
  CHECK(must(store->events()) == std::vector<std::string>{"dispense", "report"});
  std::vector<Id> walked;
  for (Id after = 0;;) {
    const auto page = must(
        store->expired({.layer = Layer::content, .event = "report", .before = kLimit, .after = after, .limit = 3}));
    if (page.empty()) break;
    walked.insert(walked.end(), page.begin(), page.end());
    after = page.back();
  }
  CHECK(walked == ids);
}

TEST_CASE("a stretch of time gives the messages that came in it and what went to one destination, page by page",
          "[reconcile]") {
  TempStore store;
  std::vector<Id> ids;
  for (int i = 0; i < 5; ++i) {
    Commit commit = sample_commit("A" + std::to_string(i), i % 2 == 0 ? "peer:hainan" : "peer:beijing");
    commit.message->at = kYoung + i / 2;  // two at the same moment
    commit.message->sender = i == 4 ? "other" : "tmucih";
    ids.push_back(store.commit(std::move(commit)).message);
  }
  const auto numbers = [](const auto& list) {
    std::vector<Id> all;
    for (const auto& one : list) all.push_back(one.id);
    return all;
  };
  CHECK(numbers(must(store->came({.from = kYoung, .until = kYoung + 2}))) == std::vector(ids.begin(), ids.begin() + 4));
  CHECK(numbers(must(store->came({.from = kYoung, .until = kYoung + 9, .sender = "other"}))) == std::vector{ids[4]});
  CHECK(numbers(must(store->came({.from = kYoung, .until = kYoung + 9, .after = ids[0], .limit = 2}))) ==
        std::vector{ids[1], ids[2]});
  CHECK(must(store->came({.from = kYoung, .until = kYoung + 1})).at(0).business_ids ==
        std::vector<std::string>{"A0", "R-A0"});
  const auto went = must(store->went({.from = kYoung, .until = kYoung + 9}, "peer:hainan"));
  REQUIRE(went.size() == 3);
  CHECK(went[1].message == ids[2]);
}

}  // namespace gateway::store
