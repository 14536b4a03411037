// The log of a transaction in one piece: what others see of it, and when, is what SQLite alone would show.
#include "gateway/store/sqlite/gathered_log.h"

#include <sqlite3.h>

#include <optional>

#include "gateway/store/sqlite/connection.h"
#include "tests/gateway/store/faulty_vfs.h"
#include "tests/gateway/store/temp_store.h"

namespace gateway::store::sqlite {
namespace {

struct Written {
  explicit Written(bool gathered = true) {
    FaultyVfs::instance();
    RawDatabase(file).run("PRAGMA journal_mode = WAL; CREATE TABLE value (of BLOB)");
    db.emplace(file, Connection::Mode::read_write, gathered ? gathered_log_vfs(FaultyVfs::kName) : FaultyVfs::kName);
    db->execute("PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0");
    FaultyVfs::instance().heal();
  }
  void fill(int rows) {
    for (int i = 0; i < rows; ++i) db->run("INSERT INTO value VALUES (randomblob(3000))");
  }
  // As another program sees it.
  std::int64_t seen() const {
    Connection other(file, Connection::Mode::read_only, "");
    auto rows = other.query("SELECT count(*) FROM value");
    return rows.next() ? rows.integer(0) : -1;
  }
  std::int64_t own() {
    auto rows = db->query("SELECT sum(length(of)) FROM value");
    return rows.next() ? rows.integer(0) / 3000 : -1;
  }

  TempFolder folder;
  const std::string file = (folder.path() / "store.db").string();
  std::optional<Connection> db;
};

}  // namespace

TEST_CASE("the frames of a transaction reach the system in a few writes, and others see them when it is committed",
          "[store][log]") {
  Written one;
  one.db->run("BEGIN");
  one.fill(50);
  CHECK(one.seen() == 0);
  one.db->run("COMMIT");
  CHECK(one.seen() == 50);
  const int gathered = FaultyVfs::instance().writes();
  Written other(false);
  other.db->run("BEGIN");
  other.fill(50);
  other.db->run("COMMIT");
  CHECK(FaultyVfs::instance().writes() > 100);  // two for each page
  CHECK(gathered <= 5);                         // 128 KB each
}

TEST_CASE("a transaction larger than the cache reads what it has spilled into the log", "[store][log]") {
  Written one;
  one.db->execute("PRAGMA cache_size = 10");
  one.db->run("BEGIN");
  one.fill(200);
  CHECK(one.own() == 200);
  CHECK(one.seen() == 0);
  one.db->run("ROLLBACK");
  CHECK(one.own() == 0);
  one.fill(1);
  CHECK(one.seen() == 1);
}

TEST_CASE("a log that cannot be written fails the commit, and the next one goes through", "[store][log]") {
  Written one;
  one.fill(1);
  const int code = GENERATE(SQLITE_FULL, SQLITE_IOERR_WRITE);
  FaultyVfs::instance().fail(FaultyVfs::Operation::write, 1, code);
  CHECK_THROWS_AS(one.fill(1), Failure);
  CHECK(FaultyVfs::instance().struck());
  CHECK(one.seen() == 1);
  FaultyVfs::instance().heal();
  one.fill(2);
  CHECK(one.seen() == 3);
}

TEST_CASE("the log begins anew after it was moved, and a new connection finds all that was committed", "[store][log]") {
  Written one;
  one.fill(40);
  one.db->execute("PRAGMA wal_checkpoint(TRUNCATE)");
  one.fill(3);
  CHECK(one.seen() == 43);
  one.db.reset();
  CHECK(one.seen() == 43);
}

TEST_CASE("there is no log over a file system that nobody knows", "[store][log]") {
  CHECK_THROWS_AS(gathered_log_vfs("no such one"), Failure);
  CHECK(gathered_log_vfs("") == gathered_log_vfs(""));
}

}  // namespace gateway::store::sqlite
