#include "tests/gateway/store/temp_store.h"

namespace gateway::store {
namespace {

Commit remembering(Fact fact) {
  Commit commit;
  commit.facts.push_back(std::move(fact));
  return commit;
}

}  // namespace

TEST_CASE("a fact is remembered over a restart, replaced by a later one, and forgotten when it is gone",
          "[store][facts]") {
  TempStore store;
  CHECK(must(store->fact("pause", "peer:x")) == std::nullopt);
  store.commit(remembering({"pause", "peer:x", 1, "first"}));
  store.commit(remembering({"pause", "peer:x", 2, "second"}));
  store.reopen();
  const auto kept = must(store->fact("pause", "peer:x"));
  REQUIRE(kept.has_value());
  CHECK(kept->value == "second");
  CHECK(kept->at == 2);
  store.commit(remembering({"pause", "peer:x", 3, "", true}));
  CHECK(must(store->fact("pause", "peer:x")) == std::nullopt);
}

TEST_CASE("facts of one kind come in the order of their keys, and other kinds stay out", "[store][facts]") {
  TempStore store;
  for (const char* key : {"b", "a", "c"}) store.commit(remembering({"alert", key, 1, key}));
  store.commit(remembering({"pause", "a", 1, "other"}));
  std::string keys;
  for (const Fact& fact : must(store->facts("alert"))) keys += fact.key + fact.value;
  CHECK(keys == "aabbcc");
}

}  // namespace gateway::store
