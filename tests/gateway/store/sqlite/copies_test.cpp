// Backups of a store: a copy made while it works, examined, damaged, and taken into use again.
#include "gateway/store/sqlite/copies.h"

#include <sys/stat.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "tests/gateway/store/temp_store.h"

namespace gateway::store {
namespace {

StoreOptions at(const std::filesystem::path& file) {
  StoreOptions options;
  options.file = file.string();
  return options;
}

const AuditEntry kRestored{0, 1'700'000'900'000, "restored", "admin", "{}", ""};
const Fact kFact{"restored", "1", 1'700'000'900'000, "{}"};

/// A copy in a folder of its own, as a restore puts it there.
struct Copied {
  explicit Copied(TempStore& store) : census(must(store->copy_to(file.string(), {}))) {}
  TempFolder folder;
  std::filesystem::path file = folder.path() / "store.db";
  Census census;
};

void overwrite(const std::filesystem::path& file, std::streamoff at, std::string_view bytes) {
  std::fstream open(file, std::ios::in | std::ios::out | std::ios::binary);
  open.seekp(at);
  open.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  REQUIRE(open.good());
}

}  // namespace

TEST_CASE("a copy made while the store works is one moment of it, whole, and the writer never waits for it",
          "[backup]") {
  TempStore store;
  for (int i = 0; i < 300; ++i) store.commit(sample_commit("A" + std::to_string(i)));
  std::atomic<bool> copying{true};
  std::atomic<int> stored{0};
  std::jthread load([&] {
    for (int i = 0; copying; ++i) stored += store->commit(sample_commit("B" + std::to_string(i))) ? 1 : 0;
  });
  TempFolder folder;
  const auto file = folder.path() / "copy.db";
  int stored_meanwhile = 0;
  const auto census = must(store->copy_to(file.string(), [&](std::uint64_t done, std::uint64_t of) {
    CHECK(done <= of);
    const int before = stored;
    while (stored < before + 5) std::this_thread::yield();  // commits go on between two steps
    stored_meanwhile += 5;
    return true;
  }));
  copying = false;
  load.join();
  CHECK(stored_meanwhile >= 5);
  const auto found = must(examine_sqlite(file.string()));
  CHECK(found == census);
  CHECK(found.messages == found.deliveries);
  CHECK(found.messages == found.audit);
  CHECK(found.messages >= 300);
  CHECK(found.messages <= must(store->counts()).waiting);
}

TEST_CASE("a copy is private from its first byte and one file, and nothing is ever overwritten by it", "[backup]") {
  TempStore store;
  store.commit(sample_commit("A1"));
  Copied copy(store);
  struct stat found{};
  REQUIRE(::stat(copy.file.c_str(), &found) == 0);
  CHECK((found.st_mode & 0777) == 0600);
  std::size_t files = 0;
  for ([[maybe_unused]] const auto& one : std::filesystem::directory_iterator(copy.folder.path())) ++files;
  CHECK(files == 1);
  const auto again = store->copy_to(copy.file.string(), {});
  REQUIRE(!again);
  CHECK(again.error().code == "copy.exists");
  CHECK(must(examine_sqlite(copy.file.string())) == copy.census);
}

TEST_CASE("a copy that was stopped leaves no file", "[backup]") {
  TempStore store;
  store.commit(sample_commit("A1"));
  TempFolder folder;
  const auto file = folder.path() / "copy.db";
  const auto stopped = store->copy_to(file.string(), [](std::uint64_t, std::uint64_t) { return false; });
  REQUIRE(!stopped);
  CHECK(stopped.error().code == "copy.stopped");
  CHECK(std::filesystem::is_empty(folder.path()));
}

TEST_CASE("examining a copy finds a torn page, a changed audit entry and a file that is no store", "[backup]") {
  TempStore store;
  for (int i = 0; i < 200; ++i) store.commit(sample_commit("A" + std::to_string(i)));
  {
    Copied torn(store);
    overwrite(torn.file, 5 * 4096 + 100, std::string(4000, 'x'));
    CHECK(!examine_sqlite(torn.file.string()));
  }
  {
    Copied changed(store);
    RawDatabase(changed.file.string()).run("UPDATE audit SET actor = 'nobody' WHERE id = 17");
    const auto found = examine_sqlite(changed.file.string());
    REQUIRE(!found);
    CHECK(found.error().code == "store.audit-chain");
  }
  {
    Copied orphaned(store);
    RawDatabase(orphaned.file.string()).run("DELETE FROM delivery WHERE id = 3");
    CHECK(!examine_sqlite(orphaned.file.string()));
  }
  TempFolder folder;
  RawDatabase((folder.path() / "other.db").string()).run("CREATE TABLE t (x)");
  CHECK(!examine_sqlite((folder.path() / "other.db").string()));
}

TEST_CASE("a restored store numbers what comes far above everything that was numbered before", "[backup]") {
  TempStore store;
  for (int i = 0; i < 3; ++i) store.commit(sample_commit("A" + std::to_string(i)));
  Copied copy(store);
  const Id lost = store.commit(sample_commit("after the copy")).message;
  REQUIRE(begin_anew_sqlite(at(copy.file), kRestored, kFact));
  auto restored = must(open_sqlite(at(copy.file)));
  const Id fresh = must(restored->commit(sample_commit("another"))).message;
  CHECK(fresh > lost + kRestoredGap / 2);
  CHECK(must(restored->deliveries(fresh)).at(0).id > kRestoredGap);
  CHECK(must(restored->message(1))->control_id == "A0");
  CHECK(must(restored->fact("restored", "1")).has_value());
  CHECK(must(restored->verify_audit()) == copy.census.audit + 2);
  CHECK(must(restored->audit(copy.census.audit, 1)).at(0).event == "restored");
}

TEST_CASE("a restored store keeps the lanes, the ids and the answers as they were when the copy was made", "[backup]") {
  TempStore store;
  store.commit(sample_commit("A1", "peer:hainan", "R-1"));
  store.commit(sample_commit("A2", "peer:hainan", "R-1"));
  auto claims = store.claim(1'800'000'000'000);  // in flight while the copy is made
  REQUIRE(claims.size() == 1);
  Copied copy(store);
  store.settle(claims[0], DeliveryState::delivered, 1'800'000'000'000);
  REQUIRE(begin_anew_sqlite(at(copy.file), kRestored, kFact));
  auto restored = must(open_sqlite(at(copy.file)));
  CHECK(must(restored->seen("tmucih", "A1"))->answer == "MSA|CA|A1");
  const auto waiting = must(restored->deliveries_in(DeliveryState::waiting, 0, 10));
  REQUIRE(waiting.size() == 2);  // it went out after the copy, so it goes again, under the ids it had
  CHECK(waiting[0].request_id == claims[0].delivery.request_id);
  CHECK(waiting[0].control_id == claims[0].delivery.control_id);
}

TEST_CASE("a store that a gateway has open cannot be begun anew under it", "[backup]") {
  TempStore store;
  store.commit(sample_commit("A1"));
  const auto refused = begin_anew_sqlite(at(store.file()), kRestored, kFact);
  REQUIRE(!refused);
  CHECK(refused.error().code == "store.locked");
}

}  // namespace gateway::store
