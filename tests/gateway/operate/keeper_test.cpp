#include "gateway/operate/keeper.h"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "gateway/operate/forecast.h"
#include "tests/gateway/exchange/bench_site.h"
#include "tests/gateway/store/temp_store.h"

using namespace gateway;
using operate::Keeper;

namespace {

// The shipped tree, copied: real maps, so base maps and code tables are among its files.
class Tree {
 public:
  Tree() {
    namespace fs = std::filesystem;
    const fs::path source = CAUSEWAY_SOURCE_DIR;
    for (const char* part : {"conf", "mappings"})
      fs::copy(source / part, folder.path / part, fs::copy_options::recursive);
    for (const auto* name : {"CAUSEWAY_DATA", "CAUSEWAY_PKI"}) ::setenv(name, (folder.path / name).c_str(), 1);
  }
  ~Tree() {
    for (const auto* name : {"CAUSEWAY_DATA", "CAUSEWAY_PKI"}) ::unsetenv(name);
  }
  std::filesystem::path site(const std::string& name) const { return folder.path / "conf" / name; }
  void edit(const std::filesystem::path& file, const std::string& old, const std::string& fresh) const {
    std::ifstream in(file, std::ios::binary);
    std::string text{std::istreambuf_iterator<char>(in), {}};
    REQUIRE(text.find(old) != std::string::npos);
    std::ofstream(file, std::ios::binary) << text.replace(text.find(old), old.size(), fresh);
    std::filesystem::last_write_time(file, std::filesystem::file_time_type::clock::now() - std::chrono::seconds(5));
  }
  std::shared_ptr<const config::Config> load(const std::string& name) const {
    std::vector<config::FileFault> faults;
    auto loaded = config::load(site(name), faults);
    INFO(config::render(faults));
    REQUIRE(loaded);
    return loaded;
  }

  test::Folder folder;
};

struct Desk {
  explicit Desk(std::shared_ptr<const config::Config> config)
      : keeper(
            config, *store, clock, [this](const auto&) { ++taken; },
            [] {
              config::Options options;
              options.level = config::Level::semantic;  // no certificates here
              return options;
            }()) {
    REQUIRE(keeper.begin());
  }
  store::TempStore store;
  test::TestClock clock;
  int taken = 0;
  Keeper keeper;
};

}  // namespace

TEST_CASE("a reload takes an edit as a new generation, with who asked, in the audit", "[operate]") {
  const Tree tree;
  Desk desk(tree.load("tianjin"));
  CHECK(desk.keeper.generation() == 1);
  CHECK_FALSE(store::must(desk.keeper.reload("anna", "reload", false)).changed);
  tree.edit(tree.site("tianjin") / "routes.yaml", "reports-to-hainan-and-beijing", "reports");
  const auto dry = store::must(desk.keeper.reload("anna", "reload", true));
  CHECK(dry.changed);
  CHECK(desk.keeper.generation() == 1);
  const auto outcome = store::must(desk.keeper.reload("anna", "reload", false));
  CHECK(outcome.changed);
  CHECK(desk.taken == 1);
  CHECK(desk.keeper.config()->routes[0].id == "reports");
  const auto audit = store::must(desk.store->audit(0, 10));
  REQUIRE(audit.size() == 2);
  CHECK(audit[1].actor == "anna");
  CHECK(audit[1].detail.find("\"generation\":2") != std::string::npos);
  CHECK(audit[1].detail.find(outcome.after->hash) != std::string::npos);
}

TEST_CASE("a faulty edit changes nothing, and all its faults are told", "[operate]") {
  const Tree tree;
  Desk desk(tree.load("tianjin"));
  const auto before = desk.keeper.config();
  tree.edit(tree.site("tianjin") / "routes.yaml", "[peer:hainan, peer:beijing]", "[peer:a, peer:b]");
  const auto outcome = store::must(desk.keeper.reload("anna", "reload", false));
  CHECK(outcome.after == nullptr);
  CHECK(std::ranges::count_if(outcome.faults, [](const auto& f) { return !f.warning; }) == 2);
  CHECK(desk.keeper.config() == before);
  CHECK(desk.keeper.differs_from_files());
  CHECK(desk.taken == 0);
}

TEST_CASE("a base map and a code table that a map rests on are watched like the map itself", "[operate]") {
  const Tree tree;
  Desk desk(tree.load("tianjin"));
  const auto has = [&](const std::string& ending) {
    return std::ranges::any_of(desk.keeper.config()->files,
                               [&](const auto& stamp) { return stamp.file.string().ends_with(ending); });
  };
  CHECK(has("mappings/tianjin/oru_r01.map.yaml"));
  CHECK(has(".datatypes.yaml"));
  CHECK(has(".csv"));
  CHECK_FALSE(desk.keeper.poll());
  const auto table = std::ranges::find_if(desk.keeper.config()->files,
                                          [](const auto& stamp) { return stamp.file.extension() == ".csv"; });
  std::ofstream(table->file, std::ios::app) << "\n# edited\n";
  std::filesystem::last_write_time(table->file,
                                   std::filesystem::file_time_type::clock::now() - std::chrono::seconds(5));
  auto outcome = desk.keeper.poll();
  REQUIRE(outcome);
  CHECK(store::must(*std::move(outcome)).changed);
}

TEST_CASE("a rollback is a new generation with the files of an old one, maps too; the disk is not touched",
          "[operate]") {
  const Tree tree;
  Desk desk(tree.load("tianjin"));
  const std::string first = desk.keeper.config()->hash;
  tree.edit(tree.site("tianjin") / "routes.yaml", "reports-to-hainan-and-beijing", "reports");
  std::ofstream(tree.folder.path / "mappings/tianjin/oru_r01.map.yaml", std::ios::app) << "\n# edited\n";
  REQUIRE(store::must(desk.keeper.reload("anna", "reload", false)).changed);
  const auto back = store::must(desk.keeper.rollback(0, "ben"));
  CHECK(back.changed);
  CHECK(desk.keeper.config()->hash == first);
  CHECK(desk.keeper.config()->routes[0].id == "reports-to-hainan-and-beijing");
  CHECK(desk.keeper.differs_from_files());
  const auto all = store::must(desk.keeper.generations());
  REQUIRE(all.size() == 3);
  CHECK(all[2].how == "rollback");
  CHECK(all[2].restores == 1);
  CHECK(all[2].who == "ben");
  CHECK_FALSE(desk.keeper.poll());  // nothing was edited since: the old edit does not come back by itself
  CHECK_FALSE(desk.keeper.rollback(99, "ben"));
  CHECK(store::must(desk.keeper.reload("anna", "reload", false)).changed);
  CHECK_FALSE(desk.keeper.differs_from_files());
}

TEST_CASE("generations are numbered on over a restart, and an unchanged start is none", "[operate]") {
  const Tree tree;
  store::TempStore store;
  test::TestClock clock;
  const auto begin = [&](std::shared_ptr<const config::Config> config) {
    Keeper keeper(std::move(config), *store, clock, [](const auto&) {});
    REQUIRE(keeper.begin());
    return keeper.generation();
  };
  CHECK(begin(tree.load("tianjin")) == 1);
  store.reopen();
  CHECK(begin(tree.load("tianjin")) == 1);
  tree.edit(tree.site("tianjin") / "routes.yaml", "reports-to-hainan-and-beijing", "reports");
  CHECK(begin(tree.load("tianjin")) == 2);
}

TEST_CASE("a candidate elsewhere is read as if it stood at the running one's place", "[operate]") {
  const Tree tree;
  const auto running = tree.load("tianjin");
  const auto elsewhere = tree.folder.path / "deep/er/next";
  std::filesystem::create_directories(elsewhere);
  std::filesystem::copy(tree.site("tianjin"), elsewhere);
  std::vector<config::FileFault> faults;
  const auto candidate = operate::load_candidate(*running, elsewhere, faults);
  REQUIRE(candidate);
  CHECK(candidate->hash == running->hash);
  CHECK(config::needs_restart(*running, *candidate).empty());
  tree.edit(elsewhere / "routes.yaml", "peer:hainan", "peer:hainann");
  faults.clear();
  CHECK(operate::load_candidate(*running, elsewhere, faults) == nullptr);
  const auto error = std::ranges::find(faults, false, &config::FileFault::warning);
  REQUIRE(error != faults.end());
  CHECK(error->file == (elsewhere / "routes.yaml").string());
}

TEST_CASE("a pipe in the folder is a fault, and hangs nobody", "[operate]") {
  const Tree tree;
  const auto file = tree.site("tianjin") / "peers.yaml";
  std::filesystem::remove(file);
  REQUIRE(::mkfifo(file.c_str(), 0600) == 0);
  std::vector<config::FileFault> faults;
  CHECK(config::load(tree.site("tianjin"), faults) == nullptr);
  CHECK_FALSE(config::render(faults).empty());
}
