// Room set aside for when the disk is full. A full disk is made with SQLite's page limit and, where the test may mount
// one, by tests/scenario/operate.py with a real file system.
#include "gateway/store/sqlite/ballast.h"

#include <sys/stat.h>

#include "tests/gateway/store/faulty_vfs.h"
#include "tests/gateway/store/temp_store.h"

namespace gateway::store {
namespace {

std::int64_t allocated(const std::string& file) {
  struct stat found{};
  return ::stat(file.c_str(), &found) == 0 ? found.st_blocks * 512 : -1;
}

}  // namespace

TEST_CASE("the ballast takes real room, gives it back once, and can be laid again", "[pressure]") {
  TempFolder folder;
  const std::string file = (folder.path() / "ballast").string();
  sqlite::Ballast ballast(file, 1u << 20);
  CHECK(!ballast.drop());
  CHECK(ballast.lay());
  CHECK(allocated(file) >= 1 << 20);
  CHECK(ballast.lay());
  CHECK(ballast.drop());
  CHECK(allocated(file) == 0);
  CHECK(!ballast.drop());
  CHECK(ballast.lay());
  CHECK(allocated(file) >= 1 << 20);
}

TEST_CASE("without a size there is no ballast and nothing to give", "[pressure]") {
  TempFolder folder;
  sqlite::Ballast ballast((folder.path() / "ballast").string(), 0);
  CHECK(ballast.lay());
  CHECK(!ballast.drop());
  CHECK(std::filesystem::is_empty(folder.path()));
}

TEST_CASE("a ballast that cannot be laid takes nothing of what is left", "[pressure]") {
  TempFolder folder;
  const std::string file = (folder.path() / "ballast").string();
  sqlite::Ballast ballast(file, std::uint64_t{1} << 60);
  CHECK(!ballast.lay());
  CHECK(allocated(file) == 0);
}

TEST_CASE("on a full disk new messages are refused, what is in flight is settled, and refill() takes messages again",
          "[pressure]") {
  FaultyVfs::instance().heal();
  StoreOptions options;
  options.vfs = FaultyVfs::kName;
  options.ballast = 1u << 20;
  TempStore store(options);
  store.commit(sample_commit("A1"));
  const auto claims = store.claim(1'800'000'000'000);
  REQUIRE(claims.size() == 1);
  FaultyVfs::instance().fail(FaultyVfs::Operation::write, 1, SQLITE_FULL);  // once: then the ballast is given up
  const auto refused = store->commit(sample_commit("A2"));
  REQUIRE(!refused);
  CHECK(refused.error().code == "store.full");
  CHECK(refused.error().fault == fhir::Fault::unavailable);
  CHECK(allocated(store.file() + ".ballast") == 0);
  CHECK(store->full());
  CHECK(!store->failed());
  CHECK(!must(store->seen("tmucih", "A2")));
  store.settle(claims[0], DeliveryState::delivered, 1'800'000'000'000);
  CHECK(must(store->counts()).waiting == 0);
  CHECK(!store->commit(sample_commit("A3")));
  CHECK(store->refill());
  CHECK(!store->full());
  store.commit(sample_commit("A2"));
  CHECK(must(store->verify_audit()) == 2);
}

TEST_CASE("when even the ballast is used up nothing is stored, nothing is broken, and it goes on with the first room",
          "[pressure]") {
  FaultyVfs::instance().heal();
  StoreOptions options;
  options.vfs = FaultyVfs::kName;
  options.ballast = 1u << 20;
  TempStore store(options);
  store.commit(sample_commit("A1"));
  auto claims = store.claim(1'800'000'000'000);
  FaultyVfs::instance().fail(FaultyVfs::Operation::write, 1, SQLITE_FULL, true);
  CHECK(!store->commit(sample_commit("A2")));
  Commit settle;
  settle.settlements.push_back(
      {.delivery = claims.at(0).delivery.id, .reason = "", .answer = "", .lease = claims[0].lease});
  const auto refused = store->commit(settle);
  REQUIRE(!refused);
  CHECK(refused.error().code == "store.full");
  CHECK(!store->failed());
  FaultyVfs::instance().heal();
  CHECK(store->commit(settle));
  CHECK(store->refill());
  store.commit(sample_commit("A2"));
  CHECK(must(store->counts()).waiting == 1);
}

}  // namespace gateway::store
