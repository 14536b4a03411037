// Marks of staging rows: stored with their message or not at all, found again, counted.
#include "gateway/store/sqlite/rows.h"

#include "tests/gateway/store/temp_store.h"

namespace gateway::store {
namespace {

RowMark mark(std::string key, RowState state, Millis at = 10) {
  return {.door = "rows:his",
          .key = std::move(key),
          .hash = "h1",
          .state = state,
          .reason = "why",
          .version = 2,
          .live = true,
          .at = at};
}

std::vector<std::string> keys_of(const std::vector<RowMark>& marks) {
  std::vector<std::string> keys;
  for (const auto& one : marks) keys.push_back(one.key);
  return keys;
}

using Keys = std::vector<std::string>;

}  // namespace

TEST_CASE("a row's mark is stored with the message it became", "[store][rows]") {
  TempStore store;
  Commit commit;
  commit.message = Message{};
  commit.message->sender = "rows:his";
  commit.message->control_id = "1#1";
  commit.remember = true;
  commit.rows.push_back(mark("[\"1\"]", RowState::taken));
  const auto stored = store.commit(std::move(commit));
  store.reopen();
  const std::vector<std::string> keys{"[\"1\"]", "[\"2\"]"};
  const auto found = must(store->row_marks("rows:his", keys));
  REQUIRE(found.size() == 1);
  CHECK(found[0].hash == "h1");
  CHECK(found[0].state == RowState::taken);
  CHECK(found[0].version == 2);
  CHECK(found[0].live);
  CHECK(found[0].message == stored.message);
  CHECK(must(store->row_marks("rows:other", keys)).empty());
}

TEST_CASE("a mark whose message is a duplicate is not stored either", "[store][rows]") {
  TempStore store;
  const auto commit = [&](std::string hash) {
    Commit one;
    one.message = Message{};
    one.message->sender = "rows:his";
    one.message->control_id = "1#1";
    one.remember = true;
    one.rows.push_back(mark("[\"1\"]", RowState::taken));
    one.rows.back().hash = std::move(hash);
    return one;
  };
  store.commit(commit("first"));
  CHECK(store.commit(commit("second")).duplicate);
  const std::vector<std::string> keys{"[\"1\"]"};
  CHECK(must(store->row_marks("rows:his", keys)).at(0).hash == "first");
}

TEST_CASE("a mark without a message keeps the message it had", "[store][rows]") {
  TempStore store;
  Commit commit;
  commit.message = Message{};
  commit.rows.push_back(mark("[\"1\"]", RowState::taken));
  const auto first = store.commit(std::move(commit));
  Commit later;
  later.rows.push_back(mark("[\"1\"]", RowState::waiting, 99));
  store.commit(std::move(later));
  const auto waiting = must(store->row_marks_in("rows:his", RowState::waiting, 10));
  REQUIRE(waiting.size() == 1);
  CHECK(waiting[0].message == first.message);
  CHECK(waiting[0].at == 99);
  CHECK(must(store->row_marks_in("rows:his", RowState::taken, 10)).empty());
}

TEST_CASE("marks are walked over by key, listed by age, and counted", "[store][rows]") {
  TempStore store;
  Commit commit;
  commit.rows = {mark("a", RowState::waiting, 30), mark("b", RowState::waiting, 20), mark("c", RowState::gone),
                 mark("d", RowState::waiting, 40)};
  commit.bookmarks = {{"rows:his", "T", "2026-01-01", "[\"9\"]"}};
  store.commit(std::move(commit));
  CHECK(keys_of(must(store->row_marks_after("rows:his", "", 2))) == Keys{"a", "b"});
  CHECK(keys_of(must(store->row_marks_after("rows:his", "b", 9))) == Keys{"c", "d"});
  CHECK(keys_of(must(store->row_marks_in("rows:his", RowState::waiting, 2))) == Keys{"b", "a"});
  const auto counts = must(store->row_counts());
  REQUIRE(counts.size() == 2);
  CHECK(counts[0].count == 3);
  CHECK(counts[0].oldest == 20);
  CHECK(must(store->row_bookmark("rows:his", "T"))->key == "[\"9\"]");
  CHECK_FALSE(must(store->row_bookmark("rows:his", "U")));
}

}  // namespace gateway::store
