// A backup as a folder of files: complete or not there, verified byte by byte, restored only into nothing.
#include "gateway/operate/backup.h"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "gateway/operate/backups.h"
#include "gateway/trust/pseudonym.h"
#include "tests/gateway/exchange/bench_site.h"
#include "tests/gateway/store/temp_store.h"

using namespace gateway;
namespace fs = std::filesystem;

namespace {

constexpr store::Millis kNow = 1'773'106'215'000;

std::string bytes_of(const fs::path& file) {
  std::ostringstream out;
  out << std::ifstream(file, std::ios::binary).rdbuf();
  return out.str();
}

/// A site with two messages, a pseudonym key and a configuration whose map lies outside of its folder.
struct Rig {
  Rig() : site(configured()) {
    REQUIRE(trust::Pseudonyms::open(site.config->data / "pseudonym.key"));
    REQUIRE(site.post(test::report("11111111-1111-4111-8111-000000000001", "R-1", "tmucih"), "tmucih").fate ==
            exchange::Fate::accepted);
    REQUIRE(site.post(test::report("11111111-1111-4111-8111-000000000002", "R-2", "tmucih"), "tmucih").fate ==
            exchange::Fate::accepted);
  }

  config::Config configured() const {
    auto config = test::hainan();
    config.folder = "/opt/tree/conf/hainan";
    config.sources = {{"/opt/tree/conf/hainan/causeway.yaml", "site: hainan\n"},
                      {"/opt/tree/mappings/base/oru.map.yaml", "map: oru\n"}};
    return config;
  }

  fhir::Result<operate::Backup> backup(const fs::path& folder, const operate::Watcher& watcher = {}) {
    auto config = *site.config;
    config.data = site.folder.path / "data";
    return operate::make_backup({*site.store, config, folder, kNow}, watcher);
  }
  operate::Backup made() { return store::must(backup(place.path / "b")); }
  fhir::Result<operate::Backup> restore(const fs::path& into) {
    return operate::restore_backup({place.path / "b", into, "admin", kNow + 1000}, {});
  }

  struct WithData : test::TestSite {
    explicit WithData(config::Config made) : test::TestSite(std::move(made)) {
      auto moved = *config;
      moved.data = folder.path / "data";
      config = std::make_shared<const config::Config>(std::move(moved));
    }
  } site;
  test::Folder place;
};

}  // namespace

TEST_CASE("a backup holds store, key and configuration with their sums, for its owner alone", "[backup]") {
  Rig rig;
  const auto backup = rig.made();
  const fs::path folder = rig.place.path / "b";
  CHECK(bytes_of(folder / "pseudonym.key") == bytes_of(rig.site.config->data / "pseudonym.key"));
  CHECK(bytes_of(folder / "config/conf/hainan/causeway.yaml") == "site: hainan\n");
  CHECK(bytes_of(folder / "config/mappings/base/oru.map.yaml") == "map: oru\n");
  CHECK(backup.manifest.config_folder == "config/conf/hainan");
  CHECK(backup.manifest.census.messages == 2);
  CHECK(backup.manifest.census.audit_head.size() == 64);
  CHECK(bytes_of(folder / "SHA256SUMS").find("  causeway.db\n") == 64);
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    INFO(entry.path());
    struct stat found{};
    REQUIRE(::stat(entry.path().c_str(), &found) == 0);
    CHECK((found.st_mode & 077) == 0);
  }
  CHECK(store::must(operate::verify_backup(folder, {})).sha256 == backup.sha256);
}

TEST_CASE("a backup never replaces anything, and one that is given up leaves nothing", "[backup]") {
  Rig rig;
  rig.made();
  const auto again = rig.backup(rig.place.path / "b");
  REQUIRE(!again);
  CHECK(again.error().code == "backup.exists");
  const auto given_up = rig.backup(rig.place.path / "c", [](const operate::Step&) { return false; });
  CHECK(!given_up);
  CHECK(!fs::exists(rig.place.path / "c"));
  CHECK(!fs::exists(rig.place.path / "c.part"));
}

TEST_CASE("one changed byte in any file of a backup is found, and so is a file that is gone", "[backup]") {
  Rig rig;
  const auto backup = rig.made();
  for (const auto& file : backup.manifest.files) {
    INFO(file.name);
    const fs::path name = rig.place.path / "b" / file.name;
    const std::string before = bytes_of(name);
    std::string after = before;
    after[after.size() / 2] = static_cast<char>(after[after.size() / 2] ^ 1);
    std::ofstream(name, std::ios::binary) << after;
    CHECK(!operate::verify_backup(rig.place.path / "b", {}));
    fs::remove(name);
    CHECK(!operate::verify_backup(rig.place.path / "b", {}));
    std::ofstream(name, std::ios::binary) << before;
  }
  CHECK(operate::verify_backup(rig.place.path / "b", {}));
}

TEST_CASE("a manifest that leads out of its folder is refused before anything is read or written", "[backup]") {
  Rig rig;
  rig.made();
  const fs::path manifest = rig.place.path / "b" / "manifest.json";
  std::string text = bytes_of(manifest);
  text.replace(text.find("\"pseudonym.key\""), 15, "\"../../etc/key\"");
  std::ofstream(manifest, std::ios::binary) << text;
  const auto restored = rig.restore(rig.place.path / "r");
  REQUIRE(!restored);
  CHECK(restored.error().code == "backup.name");
  CHECK(!fs::exists(rig.place.path / "r"));
}

TEST_CASE("a backup is restored into an empty folder only, and the restored store says so in its audit", "[backup]") {
  Rig rig;
  const auto backup = rig.made();
  fs::create_directory(rig.place.path / "full");
  std::ofstream(rig.place.path / "full" / "a") << "b";
  const auto refused = rig.restore(rig.place.path / "full");
  REQUIRE(!refused);
  CHECK(refused.error().code == "restore.not-empty");
  CHECK(bytes_of(rig.place.path / "full" / "a") == "b");

  REQUIRE(rig.restore(rig.place.path / "r"));
  store::StoreOptions options;
  options.file = (rig.place.path / "r" / "causeway.db").string();
  const auto store = store::must(store::open_sqlite(options));
  const auto last = store::must(store->audit(backup.manifest.census.audit, 10));
  REQUIRE(last.size() == 1);
  CHECK(last[0].event == "restored");
  CHECK(last[0].actor == "admin");
  CHECK(last[0].detail.find(backup.sha256) != std::string::npos);
  CHECK(store::must(store->verify_audit()) == backup.manifest.census.audit + 1);
  CHECK(bytes_of(rig.place.path / "r" / "pseudonym.key") == bytes_of(rig.site.config->data / "pseudonym.key"));
  CHECK(!rig.restore(rig.place.path / "r"));
}

TEST_CASE("a damaged backup restores to nothing: no store is left that could be started by mistake", "[backup]") {
  Rig rig;
  rig.made();
  const fs::path database = rig.place.path / "b" / "causeway.db";
  std::string bytes = bytes_of(database);
  bytes[bytes.size() - 100] = static_cast<char>(bytes[bytes.size() - 100] ^ 1);
  std::ofstream(database, std::ios::binary) << bytes;
  const auto restored = rig.restore(rig.place.path / "r");
  REQUIRE(!restored);
  CHECK(restored.error().code == "backup.sum");
  CHECK(fs::is_empty(rig.place.path / "r"));
}

TEST_CASE("a backup that was asked for is made beside the traffic, told of, and audited", "[backup]") {
  Rig rig;
  operate::Backups backups(*rig.site.world);
  CHECK(backups.last() == 0);
  const auto number = store::must(backups.begin(rig.place.path.string(), "admin"));
  fhir::JsonTree state;
  for (int i = 0; i < 1000; ++i) {
    state = store::must(backups.ask(number));
    if (state["done"].text() == "true") break;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  CHECK(state["folder"].text() == (rig.place.path / "hainan-20260310T013015Z").string());
  CHECK(operate::verify_backup(std::string(state["folder"].text()), {}));
  const auto audit = store::must(rig.site.store->audit(0, 100));
  CHECK(audit.back().event == "backup");
  CHECK(audit.back().detail.find(state["manifest_sha256"].text()) != std::string::npos);
  CHECK(backups.last() == kNow);
  CHECK(!backups.begin("relative/folder", "admin"));
}
