#include "adapters/rows/reader.h"

#include "tests/adapters/rows/staging.h"

namespace adapters::rows {
namespace {

std::vector<std::string> keys_of(const std::vector<Change>& changes) {
  std::vector<std::string> keys;
  for (const auto& change : changes) keys.push_back(change.key.at(0));
  return keys;
}

using Texts = std::vector<std::string>;

struct Bench {
  explicit Bench(Stage stage) : staging(stage), selection(staging.selection()) {
    staging.run(R"(INSERT INTO "BR" VALUES ('P1', '陈思远'))");
    staging.run(R"(INSERT INTO "YP" VALUES (7, '来曲唑片'))");
    for (const int id : {2, 10, 9})
      staging.run("INSERT INTO \"CF\" VALUES (" + std::to_string(id) + ", 'P1', '2026-03-14 09:30:00', NULL)");
    staging.run(R"(INSERT INTO "CF" VALUES (11, 'P2', '2026-03-14 09:30:00.003', '1'))");
    staging.run(R"(INSERT INTO "CF" VALUES (12, 'P2', NULL, NULL))");
    staging.run(R"(INSERT INTO "MX" VALUES (2, 2, 8, 1.5, NULL, '2026-03-14 10:00:00'))");
    staging.run(R"(INSERT INTO "MX" VALUES (2, 1, 7, 30, '1', '2026-03-14 09:00:00'))");
    database = staging.open(Database::Use::read);
    reader.emplace(*database, selection);
    REQUIRE(reader->learn({}));
  }

  Staging staging;
  Selection selection;
  std::unique_ptr<Database> database;
  std::optional<Reader> reader;
};

}  // namespace

TEST_CASE("changes come in the order of change column and key, page by page", "[rows][database]") {
  Bench bench(GENERATE(from_range(everywhere())));
  CHECK(bench.reader->streams() == Texts{"CF", "MX"});
  const auto first = bench.reader->changes("CF", "", std::nullopt, 2);
  REQUIRE(first);
  CHECK(keys_of(*first) == Texts{"2", "9"});
  const auto second = bench.reader->changes("CF", "", first->back(), 10);
  REQUIRE(second);
  CHECK(keys_of(*second) == Texts{"10", "11"});  // the NULL change time is for sweeps
  CHECK(keys_of(*bench.reader->changes("CF", "2026-03-14 09:30:00.001", std::nullopt, 10)) == Texts{"11"});
  CHECK(bench.reader->changes("CF", "", second->back(), 10)->empty());
  CHECK(keys_of(*bench.reader->changes("CF", "2026-03-14 09:00:00", std::nullopt, 10, second->front())) ==
        Texts{"2", "9", "10"});
}

TEST_CASE("a changed related row tells of the record it belongs to", "[rows][database]") {
  Bench bench(GENERATE(from_range(everywhere())));
  const auto changes = bench.reader->changes("MX", "2026-03-14 09:30:00", std::nullopt, 10);
  REQUIRE(changes);
  REQUIRE(changes->size() == 1);
  CHECK(changes->front().key == Key{"2"});
  CHECK(changes->front().changed.starts_with("2026-03-14 10:00:00"));
  CHECK(bench.reader->changes("YP", "", std::nullopt, 10).error().code == "rows.stream");
}

TEST_CASE("a sweep walks over every key, also those without a change time", "[rows][database]") {
  Bench bench(GENERATE(from_range(everywhere())));
  Texts all;
  std::optional<Key> last;
  while (true) {
    const auto keys = bench.reader->keys(last, 2);
    REQUIRE(keys);
    if (keys->empty()) break;
    for (const auto& key : *keys) all.push_back(key.at(0));
    last = keys->back();
  }
  CHECK(all == Texts{"2", "9", "10", "11", "12"});
}

TEST_CASE("a record is the row with the rows that belong to it, sorted, as text", "[rows][database]") {
  const auto stage = GENERATE(from_range(everywhere()));
  Bench bench(stage);
  const bool sqlite = bench.staging.place.brand() == Brand::sqlite;
  const std::string time = bench.staging.place.brand() == Brand::mysql ? ".000" : "";
  const std::vector<Key> keys{{"2"}, {"11"}, {"77"}};
  auto records = bench.reader->read(keys);
  REQUIRE(records);
  REQUIRE(records->size() == 2);
  const std::string thirty = sqlite ? "30" : "30.0000";
  const std::string half = sqlite ? "1.5" : "1.5000";
  CHECK(records->at(0).row.dump() == R"({"ID":"2","BRID":"P1","XGSJ":"2026-03-14 09:30:00)" + time +
                                         R"(","ZF":null,"BR":[{"BRID":"P1","XM":"陈思远"}],"MX":[)"
                                         R"({"CFID":"2","NR":"1","YPID":"7","SL":")" +
                                         thirty + R"(","SFJG":"1","XGSJ":"2026-03-14 09:00:00)" + time +
                                         R"(","YP":[{"YPID":"7","MC":"来曲唑片"}]},)"
                                         R"({"CFID":"2","NR":"2","YPID":"8","SL":")" +
                                         half + R"(","SFJG":null,"XGSJ":"2026-03-14 10:00:00)" + time +
                                         R"(","YP":[]}]})");
  CHECK(records->at(1).row.dump() ==
        R"({"ID":"11","BRID":"P2","XGSJ":"2026-03-14 09:30:00.003","ZF":"1","BR":[],"MX":[]})");
  CHECK(rows_at(records->at(0).row, "MX.YP").size() == 1);
}

TEST_CASE("a record with more related rows than allowed is in trouble, the others are not", "[rows][database]") {
  Bench bench(GENERATE(from_range(everywhere())));
  for (int i = 0; i < 12; ++i)
    bench.staging.run("INSERT INTO \"MX\" VALUES (9, " + std::to_string(i) + ", 7, 1, '1', NULL)");
  bench.selection.most_rows = 5;
  auto records = bench.reader->read(std::vector<Key>{{"2"}, {"9"}});
  REQUIRE(records);
  for (const Record& record : *records) {
    CHECK((record.trouble ? record.trouble->code : "") == (record.key == Key{"9"} ? "rows.too-many" : ""));
    CHECK(record.row.find("MX")->size() == (record.key == Key{"9"} ? 0u : 2u));
  }
}

TEST_CASE("a column that the database does not have is named before anything is read", "[rows][database]") {
  Bench bench(GENERATE(from_range(everywhere())));
  const auto learn = [&](auto change, std::vector<Shape> shapes = {}) {
    Selection selection = bench.selection;
    change(selection);
    const auto learnt = Reader(*bench.database, selection).learn(shapes);
    return learnt ? std::string("fine") : learnt.error().code + " " + learnt.error().where;
  };
  CHECK(learn([](Selection&) {}) == "fine");
  CHECK(learn([](Selection& s) { s.changed = "XGSX"; }) == "rows.no-column CF.XGSX");
  CHECK(learn([](Selection& s) { s.table = "CG"; }) == "rows.no-table CG");
  CHECK(learn([](Selection& s) { s.related[1].on[0].first = "CFI"; }) == "rows.no-column MX.CFI");
  CHECK(learn([](Selection&) {}, {{"CF", {{"", {"ID", "NOPE"}}}, {}}}) == "rows.no-column CF.NOPE");
  CHECK(learn([](Selection&) {}, {{"CF", {{"MX.YP", {"PRICE"}}}, {}}}) == "rows.no-column YP.PRICE");
}

TEST_CASE("keys of several columns page and read as one", "[rows][database]") {
  Bench bench(GENERATE(from_range(everywhere())));
  bench.selection = {
      .place = bench.selection.place, .table = "MX", .key = {"CFID", "NR"}, .changed = "XGSJ", .related = {}};
  Reader reader(*bench.database, bench.selection);
  REQUIRE(reader.learn({}));
  CHECK(*reader.keys(std::nullopt, 1) == std::vector<Key>{{"2", "1"}});
  CHECK(*reader.keys(Key{"2", "1"}, 9) == std::vector<Key>{{"2", "2"}});
  const auto records = reader.read(std::vector<Key>{{"2", "2"}, {"2", "3"}});
  REQUIRE(records);
  REQUIRE(records->size() == 1);
  CHECK(records->front().key == Key{"2", "2"});
}

TEST_CASE("raw GBK bytes are decoded by the configured charset, and bytes that mean nothing are kept and told",
          "[rows][database]") {
  Staging staging(Place::Kind::sqlite);
  Selection selection = staging.selection();
  selection.charset = Charset::gbk;
  staging.run("INSERT INTO \"BR\" VALUES ('P1', CAST(X'B3C2CBBCD4B6' AS TEXT))");
  staging.run("INSERT INTO \"BR\" VALUES ('P2', CAST(X'B3C2FF' AS TEXT))");
  staging.run("INSERT INTO \"CF\" VALUES (1, 'P1', NULL, NULL), (2, 'P2', NULL, NULL)");
  auto database = staging.open(Database::Use::read, Charset::gbk);
  Reader reader(*database, selection);
  REQUIRE(reader.learn({}));
  auto records = *reader.read(std::vector<Key>{{"1"}, {"2"}});
  REQUIRE(records.size() == 2);
  CHECK(rows_at(records[0].row, "BR").at(0)->text_of("XM") == "陈思远");
  CHECK_FALSE(records[0].trouble);
  REQUIRE(records[1].trouble);
  CHECK(records[1].trouble->code == "charset.undecodable");
  CHECK(records[1].trouble->where == "BR.XM");
  CHECK(rows_at(records[1].row, "BR").at(0)->find("XM")->dump() == R"({"hex":"b3c2ff"})");
}

TEST_CASE("what is read belongs to one moment", "[rows][database]") {
  Bench bench(
      GENERATE(Stage(Place::Kind::postgresql), Stage(Place::Kind::mysql), Stage(Place::Kind::odbc, Brand::postgresql)));
  REQUIRE(bench.database->begin_snapshot());
  REQUIRE(bench.database->query(R"(SELECT "BRID" FROM "CF" WHERE "ID" = 2)", {}, 1));
  bench.staging.run(R"(UPDATE "CF" SET "BRID" = 'P9' WHERE "ID" = 2)");
  CHECK(bench.database->query(R"(SELECT "BRID" FROM "CF" WHERE "ID" = 2)", {}, 1)->at(0).at(0) == "P1");
  bench.database->end();
  CHECK(bench.database->query(R"(SELECT "BRID" FROM "CF" WHERE "ID" = 2)", {}, 1)->at(0).at(0) == "P9");
}

}  // namespace adapters::rows
