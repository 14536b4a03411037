// Finding messages by what they are about, page by page; a delivery's tries; causes of death; backlogs.
#include "gateway/store/sqlite/lists.h"

#include <fstream>

#include "gateway/store/sqlite/migrate.h"
#include "tests/gateway/store/temp_store.h"

namespace gateway::store {
namespace {

Commit about(const std::string& id, Millis at, std::vector<Key> keys) {
  Commit commit = sample_commit(id);
  commit.message->at = at;
  commit.keys = std::move(keys);
  return commit;
}

std::string ids(const std::vector<Found>& found) {
  std::string all;
  for (const Found& one : found) all += one.control_id;
  return all;
}

Key patient(std::string value) { return {KeyKind::patient, std::move(value)}; }

void fill(TempStore& store) {
  for (int i = 1; i <= 9; ++i) {
    const std::string id = "A" + std::to_string(i);
    auto commit = about(id, 1000 * i, {patient(i % 2 == 0 ? "even" : "odd"), {KeyKind::report, "R" + id}});
    if (i == 4) commit.message->event = "referral-request";
    if (i == 6) commit.message->state = MessageState::held;
    store.commit(std::move(commit));
  }
}

Find by(Key key) {
  Find find;
  find.keys = {std::move(key)};
  return find;
}

}  // namespace

TEST_CASE("a message is found by any of its keys, the newest first", "[store][lists]") {
  TempStore store;
  fill(store);
  CHECK(ids(must(store->find(by(patient("odd"))))) == "A9A7A5A3A1");
  CHECK(ids(must(store->find(by({KeyKind::report, "RA7"})))) == "A7");
  CHECK(must(store->find(by({KeyKind::report, "odd"}))).empty());  // the kind counts
  CHECK(must(store->find(by(patient("nobody")))).empty());
  Find both = by(patient("even"));
  both.keys.push_back({KeyKind::report, "RA4"});
  CHECK(ids(must(store->find(both))) == "A4");
}

TEST_CASE("filters narrow what a key found, and stand alone", "[store][lists]") {
  TempStore store;
  fill(store);
  Find find = by(patient("even"));
  find.event = "report";
  CHECK(ids(must(store->find(find))) == "A8A6A2");
  find.state = MessageState::held;
  CHECK(ids(must(store->find(find))) == "A6");
  Find alone;
  alone.since = 7000;
  CHECK(ids(must(store->find(alone))) == "A9A8A7");
  alone.state = MessageState::accepted;
  alone.since = 5000;
  CHECK(ids(must(store->find(alone))) == "A9A8A7A5");
}

TEST_CASE("pages of a list follow each other without gap or repetition", "[store][lists]") {
  TempStore store;
  fill(store);
  for (Find find : {by(patient("odd")), Find{}}) {
    find.limit = 2;
    std::string all;
    for (auto page = must(store->find(find)); !page.empty(); page = must(store->find(find))) {
      all += ids(page);
      find.before = page.back().id;
    }
    CHECK(all == (find.keys.empty() ? "A9A8A7A6A5A4A3A2A1" : "A9A7A5A3A1"));
  }
}

TEST_CASE("a line counts the message's deliveries by state", "[store][lists]") {
  TempStore store;
  auto commit = about("A1", 1000, {patient("p")});
  commit.deliveries.push_back(sample_delivery("local:his", ""));
  store.commit(std::move(commit));
  store.settle(store.claim(1'700'000'000'000, 1).at(0), DeliveryState::delivered);
  store.claim(1'700'000'000'000, 1);
  const auto found = must(store->find(by(patient("p")))).at(0);
  CHECK(found.deliveries == std::array<std::int64_t, 6>{0, 1, 1, 0, 0, 0});
}

TEST_CASE("what became of a delivery is told try by try, at most twenty of them", "[store][lists]") {
  TempStore store;
  store.commit(sample_commit("A1"));
  for (int i = 0; i < 25; ++i) {
    store.settle(store.claim(1'700'000'000'000 + i, 1).at(0), DeliveryState::waiting, i, i);
  }
  const auto attempts = must(store->attempts(1));
  REQUIRE(attempts.size() == 20);
  CHECK(attempts.front().number == 6);
  CHECK(attempts.back().number == 25);
  CHECK(attempts.back().at == 24);
  CHECK(attempts.back().actor.empty());
}

TEST_CASE("a person's replay of a dead delivery is counted, has a new end, and is told with the name",
          "[store][lists]") {
  TempStore store;
  store.commit(sample_commit("A1"));
  store.settle(store.claim(1'700'000'000'000, 1).at(0), DeliveryState::dead, 5);
  Settlement again;
  again.delivery = 1;
  again.state = DeliveryState::waiting;
  again.reason = "sent again by alice";
  again.actor = "alice";
  again.expires_at = 99;
  again.replay = true;
  Commit commit;
  commit.settlements.push_back(again);
  store.commit(std::move(commit));
  const auto delivery = must(store->delivery(1));
  REQUIRE(delivery);
  CHECK(delivery->state == DeliveryState::waiting);
  CHECK(delivery->replays == 1);
  CHECK(delivery->expires_at == 99);
  CHECK(must(store->attempts(1)).back().actor == "alice");
  store.settle(store.claim(1'700'000'000'000, 1).at(0), DeliveryState::delivered, 7);
  CHECK(must(store->delivery(1))->expires_at == 99);
  CHECK(must(store->delivery(1))->replays == 1);
}

TEST_CASE("the dead are grouped by destination and reason, backlogs by destination", "[store][lists]") {
  TempStore store;
  for (const char* id : {"A1", "A2", "A3"}) store.commit(sample_commit(id, "peer:x"));
  store.commit(sample_commit("A4", "peer:y"));
  Millis at = 100;
  for (const auto& claim : store.claim(1'700'000'000'000, 3)) {
    if (claim.delivery.destination != "peer:x") continue;
    Commit commit;
    commit.settlements.push_back({.delivery = claim.delivery.id,
                                  .state = DeliveryState::dead,
                                  .reason = "HTTP 422",
                                  .answer = {},
                                  .at = at++,
                                  .lease = claim.lease});
    store.commit(std::move(commit));
  }
  const auto causes = must(store->dead_causes());
  REQUIRE(causes.size() == 1);
  CHECK(causes[0].destination == "peer:x");
  CHECK(causes[0].reason == "HTTP 422");
  CHECK(causes[0].count == at - 100);
  CHECK(causes[0].first == 100);
  CHECK(causes[0].last == at - 1);
  const auto backlogs = must(store->backlogs());
  REQUIRE(backlogs.size() == 2);
  CHECK(backlogs[0].dead == causes[0].count);
  CHECK(backlogs[0].waiting + backlogs[0].dead == 3);
  CHECK(backlogs[1].waiting + backlogs[1].claimed == 1);
  CHECK(backlogs[1].oldest == 1'700'000'000'000);
}

TEST_CASE("every way of finding messages is served by an index, already in order", "[store][plans]") {
  TempStore store;
  RawDatabase raw(store.file());
  const auto plan_of = [&](const Find& find) {
    std::string plan;
    for (const auto& row : raw.rows("EXPLAIN QUERY PLAN " + sqlite::find_messages_sql(find))) plan += row + "\n";
    INFO(plan);
    CHECK(plan.find("SCAN") == std::string::npos);
    CHECK(plan.find("TEMP B-TREE") == std::string::npos);
    return plan;
  };
  Find find;
  CHECK(plan_of(find).find("INDEX message_by_at") != std::string::npos);
  find.event = "report";
  CHECK(plan_of(find).find("INDEX message_by_event (event=? AND at") != std::string::npos);
  find.before = 7;
  CHECK(plan_of(find).find("INDEX message_by_event (event=? AND at") != std::string::npos);
  find.state = MessageState::held;
  CHECK(plan_of(find).find("INDEX message_by_state (state=? AND at") != std::string::npos);
  find.keys = {patient("p"), {KeyKind::report, "r"}};
  CHECK(plan_of(find).find("PRIMARY KEY (kind=? AND value=? AND message<?)") != std::string::npos);
}

// A file as the first version of the gateway left it.
void make_first_version(const std::string& file) {
  std::ofstream(file).flush();
  std::filesystem::permissions(file, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  RawDatabase raw(file);
  raw.run("PRAGMA page_size = 8192");
  raw.run(std::string(sqlite::migrations().front().script));
  raw.run("PRAGMA application_id = 0x43575354; PRAGMA user_version = 1");
  raw.run("INSERT INTO message VALUES (1, 5, 'mllp:lis', 'lis', 'A1', 'b-1', '', 'report', 'c', 0, '', '')");
  raw.run("INSERT INTO message_body VALUES (1, NULL, NULL, NULL, NULL)");
  raw.run("INSERT INTO resource VALUES (1, 'Patient', 'p1', 1, 1, 5, 'tmucih', 'report', 'c')");
  raw.run("INSERT INTO resource_version VALUES (1, 1, 1, 5, NULL)");
  raw.run("INSERT INTO resource_identifier VALUES ('Patient', 'MRN-1', 'urn:mrn', 1)");
}

TEST_CASE("messages stored before there were keys are found by the identifiers of their resources", "[store][lists]") {
  TempFolder folder;
  StoreOptions options;
  options.file = (folder.path() / "store.db").string();
  make_first_version(options.file);
  const auto store = must(open_sqlite(options));
  CHECK(ids(must(store->find(by(patient("MRN-1"))))) == "A1");
  CHECK(ids(must(store->find(by({KeyKind::message, "A1"})))) == "A1");
  CHECK(ids(must(store->find(by({KeyKind::bundle, "b-1"})))) == "A1");
}

}  // namespace gateway::store
