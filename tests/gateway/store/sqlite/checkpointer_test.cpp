// The log moved beside the writer.
#include "gateway/store/sqlite/checkpointer.h"

#include <sys/stat.h>

#include "tests/gateway/store/faulty_vfs.h"
#include "tests/gateway/store/temp_store.h"

namespace gateway::store::sqlite {
namespace {

struct Logged {
  Logged() : file((folder.path() / "log.db").string()) {
    FaultyVfs::instance().heal();
    RawDatabase raw(file);
    raw.run("PRAGMA journal_mode = WAL; CREATE TABLE word (text TEXT)");
    db.emplace(file, Connection::Mode::read_write, FaultyVfs::kName);
    db->execute("PRAGMA wal_autocheckpoint = 0; PRAGMA synchronous = FULL");
    db->run("INSERT INTO word VALUES (?)", std::string(100'000, 'x'));
  }
  std::int64_t database_bytes() const {
    struct stat found{};
    return ::stat(file.c_str(), &found) == 0 ? found.st_size : 0;
  }

  TempFolder folder;
  const std::string file;
  std::optional<Connection> db;
};

}  // namespace

TEST_CASE("what is in the log stands in the database when it is done, and what comes later in the log", "[store]") {
  Logged logged;
  Checkpointer aside(logged.file, "");
  REQUIRE(logged.database_bytes() < 50'000);
  CHECK_FALSE(aside.done());  // begun
  logged.db->run("INSERT INTO word VALUES ('later')");
  aside.finish();
  CHECK(logged.database_bytes() > 100'000);
  RawDatabase raw(logged.file);
  CHECK(raw.rows("SELECT count(*) FROM word").front() == "2");
  CHECK(raw.rows("PRAGMA integrity_check").front() == "ok");
}

TEST_CASE("each checkpoint is told as done once", "[store]") {
  Logged logged;
  Checkpointer aside(logged.file, "");
  while (!aside.done()) std::this_thread::yield();
  CHECK_FALSE(aside.done());  // the next has begun
}

TEST_CASE("a disk that fails under the log's move is made known, not forgotten", "[store][faults]") {
  Logged logged;
  Checkpointer aside(logged.file, FaultyVfs::kName);
  FaultyVfs::instance().fail(FaultyVfs::Operation::sync, 1, SQLITE_IOERR_FSYNC);
  CHECK_FALSE(aside.done());
  try {
    aside.finish();
    FAIL("it went unnoticed");
  } catch (const Failure& failure) {
    CHECK(failure.error.fault == fhir::Fault::broken);
  }
  CHECK_THROWS_AS(aside.done(), Failure);
  FaultyVfs::instance().heal();
}

TEST_CASE("a disk that is full is left to the writer to find", "[store][faults]") {
  Logged logged;
  Checkpointer aside(logged.file, FaultyVfs::kName);
  FaultyVfs::instance().fail(FaultyVfs::Operation::write, 1, SQLITE_FULL);
  CHECK_FALSE(aside.done());
  CHECK_NOTHROW(aside.finish());
  FaultyVfs::instance().heal();
}

}  // namespace gateway::store::sqlite
