#include "gateway/store/sqlite/migrate.h"

#include "tests/gateway/store/temp_store.h"

namespace gateway::store::sqlite {
namespace {

constexpr Migration kFirst{1, "0001_first", "CREATE TABLE a (x INTEGER) STRICT; INSERT INTO a VALUES (1)"};
constexpr Migration kSecond{2, "0002_second", "ALTER TABLE a ADD COLUMN y INTEGER"};
constexpr Migration kBroken{2, "0002_broken", "INSERT INTO a VALUES (2); CREATE TABLE a (x INTEGER) STRICT"};

struct EmptyFile {
  EmptyFile() { RawDatabase(file).run("VACUUM"); }
  TempFolder folder;
  std::string file = (folder.path() / "m.db").string();
};

}  // namespace

TEST_CASE("migrations run once, in order, and the file knows how far it is", "[store][migrate]") {
  const EmptyFile at;
  Connection db(at.file, Connection::Mode::read_write, "");
  const Migration one[] = {kFirst}, two[] = {kFirst, kSecond};
  CHECK(check_origin(db, one));
  migrate(db, one);
  migrate(db, one);
  RawDatabase raw(at.file);
  CHECK(raw.rows("SELECT x FROM a") == std::vector<std::string>{"1"});
  migrate(db, two);
  CHECK(raw.rows("PRAGMA user_version") == std::vector<std::string>{"2"});
  CHECK(raw.rows("SELECT x, y FROM a") == std::vector<std::string>{"1|NULL"});
}

TEST_CASE("a migration that fails half-way leaves the version before it", "[store][migrate]") {
  const EmptyFile at;
  const Migration steps[] = {kFirst, kBroken};
  {
    Connection db(at.file, Connection::Mode::read_write, "");
    CHECK_THROWS_AS(migrate(db, steps), Failure);
  }
  RawDatabase raw(at.file);
  CHECK(raw.rows("PRAGMA user_version") == std::vector<std::string>{"1"});
  CHECK(raw.rows("SELECT x FROM a") == std::vector<std::string>{"1"});
}

TEST_CASE("a file of another program or of a newer Causeway is left alone", "[store][migrate]") {
  const EmptyFile at;
  const Migration one[] = {kFirst};
  RawDatabase raw(at.file);
  SECTION("tables of somebody else") { raw.run("CREATE TABLE theirs (x)"); }
  SECTION("another program's mark") { raw.run("PRAGMA application_id = 7"); }
  SECTION("a later schema") { raw.run("PRAGMA application_id = 1129796436; PRAGMA user_version = 2"); }
  Connection db(at.file, Connection::Mode::read_write, "");
  const auto origin = check_origin(db, one);
  REQUIRE_FALSE(origin);
  CHECK(origin.error().fault == fhir::Fault::needs_person);
}

TEST_CASE("the shipped migrations are numbered without gaps, and say what every index serves", "[store][migrate]") {
  int expected = 0;
  for (const Migration& step : migrations()) {
    CHECK(step.number == ++expected);
    std::string_view rest = step.script;
    for (auto at = rest.find("INDEX "); at != std::string_view::npos; at = rest.find("INDEX ")) {
      rest.remove_prefix(at + 6);
      const auto statement = rest.substr(0, rest.find("CREATE"));
      INFO(statement);
      CHECK(statement.find("--") != std::string_view::npos);
    }
  }
}

}  // namespace gateway::store::sqlite
