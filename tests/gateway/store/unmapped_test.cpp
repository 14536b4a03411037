// Codes without an answer are counted with the messages that had them, each once, and no more than there is room for.
#include "gateway/exchange/unmapped.h"

#include <catch2/catch.hpp>

#include "tests/gateway/store/temp_store.h"

namespace gateway::store {

namespace {

Commit met(std::vector<adapters::map::Unmapped> codes, Millis at) {
  Commit commit;
  exchange::note_unmapped(commit, "north/oru", codes, at);
  return commit;
}

}  // namespace

TEST_CASE("a code without an answer is kept once and counted, with the last word for it", "[store][unmapped]") {
  TempStore store;
  store.commit(met({{"units", "u1", "", "OBX[1]-6"}, {"units", "u1", "", "OBX[2]-6"}}, 1000));
  store.commit(met({{"units", "u1", "unit one", "OBX[1]-6"}, {"flags", "x", "", "OBX[1]-8"}}, 2000));
  store.commit(met({{"units", "u1", "", "OBX[4]-6"}}, 3000));
  const auto codes = must(store->unmapped_codes());
  REQUIRE(codes.size() == 2);
  CHECK(codes[0].table == "units");
  CHECK(codes[0].code == "u1");
  CHECK(codes[0].count == 4);
  CHECK(codes[0].display == "unit one");
  CHECK(codes[0].place == "OBX[4]-6");
  CHECK(codes[0].first == 1000);
  CHECK(codes[0].last == 3000);
  CHECK(codes[1].count == 1);
}

TEST_CASE("what is too long to be a code is not kept", "[store][unmapped]") {
  TempStore store;
  store.commit(met({{"flags", std::string(65, 'x'), "", "OBX[1]-8"}}, 1000));
  CHECK(must(store->unmapped_codes()).empty());
}

TEST_CASE("when the worklist is full, the code not met for longest makes room", "[store][unmapped]") {
  TempStore store;
  for (std::size_t n = 0; n < kMostUnmapped; n += 100) {
    std::vector<adapters::map::Unmapped> codes;
    for (std::size_t i = 0; i < 100; ++i) codes.push_back({"flags", std::to_string(n + i), "", "OBX[1]-8"});
    store.commit(met(std::move(codes), n == 200 ? 1000 : 2000));
  }
  store.commit(met({{"flags", "new", "", "OBX[1]-8"}, {"flags", "200", "", "OBX[2]-8"}}, 3000));
  const auto codes = must(store->unmapped_codes());
  CHECK(codes.size() == kMostUnmapped);
  const auto has = [&](std::string_view code) { return std::ranges::count(codes, code, &UnmappedCode::code) == 1; };
  CHECK(has("new"));
  CHECK(has("0"));
  CHECK(std::ranges::count_if(codes, [](const auto& one) { return one.last == 1000; }) == 98);
}

TEST_CASE("a code that nobody met for ninety days leaves the worklist when the next new one comes",
          "[store][unmapped]") {
  TempStore store;
  constexpr Millis kDay = 24 * 3'600'000;
  store.commit(met({{"flags", "old", "", "OBX[1]-8"}, {"flags", "known", "", "OBX[2]-8"}}, kDay));
  store.commit(met({{"flags", "known", "", "OBX[1]-8"}}, 60 * kDay));
  store.commit(met({{"flags", "new", "", "OBX[1]-8"}}, 92 * kDay));
  const auto codes = must(store->unmapped_codes());
  REQUIRE(codes.size() == 2);
  CHECK(codes[0].code == "known");
  CHECK(codes[1].code == "new");
}

}  // namespace gateway::store
