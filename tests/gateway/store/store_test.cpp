// The contract of gateway/store/store.h as any implementation must keep it.
#include "gateway/store/store.h"

#include <thread>

#include "tests/gateway/store/temp_store.h"

namespace gateway::store {

TEST_CASE("what was committed is read back as it was given", "[store]") {
  TempStore store;
  Commit commit = sample_commit("A1", "peer:hongkong", "R-A1");
  commit.message->raw = std::string("\x0b\0MSH\xff\r", 8);
  commit.resources.push_back(sample_resource("DiagnosticReport", "dr1"));
  commit.links.push_back({"eliteoncology", "ps-1", R"({"resourceType":"Patient"})"});
  const auto done = store.commit(commit);
  CHECK(done.versions == std::vector<std::int64_t>{1});

  const auto message = must(store->message(done.message));
  REQUIRE(message);
  CHECK(message->raw == commit.message->raw);
  CHECK(message->bundle == commit.message->bundle);
  CHECK(message->answer == commit.message->answer);
  CHECK(message->explain == commit.message->explain);
  CHECK(message->at == commit.message->at);
  CHECK(message->door == "mllp:lis");
  CHECK(message->state == MessageState::accepted);
  CHECK(message->business_ids == std::vector<std::string>{"A1", "R-A1"});

  const auto deliveries = must(store->deliveries(done.message));
  REQUIRE(deliveries.size() == 1);
  CHECK(deliveries[0].bytes.empty());
  const auto delivery = must(store->delivery(deliveries[0].id));
  REQUIRE(delivery);
  CHECK(delivery->bytes == commit.deliveries[0].bytes);
  CHECK(delivery->destination == "peer:hongkong");
  CHECK(delivery->lane_key == "R-A1");
  CHECK(delivery->request_id == "4bf9");
  CHECK(delivery->state == DeliveryState::waiting);

  const auto resource = must(store->resource("DiagnosticReport", "dr1"));
  REQUIRE(resource);
  CHECK(resource->json == commit.resources[0].json);
  CHECK(resource->message == done.message);
  CHECK(resource->identifiers == commit.resources[0].identifiers);
  CHECK(must(store->link("eliteoncology", "ps-1"))->patient_json == R"({"resourceType":"Patient"})");
  CHECK(must(store->audit(0, 10)).size() == 1);
}

TEST_CASE("what is not there is absent and no error", "[store]") {
  TempStore store;
  CHECK_FALSE(must(store->message(1)));
  CHECK_FALSE(must(store->delivery(1)));
  CHECK_FALSE(must(store->resource("Patient", "x")));
  CHECK_FALSE(must(store->link("r", "p")));
  CHECK_FALSE(must(store->seen("s", "c")));
  CHECK(must(store->messages({})).empty());
  CHECK(must(store->resources("Patient", "", "x", 10)).empty());
  CHECK(must(store->verify_audit()) == 0);
}

TEST_CASE("it is all there after closing and opening again", "[store]") {
  TempStore store;
  const auto done = store.commit(sample_commit("A1", "peer:hongkong", "lane"));
  store.reopen();
  CHECK(must(store->message(done.message))->control_id == "A1");
  CHECK(must(store->seen("tmucih", "A1"))->message == done.message);
  CHECK(must(store->verify_audit()) == 1);
  CHECK(store.claim(2'000'000'000'000).size() == 1);
  CHECK(store.commit(sample_commit("A2")).message > done.message);
}

TEST_CASE("when one part of a commit cannot be stored, nothing of it is", "[store]") {
  TempStore store;
  const auto before = must(store->counts());
  const auto refused = [&](Commit commit, std::string_view code) {
    const auto result = store->commit(std::move(commit));
    REQUIRE_FALSE(result);
    CHECK(result.error().code == code);
  };
  SECTION("a delivery of a message that does not exist") {
    Commit commit = sample_commit("A1");
    commit.deliveries.push_back(sample_delivery("local:his", ""));
    commit.deliveries.back().message = 4711;
    refused(std::move(commit), "store.unknown");
  }
  SECTION("a delivery that claims itself") {
    Commit commit = sample_commit("A1");
    commit.deliveries.push_back(sample_delivery("local:his", ""));
    commit.deliveries.back().state = DeliveryState::claimed;
    refused(std::move(commit), "store.constraint");
  }
  SECTION("the second of three resources is stale") {
    Commit commit = sample_commit("A1");
    for (const char* id : {"r1", "r2", "r3"}) commit.resources.push_back(sample_resource("Task", id));
    commit.resources[1].replaces = 7;
    refused(std::move(commit), "store.version");
  }
  SECTION("a settlement of a delivery that does not exist") {
    Commit commit = sample_commit("A1");
    commit.settlements.push_back({.delivery = 99, .reason = {}, .answer = {}});
    refused(std::move(commit), "store.unknown");
  }
  SECTION("a change of a message that is not held") {
    Commit commit = sample_commit("A1");
    commit.changes.push_back({.message = 99, .reason = {}, .answer = {}});
    refused(std::move(commit), "store.state");
  }
  CHECK(must(store->messages({})).empty());
  CHECK_FALSE(must(store->seen("tmucih", "A1")));
  CHECK_FALSE(must(store->resource("Task", "r1")));
  CHECK(must(store->audit(0, 10)).empty());
  CHECK(must(store->counts()).waiting == before.waiting);
  CHECK(must(store->verify_audit()) == 0);
  const auto next = store.commit(sample_commit("A1"));
  CHECK_FALSE(next.duplicate);
  CHECK(must(store->verify_audit()) == 1);
}

TEST_CASE("a repeat of a remembered message stores nothing and brings the first answer", "[store]") {
  TempStore store;
  const auto first = store.commit(sample_commit("A1"));
  Commit again = sample_commit("A1");
  again.message->content_hash = "0ther";
  again.message->answer = "another answer";
  const auto second = store.commit(std::move(again));
  REQUIRE(second.duplicate);
  CHECK(second.message == 0);
  CHECK(second.duplicate->message == first.message);
  CHECK(second.duplicate->content_hash == "c0ffee");
  CHECK(second.duplicate->answer == "MSA|CA|A1");
  CHECK(must(store->messages({})).size() == 1);
  CHECK(must(store->verify_audit()) == 1);
}

TEST_CASE("the same control id of another sender is another message", "[store]") {
  TempStore store;
  store.commit(sample_commit("A1"));
  Commit other = sample_commit("A1");
  other.message->sender = "beijing";
  CHECK_FALSE(store.commit(std::move(other)).duplicate);
}

TEST_CASE("a refused message is not remembered: the same id is processed anew", "[store]") {
  TempStore store;
  Commit refused = sample_commit("A1");
  refused.message->state = MessageState::refused;
  refused.remember = false;
  store.commit(refused);
  CHECK_FALSE(must(store->seen("tmucih", "A1")));
  CHECK_FALSE(store.commit(sample_commit("A1")).duplicate);
  CHECK(must(store->messages({})).size() == 2);
}

TEST_CASE("messages without a control id never count as repeats", "[store]") {
  TempStore store;
  CHECK_FALSE(store.commit(sample_commit("")).duplicate);
  CHECK_FALSE(store.commit(sample_commit("")).duplicate);
}

TEST_CASE("of sixty-four equal sends at once exactly one is stored", "[store]") {
  TempStore store;
  std::atomic<int> stored{0}, repeats{0};
  {
    std::vector<std::jthread> senders;
    for (int i = 0; i < 64; ++i) {
      senders.emplace_back([&] {
        const auto done = store->commit(sample_commit("A1"));
        if (done) (done->duplicate ? repeats : stored)++;
      });
    }
  }
  CHECK(stored == 1);
  CHECK(repeats == 63);
  CHECK(must(store->messages({})).size() == 1);
  CHECK(must(store->counts()).waiting == 1);
  CHECK(must(store->verify_audit()) == 1);
}

TEST_CASE("a release moves a held message on, once, and enters it into de-duplication", "[store]") {
  TempStore store;
  Commit held = sample_commit("A1");
  held.message->state = MessageState::held;
  held.message->answer.clear();
  held.deliveries.clear();
  held.remember = false;
  const auto message = store.commit(held).message;
  CHECK(must(store->counts()).held == 1);
  CHECK(must(store->counts()).oldest_held == held.message->at);

  Commit release;
  release.changes.push_back({.message = message, .reason = "checked", .answer = "MSA|AA|A1"});
  release.deliveries.push_back(sample_delivery("local:his", "R-1"));
  release.deliveries[0].message = message;
  release.remember = true;
  store.commit(release);
  CHECK(must(store->message(message))->state == MessageState::released);
  CHECK(must(store->message(message))->reason == "checked");
  CHECK(must(store->counts()).held == 0);
  CHECK(must(store->counts()).waiting == 1);

  const auto repeat = store.commit(sample_commit("A1"));
  REQUIRE(repeat.duplicate);
  CHECK(repeat.duplicate->answer == "MSA|AA|A1");

  const auto twice = store->commit(release);
  REQUIRE(twice);
  CHECK(twice->duplicate);
}

TEST_CASE("a held message whose resend was accepted meanwhile is not released as well", "[store]") {
  TempStore store;
  Commit held = sample_commit("A1");
  held.message->state = MessageState::held;
  held.remember = false;
  const auto message = store.commit(held).message;
  store.commit(sample_commit("A1"));
  Commit release;
  release.changes.push_back({.message = message, .reason = {}, .answer = {}});
  release.remember = true;
  CHECK(store.commit(release).duplicate);
  CHECK(must(store->message(message))->state == MessageState::held);
}

TEST_CASE("lists narrow by every field, newest first, up to the limit", "[store]") {
  TempStore store;
  for (int i = 0; i < 6; ++i) {
    Commit commit = sample_commit("A" + std::to_string(i));
    commit.message->at = 1000 + i;
    commit.message->event = i % 2 == 0 ? "report" : "referral-request";
    commit.message->sender = i < 3 ? "hainan" : "tianjin";
    commit.message->correlation = "case-" + std::to_string(i / 2);
    if (i == 4) commit.message->state = MessageState::held;
    store.commit(std::move(commit));
  }
  const auto ids = [&](const Query& query) {
    std::string text;
    for (const auto& m : must(store->messages(query))) text += m.control_id;
    return text;
  };
  CHECK(ids({}) == "A5A4A3A2A1A0");
  CHECK(ids({.state = {}, .business_id = {}, .correlation = {}, .event = {}, .sender = {}, .limit = 2}) == "A5A4");
  Query query;
  query.event = "report";
  CHECK(ids(query) == "A4A2A0");
  query.sender = "hainan";
  CHECK(ids(query) == "A2A0");
  query.since = 1001;
  CHECK(ids(query) == "A2");
  query = {};
  query.state = MessageState::held;
  CHECK(ids(query) == "A4");
  query.sender = "hainan";
  CHECK(ids(query).empty());
  query = {};
  query.state = MessageState::accepted;
  query.since = 1002;
  CHECK(ids(query) == "A5A3A2");
  query = {};
  query.business_id = "R-A3";
  CHECK(ids(query) == "A3");
  query.correlation = "case-0";
  CHECK(ids(query).empty());
  query = {};
  query.correlation = "case-1";
  CHECK(ids(query) == "A3A2");
}

TEST_CASE("a list shows no raw bytes and no Bundle", "[store]") {
  TempStore store;
  store.commit(sample_commit("A1"));
  const auto list = must(store->messages({}));
  REQUIRE(list.size() == 1);
  CHECK(list[0].raw.empty());
  CHECK(list[0].bundle.empty());
  CHECK(list[0].explain == R"({"route":"reports"})");
  CHECK(list[0].business_ids.size() == 2);
}

TEST_CASE("an id is never given twice, even when the newest message was deleted", "[store]") {
  TempStore store;
  Commit bare;
  bare.message = sample_message("A1");
  bare.message->business_ids.clear();
  const auto first = store.commit(bare).message;
  store.close();
  RawDatabase(store.file()).run("DELETE FROM message_body; DELETE FROM message");
  store.open();
  bare.message->control_id = "A2";
  CHECK(store.commit(bare).message > first);
}

}  // namespace gateway::store
