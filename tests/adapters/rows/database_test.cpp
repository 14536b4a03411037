#include "adapters/rows/database.h"

#include <fmt/format.h>

#include "adapters/rows/upsert.h"
#include "tests/adapters/rows/staging.h"

namespace adapters::rows {
namespace {

std::string told(const fhir::Error& error) {
  return std::string(error.fault == fhir::Fault::unavailable ? "unavailable"
                     : error.fault == fhir::Fault::forbidden ? "forbidden"
                     : error.fault == fhir::Fault::invalid   ? "invalid"
                                                             : "other") +
         " " + error.code;
}

std::string write(Staging& staging, std::string_view json) {
  const auto upsert = parse_upsert(json);
  if (!upsert) return told(upsert.error()) + " " + upsert.error().where;
  const std::vector<std::string> allowed{"ZT"};
  const auto done = execute(*staging.writer, *upsert, allowed);
  return done ? "done" : told(done.error());
}

}  // namespace

TEST_CASE("a database that is not there is unavailable, at once", "[rows][database]") {
  const auto gone =
      Database::open({Place::Kind::sqlite, "/nonexistent/staging.db"}, Database::Use::read, Charset::utf8);
  REQUIRE_FALSE(gone);
  CHECK(told(gone.error()) == "unavailable rows.unavailable");
  const auto refused = Database::open({Place::Kind::postgresql, "host=/nonexistent dbname=x user=x"},
                                      Database::Use::read, Charset::utf8);
  REQUIRE_FALSE(refused);
  CHECK(told(refused.error()) == "unavailable rows.unavailable");
  const Place no_server{Place::Kind::mysql, "host=127.0.0.1 port=9 user=x dbname=x"};
  const auto silent = Database::open(no_server, Database::Use::read, Charset::utf8);
  REQUIRE_FALSE(silent);
  CHECK(told(silent.error()) == "unavailable rows.unavailable");
  const Place no_driver{Place::Kind::odbc, "Driver=/nonexistent/driver.so;Database=x", Brand::sqlserver};
  const auto missing = Database::open(no_driver, Database::Use::read, Charset::utf8);
  REQUIRE_FALSE(missing);
  CHECK(told(missing.error()) == "unavailable rows.unavailable");
}

TEST_CASE("a password stands in a file that only its owner reads", "[rows][database]") {
  Staging staging(Place::Kind::mysql);
  namespace fs = std::filesystem;
  const auto opened = [&] {
    const auto session = Database::open(staging.place, Database::Use::read, Charset::utf8);
    return session ? std::string("open") : told(session.error());
  };
  CHECK(opened() == "open");
  fs::permissions(staging.secret, fs::perms::others_read, fs::perm_options::add);
  CHECK(opened() == "forbidden rows.password");
  staging.place.password_file += ".gone";
  CHECK(opened() == "forbidden rows.password");
}

TEST_CASE("a reading session cannot write", "[rows][database]") {
  Staging staging(GENERATE(from_range(everywhere())));
  const auto reading = staging.open(Database::Use::read);
  CHECK_FALSE(reading->run(R"(INSERT INTO "BR" VALUES ('1', 'x'))", {}));
  CHECK(staging.one("SELECT " + staging.writer->as_text("count(*)") + R"( FROM "BR")") == "0");
}

TEST_CASE("a MySQL that loses power is unavailable, and its refusals are told by number without values",
          "[rows][database]") {
  Staging staging(Place::Kind::mysql);
  staging.run(R"(INSERT INTO "CF" VALUES (1, 'P1', NULL, NULL))");
  const Value secret = "13800000044";
  const auto refused = staging.writer->run(R"(UPDATE "CF" SET "ID" = concat(?, 'x'))", {&secret, 1});
  REQUIRE_FALSE(refused);
  CHECK(told(refused.error()) == "invalid rows.refused");
  CHECK(refused.error().say.find("SQLSTATE ") != std::string::npos);
  CHECK(refused.error().say.find("13800000044") == std::string::npos);
  tests::mysql().stop();
  const auto lost = staging.writer->query(R"(SELECT "XM" FROM "BR")", {}, 1);
  REQUIRE_FALSE(lost);
  CHECK(told(lost.error()) == "unavailable rows.unavailable");
  tests::mysql().start();
  CHECK(staging.open(Database::Use::read)->columns("ZT") == std::vector<std::string>{"CF", "LX", "ZT", "N"});
}

TEST_CASE("long text and no text cross every driver as they are", "[rows][database]") {
  Staging staging(GENERATE(from_range(everywhere())));
  std::string text;
  while (text.size() < 60'000) text += "来曲唑片 \\ ' \" ; {}\n";
  const std::vector<Value> values{"P1", text};
  const auto& writer = *staging.writer;
  const auto written = staging.writer->run(
      fmt::format(R"(INSERT INTO "BR" VALUES ({}, {}))", writer.argument(1), writer.argument(2)), values);
  INFO((written ? "" : fhir::to_string(written.error())));
  REQUIRE(written);
  staging.run(R"(INSERT INTO "BR" VALUES ('P2', ''), ('P3', NULL))");
  const auto lines =
      staging.writer->query("SELECT " + staging.writer->as_text(R"("XM")") + R"( FROM "BR" ORDER BY "BRID")", {}, 1);
  REQUIRE(lines);
  REQUIRE(lines->size() == 3);
  CHECK((lines->at(0).at(0) == text));
  CHECK(lines->at(1).at(0) == "");
  CHECK(lines->at(2).at(0) == std::nullopt);
}

TEST_CASE("a PostgreSQL that loses power is unavailable, and its refusals are told by code without values",
          "[rows][database]") {
  Staging staging(Place::Kind::postgresql);
  const Value secret = "13800000044";
  const auto refused =
      staging.writer->query(R"(SELECT CAST("NR" AS TEXT) FROM "MX" WHERE "NR" = $1 || 'x')", {&secret, 1}, 1);
  REQUIRE_FALSE(refused);
  CHECK(told(refused.error()).starts_with("invalid rows.refused"));
  CHECK(refused.error().say.find("SQLSTATE ") != std::string::npos);
  CHECK(refused.error().say.find("13800000044") == std::string::npos);
  tests::postgres().stop();
  const auto lost = staging.writer->query(R"(SELECT CAST("NR" AS TEXT) FROM "MX")", {}, 1);
  REQUIRE_FALSE(lost);
  CHECK(told(lost.error()) == "unavailable rows.unavailable");
  tests::postgres().start();
  CHECK(staging.open(Database::Use::read)->columns("ZT") == std::vector<std::string>{"CF", "LX", "ZT", "N"});
}

TEST_CASE("a row is written once however often it is delivered, and its last values stand", "[rows][database]") {
  Staging staging(GENERATE(from_range(everywhere())));
  const auto* first = R"({"table":"ZT","key":{"CF":"CF1","LX":"fy"},"values":{"ZT":"partial","N":14}})";
  CHECK(write(staging, first) == "done");
  CHECK(write(staging, first) == "done");
  CHECK(staging.one(R"(SELECT "ZT" || "N" FROM "ZT")") == "partial14");
  CHECK(write(staging, R"({"table":"ZT","key":{"CF":"CF1","LX":"fy"},"values":{"ZT":"completed","N":null}})") ==
        "done");
  CHECK(staging.one(R"(SELECT "ZT" || CASE WHEN "N" IS NULL THEN '-' ELSE '' END FROM "ZT")") == "completed-");
  CHECK(staging.one("SELECT " + staging.writer->as_text("count(*)") + R"( FROM "ZT")") == "1");
  CHECK(write(staging, R"({"table":"ZT","key":{"CF":"CF1","LX":"fy"}})") == "done");
}

TEST_CASE("a row is written once also where the database has no one statement for it", "[rows][database]") {
  Staging staging(
      GENERATE(Stage(Place::Kind::sqlite), Stage(Place::Kind::postgresql), kThroughOdbc[0], kThroughOdbc[1]));
  const auto put = [&](std::string_view json) {
    const auto upsert = parse_upsert(json);
    REQUIRE(upsert);
    const auto done = update_or_insert(*staging.writer, *upsert);
    return done ? std::string("done") : told(done.error());
  };
  for (const char* zt : {"partial", "partial", "completed"})
    CHECK(put(R"({"table":"ZT","key":{"CF":"CF1","LX":"fy"},"values":{"ZT":")" + std::string(zt) + R"(","N":null}})") ==
          "done");
  CHECK(put(R"({"table":"ZT","key":{"CF":"CF1","LX":"fy"}})") == "done");
  CHECK(put(R"({"table":"ZT","key":{"CF":"CF2","LX":"fy"}})") == "done");
  CHECK(staging.one(R"(SELECT "ZT" FROM "ZT" WHERE "CF" = 'CF1')") == "completed");
  CHECK(staging.one("SELECT " + staging.writer->as_text("count(*)") + R"( FROM "ZT")") == "2");
  CHECK(put(R"({"table":"ZT","key":{"CF":"CF3","LX":"fy"},"values":{"NOPE":"1"}})") == "invalid rows.refused");
  CHECK(put(R"({"table":"ZT","key":{"CF":"CF3","LX":"fy"}})") == "done");  // the refused one left no transaction open
}

TEST_CASE("a row that cannot be written is refused for what it is", "[rows][database]") {
  Staging staging(GENERATE(from_range(everywhere())));
  CHECK(write(staging, R"({"table":"CF","key":{"ID":"1"}})") == "invalid rows.table");
  CHECK(write(staging, R"({"table":"ZT","key":{"CF":"1","LX":"2"},"values":{"NOPE":"1"}})") == "invalid rows.refused");
  CHECK(write(staging, R"({"table":"ZT","key":{"CF":"1"},"values":{"ZT":"1"}})") == "invalid rows.refused");
  CHECK(write(staging, R"({"table":"ZT","key":{},"values":{"ZT":"1"}})") == "invalid rows.upsert key");
  CHECK(write(staging, R"({"table":"ZT","key":{"CF":null,"LX":"1"}})") == "invalid rows.upsert key");
  CHECK(write(staging, R"({"key":{"CF":"1"}})") == "invalid rows.upsert table");
  CHECK(write(staging, R"({"table":"ZT","key":{"CF":["1"]}})") == "invalid rows.upsert key.CF");
  CHECK(write(staging, R"({"table":"ZT","key":{"CF\"; DROP TABLE ZT":"1"}})") == "invalid rows.refused");
}

}  // namespace adapters::rows
