// Opening: who may, which files are accepted, and what is said otherwise.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "tests/gateway/store/temp_store.h"

namespace gateway::store {
namespace {

struct Place {
  TempFolder folder;
  std::filesystem::path data = folder.path() / "data";
  StoreOptions options{.file = (data / "store.db").string(), .on_broken = {}, .vfs = {}, .executor = {}};

  Error refused() {
    const auto store = open_sqlite(options);
    REQUIRE_FALSE(store);
    INFO(fhir::to_string(store.error()));
    CHECK(store.error().where.find(data.string()) == 0);
    return store.error();
  }
};

unsigned mode_of(const std::filesystem::path& name) {
  struct stat found{};
  REQUIRE(::stat(name.c_str(), &found) == 0);
  return found.st_mode & 07777;
}

void write_at(const std::string& file, long at, const std::string& bytes) {
  std::fstream out(file, std::ios::in | std::ios::out | std::ios::binary);
  out.seekp(at);
  out << bytes;
}

}  // namespace

TEST_CASE("a new store is readable by its owner only, with all its files", "[store][open]") {
  const mode_t before = ::umask(0);
  Place place;
  {
    const auto store = must(open_sqlite(place.options));
    must(store->commit(sample_commit("A1")));
    CHECK(mode_of(place.data) == 0700);
    for (const char* suffix : {"", "-wal", "-shm", ".lock"}) CHECK(mode_of(place.options.file + suffix) == 0600);
  }
  ::umask(before);
}

TEST_CASE("a folder or file that others may use is refused with the command that cures it", "[store][open]") {
  Place place;
  must(open_sqlite(place.options));
  SECTION("folder") {
    ::chmod(place.data.c_str(), 0750);
    const auto error = place.refused();
    CHECK(error.code == "store.access");
    CHECK(error.say.find("chmod go= " + place.data.string()) != std::string::npos);
  }
  SECTION("file") {
    ::chmod(place.options.file.c_str(), 0640);
    CHECK(place.refused().code == "store.access");
  }
}

TEST_CASE("a link in the place of the database file is not followed", "[store][open]") {
  Place place;
  std::filesystem::create_directory(place.data);
  ::chmod(place.data.c_str(), 0700);
  std::filesystem::create_symlink(place.folder.path() / "elsewhere.db", place.options.file);
  CHECK(place.refused().code == "store.file");
}

TEST_CASE("a store that is open is refused a second time, naming who has it", "[store][open]") {
  Place place;
  {
    const auto store = must(open_sqlite(place.options));
    const auto error = place.refused();
    CHECK(error.code == "store.locked");
    CHECK(error.say ==
          "is open in process " + std::to_string(::getpid()) + "; a store belongs to one process at a time");
  }
  CHECK(open_sqlite(place.options));
}

TEST_CASE("what is no store is refused and left as it is", "[store][open]") {
  Place place;
  std::filesystem::create_directory(place.data);
  ::chmod(place.data.c_str(), 0700);
  SECTION("some text") {
    std::ofstream(place.options.file) << std::string(20'000, 'x');
    ::chmod(place.options.file.c_str(), 0600);
    CHECK(place.refused().code == "store.not-a-database");
  }
  SECTION("another program's database") {
    RawDatabase(place.options.file).run("CREATE TABLE theirs (x)");
    ::chmod(place.options.file.c_str(), 0600);
    CHECK(place.refused().code == "store.foreign");
    CHECK(RawDatabase(place.options.file).rows("PRAGMA journal_mode") == std::vector<std::string>{"delete"});
  }
  SECTION("a store of a later version") {
    must(open_sqlite(place.options));
    RawDatabase(place.options.file).run("PRAGMA user_version = 9999");
    const auto error = place.refused();
    CHECK(error.code == "store.newer");
    CHECK(error.say.find("schema 9999") != std::string::npos);
  }
}

TEST_CASE("a damaged database says so, at opening or at the first read that meets the damage", "[store][open]") {
  Place place;
  must(open_sqlite(place.options))->commit(sample_commit("A1"));
  const auto size = std::filesystem::file_size(place.options.file);
  SECTION("header") {
    write_at(place.options.file, 0, "garbage garbage");
    CHECK(place.refused().code == "store.not-a-database");
  }
  SECTION("first page, behind the header") {
    write_at(place.options.file, 100, std::string(200, '\xff'));
    CHECK(place.refused().code == "store.damaged");
  }
  SECTION("cut off") {
    std::filesystem::resize_file(place.options.file, 4096);
    CHECK(place.refused().code == "store.damaged");
  }
  SECTION("every page after the first") {
    for (std::uintmax_t page = 1; page < size / 4096; ++page) {
      write_at(place.options.file, static_cast<long>(page * 4096), std::string(64, '\xee'));
    }
    CHECK(place.refused().fault == fhir::Fault::needs_person);
  }
}

TEST_CASE("a store made with larger pages, as they once were, keeps them", "[store][open]") {
  Place place;
  std::filesystem::create_directory(place.data);
  ::chmod(place.data.c_str(), 0700);
  RawDatabase(place.options.file).run("PRAGMA page_size = 8192; PRAGMA application_id = 1129796436; VACUUM");
  ::chmod(place.options.file.c_str(), 0600);
  place.options.quota = 1 << 20;
  CHECK(must(open_sqlite(place.options)));
  CHECK(RawDatabase(place.options.file).rows("PRAGMA page_size").front() == "8192");
}

TEST_CASE("a store whose settings do not hold is refused: durability is not a wish", "[store][open]") {
  Place place;
  SECTION("a file layer without shared memory, so without a write-ahead log") {
    place.options.vfs = "unix-none";
    const auto error = place.refused();
    CHECK(error.code == "store.setting");
    CHECK(error.say.find("journal_mode is delete") != std::string::npos);
  }
}

TEST_CASE("a damaged record fails its own read and no other", "[store][open]") {
  TempStore store;
  const auto damaged = store.commit(sample_commit("A1")).message;
  const auto whole = store.commit(sample_commit("A2")).message;
  store.close();
  RawDatabase(store.file()).run("UPDATE message_body SET raw = x'00', explain = x'00' WHERE message = 1");
  store.open();
  const auto read = store->message(damaged);
  REQUIRE_FALSE(read);
  CHECK(read.error().code == "store.body-damaged");
  CHECK(must(store->message(whole)));
  const auto list = must(store->messages({}));
  REQUIRE(list.size() == 2);
  CHECK(list[1].explain == "(the stored bytes are damaged)");
  CHECK_FALSE(store->failed());
}

}  // namespace gateway::store
