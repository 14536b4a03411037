// Staging databases in the configuration: what is read, and every mistake with them at its place.
#include <algorithm>
#include <catch2/catch.hpp>

#include "tests/gateway/config/site_copy.h"

using namespace gateway::config;
using gateway::config::test::has_fault;
using gateway::config::test::line_of;
using gateway::config::test::SiteCopy;
using namespace std::chrono_literals;
using adapters::rows::Place;

namespace {

constexpr const char* kDatabase = "sqlite:${CAUSEWAY_DATA:-../../run}/staging/beijing.db";

/// Beijing's folder with its real map; `from` replaced by `to` in causeway.yaml.
struct Site : SiteCopy {
  explicit Site(std::string_view from = "", std::string_view to = "") : SiteCopy("beijing") {
    edit("causeway.yaml", "../../mappings/beijing/bsoft_prescription",
         CAUSEWAY_SOURCE_DIR "/mappings/beijing/bsoft_prescription");
    if (!from.empty()) edit("causeway.yaml", from, to);
  }
};

bool refused(std::string_view from, std::string_view to, std::string_view code, std::string_view at) {
  Site site(from, to);
  const auto config = site.load();
  UNSCOPED_INFO(render(site.faults));
  return config == nullptr && has_fault(site.faults, "causeway.yaml", line_of(site.read("causeway.yaml"), at), code);
}

}  // namespace

TEST_CASE("a staging database is read as it is written", "[config][rows]") {
  Site site;
  const auto config = site.load();
  INFO(render(site.faults));
  REQUIRE(config != nullptr);
  const Door& door = config->doors.at(0);
  CHECK(door.label() == "rows:his");
  CHECK(door.format == Format::row);
  REQUIRE(door.rows);
  const Polling& rows = *door.rows;
  CHECK(rows.place.kind == Place::Kind::sqlite);
  CHECK(rows.place.text.ends_with("/run/staging/beijing.db"));
  CHECK(rows.charset == adapters::Charset::utf8);
  CHECK(rows.key == std::vector<std::string>{"CFSB"});
  REQUIRE(rows.related.size() == 6);
  CHECK(rows.related[2].path() == "MS_CF02.YK_TYPK");
  CHECK(rows.related[1].at_least == 1);
  CHECK(rows.related[1].on == std::vector<std::pair<std::string, std::string>>{{"CFSB", "CFSB"}});
  CHECK(rows.ready->wait == std::vector<std::string>{"0"});
  CHECK(rows.deleted->column == "ZFPB");
  CHECK(rows.overlap == 60s);
  CHECK(rows.every == 500ms);
  CHECK(rows.withdraw_vanished);
}

TEST_CASE("every mistake with a staging database is told at its place", "[config][rows]") {
  constexpr const char* kStart = "database: sqlite";
  CHECK(refused("table: MS_CF01\n", "table: MS CF01\n", "E0314", "table: MS CF01"));
  CHECK(refused("      key: CFSB\n", "", "E0311", kStart));
  CHECK(refused("key: CFSB\n", "key: CFSX\n", "E0322", kStart));
  CHECK(refused("MS_CF02.SFJG", "MS_CF02.SFJH", "E0322", kStart));
  CHECK(refused("MS_CF02.SFJG", "MS_CF03.SFJG", "E0322", kStart));
  CHECK(refused("column: ZFPB", "column: ZFPX", "E0322", kStart));
  CHECK(refused("of: MS_CF02, ", "of: MS_CF03, ", "E0322", kStart));
  CHECK(refused("table: MS_CFQM", "table: MS_BRDA", "E0321", kStart));
  CHECK(refused("        - {table: MS_CFQM, on: {CFSB: CFSB}, order: QMLX}\n", "", "E0328", kStart));
  CHECK(refused("on: {YPXH: YPXH}, ", "on: {YPXH: YPXH}, changed: XGSJ, ", "E0318", kStart));
  CHECK(refused("on: {BRID: BRID}, ", "on: BRID, ", "E0313", "on: BRID"));
  CHECK(refused("every: 500ms", "every: 2 seconds", "E0314", "every: 2"));
  CHECK(refused("    rows:\n", "    listen: mllp://127.0.0.1:7999\n    rows:\n", "E0318", "listen: mllp"));
  CHECK(refused("    rows:\n", "    control_id: daily\n    rows:\n", "E0318", kStart));
}

TEST_CASE("a system is reached in one way", "[config][rows]") {
  const auto with = [](std::string_view keys) { return "systems:\n  - {name: status, " + std::string(keys) + "}\n"; };
  const auto no_maps = with("rows: {database: sqlite:x.db, tables: GW_STATUS}");
  CHECK(refused("systems:\n", no_maps, "E0328", "- {name: status"));
  CHECK(refused("systems:\n", with("maps: []"), "E0311", "- {name: status"));
}

TEST_CASE("a staging database keeps no password in the configuration and crosses no network in the clear",
          "[config][rows]") {
  const auto with = [](std::string words) { return "postgresql:" + words; };
  const auto at = "database: postgresql";
  CHECK(refused(kDatabase, with("host=/tmp dbname=x password=secret"), "E0314", at));
  CHECK(refused(kDatabase, with("host=10.1.2.3 dbname=x"), "E0333", at));
  CHECK(refused(kDatabase, with("hostaddr=10.1.2.3 dbname=x sslmode=require"), "E0333", at));
  CHECK(refused(kDatabase, "oracle:x", "E0314", "database: oracle"));
  const auto mysql = "database: mysql", odbc = "database: odbc";
  CHECK(refused(kDatabase, "mysql:host=127.0.0.1 dbname=x password=secret", "E0314", mysql));
  CHECK(refused(kDatabase, "mysql:host=127.0.0.1 user=x", "E0314", mysql));
  CHECK(refused(kDatabase, "mysql:host=10.1.2.3 dbname=x", "E0333", mysql));
  CHECK(refused(kDatabase, "odbc:access:Driver=/d.so", "E0314", odbc));
  CHECK(refused(kDatabase, "odbc:sqlserver:DSN=his;Encrypt=yes", "E0314", odbc));
  CHECK(refused(kDatabase, "odbc:sqlserver:Driver=/d.so;Server=10.1.2.3;Database=x;Encrypt=yes;PWD=y", "E0314", odbc));
  CHECK(refused(kDatabase, "odbc:sqlserver:Driver=/d.so;Server=10.1.2.3,1433;Database=x", "E0333", odbc));
  CHECK(refused(kDatabase, "odbc:sqlserver:Driver=/d.so;Server=10.1.2.3;Encrypt=yes;TrustServerCertificate=yes",
                "E0333", odbc));
  CHECK(refused(kDatabase, "odbc:oracle:Driver=/d.so;DBQ=//10.1.2.3:1521/stage", "E0333", odbc));
  CHECK(refused(kDatabase, "odbc:kingbase:Driver=/d.so;Database=x", "E0333", odbc));
  Site good(kDatabase, with("host=10.1.2.3 dbname=x sslmode=verify-full"));
  good.load();
  CHECK(std::ranges::none_of(good.faults, [](const FileFault& fault) { return fault.code == "E0333"; }));
}

TEST_CASE("a database behind an ODBC driver or MySQL is known by its brand, its password by a file", "[config][rows]") {
  const auto place_of = [](std::string_view text) {
    Site site(kDatabase, text);
    const auto config = site.load();
    INFO(render(site.faults));
    REQUIRE(config != nullptr);
    return config->doors.at(0).rows->place;
  };
  using adapters::rows::Brand;
  const auto mysql = place_of("mysql:host=127.0.0.1 port=3307 dbname=stage user=gw passfile=/etc/causeway/his.pass");
  CHECK(mysql == Place{Place::Kind::mysql, "host=127.0.0.1 port=3307 dbname=stage user=gw", Brand::sqlite,
                       "/etc/causeway/his.pass"});
  CHECK(mysql.brand() == Brand::mysql);
  const auto server = place_of("odbc:sqlserver:Driver=/d.so;Server=tcp:10.1.2.3,1433;encrypt=Yes;UID=gw;passfile=/p");
  CHECK(server ==
        Place{Place::Kind::odbc, "Driver=/d.so;Server=tcp:10.1.2.3,1433;encrypt=Yes;UID=gw", Brand::sqlserver, "/p"});
  CHECK(place_of("odbc:oracle:Driver=/d.so;DBQ=//127.0.0.1:1521/stage").brand() == Brand::oracle);
  CHECK(place_of("odbc:dameng:Driver=/d.so;Server=localhost").brand() == Brand::oracle);
  CHECK(place_of("odbc:kingbase:Driver=/d.so;Server=10.1.2.3;SSLmode=verify-full").brand() == Brand::postgresql);
}
