#include "gateway/rows/poller.h"

#include <fmt/format.h>

#include <fstream>
#include <set>

#include "tests/adapters/rows/staging.h"
#include "tests/gateway/exchange/bench_site.h"

namespace gateway::rows {
namespace {

using adapters::rows::everywhere;
using adapters::rows::Place;
using adapters::rows::Stage;
using adapters::rows::Staging;
using namespace std::chrono_literals;

constexpr const char* kMap = R"(map: test/cf
source:
  format: row
  accept: [CF]
  tables:
    CF: [ID, BRID, XGSJ, ZF]
    BR: [BRID, XM]
    MX: [CFID, NR, YPID, SL, SFJG]
    MX.YP: [YPID, MC]
resources:
  header:
    resource: MessageHeader
    identity: [ID, $version]
    event: {Coding: {system: {const: "https://causeway.example/CodeSystem/message-event"}, code: {const: report}}}
    source: {endpoint: "= %site"}
    sender: {ref: hospital}
    focus: [{ref: patient}]
  hospital:
    resource: Organization
    identity: ["= %organization"]
    identifier: [{system: {const: "https://causeway.example/sid/organization"}, value: "= %organization"}]
  patient:
    resource: Patient
    identity: [BRID]
    identifier: [{system: "= %site & '/mrn'", value: BRID}]
    name: [{text: {from: BR.XM, required: true}}]
    active: {if: $deleted = true, then: {const: false}, else: {const: true}}
    extension: [{url: {const: "https://causeway.example/StructureDefinition/why"}, value: {string: {from: $why, required: true}}}]
keep: [MX, ID]
)";

config::Config configured(const config::Polling& polling, const std::filesystem::path& map) {
  auto config = test::hainan();
  config::Door door;
  door.name = "his";
  door.rows = polling;
  door.mllp = false;
  door.format = config::Format::row;
  std::vector<config::FileFault> faults;
  door.maps = {adapters::map::Map::load(map, faults)};
  for (const auto& fault : faults) UNSCOPED_INFO(fault.line << ":" << fault.column << " " << fault.say);
  REQUIRE(door.maps.front() != nullptr);
  config.doors = {door};
  return config;
}

struct Bench {
  explicit Bench(Stage stage, std::function<void(config::Polling&)> change = {}) : staging(stage) {
    static_cast<adapters::rows::Selection&>(polling) = staging.selection();
    polling.ready = config::Readiness{"MX.SFJG", {"1"}, {"0"}};
    polling.deleted = config::DeleteFlag{"ZF", {"1"}};
    polling.batch = 3;
    polling.rate = 100'000;
    if (change) change(polling);
    const auto map = folder.path / "cf.map.yaml";
    std::ofstream(map) << kMap;
    site.emplace(configured(polling, map));
    staging.run(R"(INSERT INTO "BR" VALUES ('P1', '陈思远'))");
    again();
  }

  /// A new poller, as after a kill: what it knows is what the store has.
  void again() { poller = std::make_unique<Poller>(*site->world, *site->intake, site->config->doors.front()); }

  void prescribe(int id, const char* check = "'1'", const char* changed = "2026-03-10 09:30:00") {
    staging.run(fmt::format(R"(INSERT INTO "CF" VALUES ({}, 'P1', '{}', '0'))", id, changed));
    item(id, 1, check, changed);
  }
  void item(int id, int number, const char* check = "'1'", const char* changed = "2026-03-10 09:30:00") {
    staging.run(fmt::format(R"(INSERT INTO "MX" VALUES ({}, {}, 7, 30, {}, '{}'))", id, number, check, changed));
  }
  void look() {
    const auto looked = poller->look();
    INFO((looked ? "" : fhir::to_string(looked.error())));
    REQUIRE(looked);
  }
  void sweep() {
    site->clock.at += polling.sweep.count() + 1;
    look();
  }

  std::vector<store::Message> messages(store::MessageState state = store::MessageState::accepted) {
    store::Query query;
    query.state = state;
    query.limit = 1000;
    auto found = *site->store->messages(query);
    std::ranges::reverse(found);
    return found;
  }
  /// What was sent, in order: "7", "7 withdrawn: vanished".
  std::vector<std::string> sent() {
    std::vector<std::string> told;
    for (const auto& one : messages()) {
      const auto raw = *fhir::Json::parse((*site->store->message(one.id))->raw);
      const auto why = raw.root()["why"].text();
      told.push_back(std::string(raw.root()["key"]["ID"].text()) +
                     (why.empty() ? "" : " withdrawn: " + std::string(why)));
    }
    return told;
  }
  std::string state_of(int id) {
    const std::vector<std::string> keys{key_text({std::to_string(id)})};
    const auto marks = *site->store->row_marks("rows:his", keys);
    if (marks.empty()) return "unknown";
    constexpr std::string_view kStates[] = {"taken", "waiting", "rejected", "gone"};
    return std::string(kStates[static_cast<std::size_t>(marks[0].state)]) + " " + marks[0].reason;
  }

  Staging staging;
  config::Polling polling;
  test::Folder folder;
  std::optional<test::TestSite> site;
  std::unique_ptr<Poller> poller;
};

using Sent = std::vector<std::string>;

}  // namespace

TEST_CASE("each state of a row becomes one message, however often it is looked at", "[rows][poller]") {
  Bench bench(GENERATE(Catch::Generators::from_range(everywhere())));
  for (const int id : {1, 2, 3, 4, 5}) bench.prescribe(id);
  bench.look();
  CHECK(bench.sent() == Sent{"1", "2", "3", "4", "5"});
  bench.look();
  bench.again();
  bench.look();
  CHECK(bench.sent().size() == 5);
  bench.staging.run(R"(UPDATE "CF" SET "XGSJ" = '2026-03-10 09:31:00' WHERE "ID" = 2)");
  bench.staging.run(R"(UPDATE "MX" SET "SL" = 28, "XGSJ" = '2026-03-10 09:31:00.5' WHERE "CFID" = 4)");
  bench.look();
  bench.look();
  CHECK(bench.sent() == Sent{"1", "2", "3", "4", "5", "2", "4"});
  CHECK(bench.site->store->deliveries(bench.messages().back().id)->size() == 1);
}

TEST_CASE("a poller that lost its bookmark reads again and sends nothing twice", "[rows][poller]") {
  Bench bench(Place::Kind::sqlite);
  for (const int id : {1, 2, 3, 4}) bench.prescribe(id);
  bench.look();
  store::Commit commit;
  commit.bookmarks.push_back({"rows:his", "CF", "2026-01-01 00:00:00", "[\"0\"]"});
  REQUIRE(bench.site->store->commit(std::move(commit)));
  bench.again();
  bench.look();
  CHECK(bench.sent().size() == 4);
}

TEST_CASE("unchecked rows wait, refused ones never leave, and both are listed with their reason", "[rows][poller]") {
  Bench bench(GENERATE(Catch::Generators::from_range(everywhere())));
  bench.prescribe(1, "NULL");
  bench.prescribe(2, "'2'");
  bench.prescribe(3, "'0'");
  bench.look();
  CHECK(bench.sent().empty());
  CHECK(bench.state_of(1) == "waiting rows.not-checked");
  CHECK(bench.state_of(2) == "rejected rows.rejected");
  CHECK(bench.site->store->row_marks_in("rows:his", RowState::waiting, 10)->size() == 2);
  bench.staging.run(
      R"(UPDATE "MX" SET "SFJG" = '1' WHERE "CFID" = 1)");  // no new change time: waiting ones are looked at anyway
  bench.look();
  CHECK(bench.sent() == Sent{"1"});
  CHECK(bench.state_of(1) == "taken ");
  const auto counts = *bench.site->store->row_counts();
  REQUIRE(counts.size() == 3);
  CHECK(counts[1].count == 1);
}

TEST_CASE("what had left is withdrawn: voided, refused afterwards, vanished", "[rows][poller]") {
  Bench bench(GENERATE(Catch::Generators::from_range(everywhere())));
  for (const int id : {1, 2, 3}) bench.prescribe(id);
  bench.look();
  bench.staging.run(R"(UPDATE "CF" SET "ZF" = '1', "XGSJ" = '2026-03-10 09:32:00' WHERE "ID" = 1)");
  bench.staging.run(R"(UPDATE "MX" SET "SFJG" = '2', "XGSJ" = '2026-03-10 09:33:00' WHERE "CFID" = 2)");
  bench.staging.run(R"(DELETE FROM "MX" WHERE "CFID" = 3)");
  bench.staging.run(R"(DELETE FROM "CF" WHERE "ID" = 3)");
  bench.look();
  bench.sweep();
  bench.sweep();
  CHECK(bench.sent() == Sent{"1", "2", "3", "1 withdrawn: deleted", "2 withdrawn: rejected", "3 withdrawn: vanished"});
  const auto last = *bench.site->store->message(bench.messages().back().id);
  CHECK(fhir::Json::parse(last->raw)->root()["row"]["BRID"].text() == "P1");  // the columns it last had
  CHECK(last->bundle.find("\"active\":false") != std::string::npos);
  CHECK(bench.state_of(3) == "gone rows.vanished");
}

TEST_CASE("a table that somebody emptied withdraws nothing", "[rows][poller]") {
  Bench bench(Place::Kind::sqlite, [](config::Polling& polling) { polling.most_vanished = 3; });
  for (const int id : {1, 2, 3, 4, 5}) bench.prescribe(id);
  bench.look();
  bench.staging.run(R"(DELETE FROM "CF")");
  bench.sweep();
  CHECK(bench.sent().size() == 5);
  CHECK(bench.state_of(1) == "taken ");
}

TEST_CASE("a parent waits for its children, and one that waits too long is held once", "[rows][poller]") {
  Bench bench(GENERATE(Catch::Generators::from_range(everywhere())));
  bench.item(1, 1);  // the child first
  bench.look();
  CHECK(bench.state_of(1) == "unknown");
  bench.staging.run(
      R"(INSERT INTO "CF" VALUES (1, 'P1', '2026-03-10 09:30:00', '0'), (2, 'P1', '2026-03-10 09:30:00', '0'))");
  bench.look();
  CHECK(bench.sent() == Sent{"1"});
  CHECK(bench.state_of(2) == "waiting rows.incomplete");
  bench.site->clock.at += bench.polling.late_for.count() + 1;
  bench.look();
  bench.look();
  REQUIRE(bench.messages(store::MessageState::held).size() == 1);
  CHECK(bench.messages(store::MessageState::held)[0].reason_code == "rows.late");
  bench.item(2, 1);
  bench.look();
  CHECK(bench.sent() == Sent{"1", "2"});
}

TEST_CASE("a second child that comes late makes a new state of its record", "[rows][poller]") {
  Bench bench(Place::Kind::sqlite);
  bench.prescribe(1);
  bench.look();
  bench.item(1, 2, "'1'", "2026-03-10 09:30:01");
  bench.look();
  CHECK(bench.sent() == Sent{"1", "1"});
}

TEST_CASE("changes that become visible late, or tell of no change time, are found", "[rows][poller]") {
  Bench bench(Place::Kind::sqlite, [](config::Polling& polling) { polling.overlap = 60s; });
  bench.prescribe(1, "'1'", "2026-03-10 09:30:00");
  bench.look();
  bench.prescribe(2, "'1'", "2026-03-10 09:29:30");  // committed by a transaction that took its time
  bench.look();
  CHECK(bench.sent() == Sent{"1"});
  bench.site->clock.at += 30'001;
  bench.look();
  CHECK(bench.sent() == Sent{"1", "2"});
  bench.prescribe(3, "'1'", "2020-01-01 00:00:00");
  bench.staging.run(R"(UPDATE "MX" SET "SL" = 1 WHERE "CFID" = 1)");
  bench.site->clock.at += 30'001;
  bench.look();
  CHECK(bench.sent() == Sent{"1", "2", "1"});  // 1 stands in the overlap and is read again anyway
  bench.sweep();
  CHECK(std::multiset<std::string>{"1", "1", "2", "3"} == [&] {
    const auto sent = bench.sent();
    return std::multiset<std::string>(sent.begin(), sent.end());
  }());
}

TEST_CASE("a row from the future does not hide those that come after it", "[rows][poller]") {
  Bench bench(GENERATE(Catch::Generators::from_range(everywhere())));
  bench.prescribe(1, "'1'", "2999-01-01 00:00:00");
  bench.look();
  bench.prescribe(2);
  bench.look();
  CHECK(bench.sent() == Sent{"1", "2"});
}

TEST_CASE("a database that goes away loses nothing and doubles nothing", "[rows][poller]") {
  Bench bench(Place::Kind::postgresql);
  for (const int id : {1, 2, 3}) bench.prescribe(id);
  bench.look();
  tests::postgres().stop();
  const auto away = bench.poller->look();
  REQUIRE_FALSE(away);
  CHECK(away.error().fault == fhir::Fault::unavailable);
  tests::postgres().start();
  bench.staging.writer = bench.staging.open(adapters::rows::Database::Use::write);
  bench.prescribe(4);
  bench.again();
  bench.look();
  CHECK(bench.sent() == Sent{"1", "2", "3", "4"});
}

TEST_CASE("a record that the map refuses is held once, with its row kept", "[rows][poller]") {
  Bench bench(Place::Kind::sqlite);
  bench.staging.run(R"(INSERT INTO "CF" VALUES (1, NULL, '2026-03-10 09:30:00', '0'))");
  bench.item(1, 1);
  bench.look();
  bench.look();
  const auto held = bench.messages(store::MessageState::held);
  REQUIRE(held.size() == 1);
  CHECK(held[0].reason_code == "map.identity");
  CHECK((*bench.site->store->message(held[0].id))->raw.find(R"("BRID":null)") != std::string::npos);
}

TEST_CASE("the thread looks by itself and stops at once", "[rows][poller]") {
  Bench bench(Place::Kind::sqlite, [](config::Polling& polling) { polling.every = 20ms; });
  bench.poller->start();
  bench.prescribe(1);
  for (int i = 0; i < 200 && bench.messages().empty(); ++i) std::this_thread::sleep_for(20ms);
  const auto began = std::chrono::steady_clock::now();
  bench.poller->stop();
  CHECK(std::chrono::steady_clock::now() - began < 2s);
  CHECK(bench.sent() == Sent{"1"});
}

TEST_CASE("a change value is moved back in the form it was written in", "[rows]") {
  CHECK(moved_back("2026-03-11 10:26:11.003", 60s) == "2026-03-11 10:25:11");
  CHECK(moved_back("2026-03-01T00:00:10", 20s) == "2026-02-28T23:59:50");
  CHECK(moved_back("2026/03/01 00:00", 60s) == "2026/02/28 23:59:00");
  CHECK(moved_back("2026-03-01", 60s) == "2026-02-28 23:59:00");
  CHECK(moved_back("123456", 60s) == "122456");
  CHECK(moved_back("5", 60s) == "-995");
  CHECK(moved_back("yesterday", 60s).empty());
  CHECK(moved_back("2026-13-01 00:00:00", 60s).empty());
  CHECK(moved_back("", 60s).empty());
}

}  // namespace gateway::rows
