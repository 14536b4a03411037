#include "adapters/rows/database.h"

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
}

TEST_CASE("a reading session cannot write", "[rows][database]") {
  Staging staging(Place::Kind::sqlite);
  const auto reading = staging.open(Database::Use::read);
  CHECK_FALSE(reading->run(R"(INSERT INTO "BR" VALUES ('1', 'x'))", {}));
  CHECK(staging.one(R"(SELECT CAST(count(*) AS TEXT) FROM "BR")") == "0");
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
  Staging staging(GENERATE(Place::Kind::sqlite, Place::Kind::postgresql));
  const auto* first = R"({"table":"ZT","key":{"CF":"CF1","LX":"fy"},"values":{"ZT":"partial","N":14}})";
  CHECK(write(staging, first) == "done");
  CHECK(write(staging, first) == "done");
  CHECK(staging.one(R"(SELECT "ZT" || CAST("N" AS TEXT) FROM "ZT")") == "partial14");
  CHECK(write(staging, R"({"table":"ZT","key":{"CF":"CF1","LX":"fy"},"values":{"ZT":"completed","N":null}})") ==
        "done");
  CHECK(staging.one(R"(SELECT "ZT" || coalesce(CAST("N" AS TEXT), '-') FROM "ZT")") == "completed-");
  CHECK(staging.one(R"(SELECT CAST(count(*) AS TEXT) FROM "ZT")") == "1");
  CHECK(write(staging, R"({"table":"ZT","key":{"CF":"CF1","LX":"fy"}})") == "done");
}

TEST_CASE("a row that cannot be written is refused for what it is", "[rows][database]") {
  Staging staging(GENERATE(Place::Kind::sqlite, Place::Kind::postgresql));
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
