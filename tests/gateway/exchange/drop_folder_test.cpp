// Files that are dropped: taken once, whole or told why not, also over a crash.
#include "gateway/exchange/drop_folder.h"

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <fstream>
#include <sstream>

#include "adapters/charset.h"
#include "gateway/exchange/readers.h"
#include "tests/gateway/exchange/bench_site.h"

using namespace gateway;
using store::MessageState;
using test::TestSite;
namespace fs = std::filesystem;

namespace {

const fs::path kRoot = CAUSEWAY_SOURCE_DIR;
constexpr std::string_view kHeader =
    "case_no,name_local,name_latin,dob,sex,id_type,id_no,nationality,diagnosis,icd10,stage,lang_pref,dest_country,"
    "dest_hospital,slot_utc,question\r\n";

std::string file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

std::string row(const std::string& number, const std::string& id = "510199194903110039",
                const std::string& name = "刘䶮") {
  return number + "," + name + ",LIU YAN,1949/3/11,男,身份证," + id +
         ",CN,胰腺癌,C25.9,III期,zh-CN,HK,Hong Kong oncology experts,2026-03-20T01:00:00Z,问\r\n";
}

config::Config with_folder(const fs::path& folder, const std::string& charset, const char* map, config::Format format) {
  config::Config config = test::hainan();
  config::Door cases;
  cases.name = "cases";
  cases.mllp = false;
  cases.folder = folder;
  cases.format = format;
  cases.charset = charset;
  cases.id_path = "case_no";
  std::vector<adapters::map::FileFault> faults;
  cases.maps = {adapters::map::Map::load(kRoot / map, faults)};
  REQUIRE(cases.maps[0]);
  config.doors = {cases};
  return config;
}

/// A site with the folder, and its door.
struct Bench {
  explicit Bench(const std::string& charset = "UTF-8", const char* map = "mappings/hainan/overseas_case.map.yaml",
                 config::Format format = config::Format::csv)
      : site(with_folder(drop.path / "cases", charset, map, format)) {
    fs::create_directories(folder());
  }

  fs::path folder() const { return drop.path / "cases"; }
  void put(const std::string& name, const std::string& bytes) const {
    std::ofstream(folder() / name, std::ios::binary) << bytes;
  }
  /// Two looks with the settling time between them.
  std::size_t wait_and_look() {
    door.look();
    site.clock.at += 2'000;
    return door.look();
  }
  /// Lists leave the bodies out.
  store::Message whole(store::Id id) const {
    const auto found = site.store->message(id);
    REQUIRE((found && *found));
    return **found;
  }
  bool is_at(const std::string& place) const { return fs::exists(folder() / place); }

  test::Folder drop;
  TestSite site;
  exchange::DropFolder door{*site.world, *site.intake, "cases"};
};

}  // namespace

TEST_CASE("a file that stands still is taken once and ends in done/", "[drop]") {
  Bench bench;
  bench.put("a.csv", file(kRoot / "tests/cases/samples/hopenoah_case.csv"));
  CHECK(bench.door.look() == 0);  // seen for the first time
  CHECK(bench.door.look() == 0);  // not long enough
  bench.site.clock.at += 2'000;
  CHECK(bench.door.look() == 1);
  CHECK(bench.is_at("done/a.csv"));
  CHECK_FALSE(bench.is_at("a.csv"));
  const auto taken = bench.site.messages(MessageState::accepted);
  REQUIRE(taken.size() == 1);
  CHECK(taken[0].door == "folder:cases");
  CHECK(taken[0].event == "referral-request");
  CHECK(taken[0].correlation == "HN-2026-0091");
  CHECK(bench.door.look() == 0);
}

TEST_CASE("a file that grows, and names of unfinished files, are left alone", "[drop]") {
  Bench bench;
  const std::string text = std::string(kHeader) + row("HN-1");
  bench.put("late.csv", std::string(kHeader));
  bench.door.look();
  bench.site.clock.at += 2'000;
  bench.put("late.csv", std::string(kHeader) + row("HN-9"));  // it was not finished
  CHECK(bench.door.look() == 0);
  bench.site.clock.at += 1'000;
  CHECK(bench.door.look() == 0);
  for (const auto* name : {".hidden.csv", "x.tmp", "x.csv.part", "x.filepart"}) bench.put(name, text);
  fs::create_directory(bench.folder() / "sub.csv");
  fs::create_symlink(kRoot / "tests/cases/samples/hopenoah_case.csv", bench.folder() / "link.csv");
  CHECK(bench.wait_and_look() == 1);  // late.csv
  CHECK(bench.is_at("done/late.csv"));
  for (const auto* name : {".hidden.csv", "x.tmp", "x.csv.part", "x.filepart", "sub.csv", "link.csv"})
    CHECK(bench.is_at(name));
}

TEST_CASE("what a crash left in work/ is ended first, and nothing is doubled", "[drop]") {
  Bench bench;
  const std::string text = std::string(kHeader) + row("HN-1") + row("HN-2") + row("HN-3");
  bench.put("a.csv", std::string(kHeader) + row("HN-1") + row("HN-2"));
  REQUIRE(bench.wait_and_look() == 1);
  // As if the process had died after two of three records, before the file was moved.
  bench.put("work/b.csv", text);
  exchange::DropFolder restarted(*bench.site.world, *bench.site.intake, "cases");
  CHECK(restarted.look() == 1);
  CHECK(bench.is_at("done/b.csv"));
  CHECK(bench.site.messages(MessageState::accepted).size() == 3);
  CHECK(bench.site.messages(MessageState::held).empty());
}

TEST_CASE("one bad row does not stop the others, and is told with its line", "[drop]") {
  Bench bench;
  bench.put("a.csv", std::string(kHeader) + row("HN-1") + row("HN-2", "5.10199E+17") + row("HN-3"));
  CHECK(bench.wait_and_look() == 1);
  CHECK(bench.is_at("failed/a.csv"));
  const std::string why = file(bench.folder() / "failed/a.csv.error.txt");
  CHECK(why.find("2 of 3 records were taken") != std::string::npos);
  CHECK(why.find("line 3: kept as") != std::string::npos);
  CHECK(why.find("csv.scientific: 3:") != std::string::npos);
  CHECK(why.find("刘") == std::string::npos);  // no data in it
  CHECK(bench.site.messages(MessageState::accepted).size() == 2);
  const auto held = bench.site.messages(MessageState::held);
  REQUIRE(held.size() == 1);
  CHECK(held[0].reason_code == "csv.scientific");
  CHECK(bench.whole(held[0].id).raw.starts_with("case_no,"));
}

TEST_CASE("the same case number with other content is held, with an alarm, never taken over", "[drop]") {
  Bench bench;
  bench.put("a.csv", std::string(kHeader) + row("HN-1"));
  REQUIRE(bench.wait_and_look() == 1);
  bench.put("a.csv", std::string(kHeader) + row("HN-1", "510199194903110039", "刘彦"));
  REQUIRE(bench.wait_and_look() == 1);
  CHECK(bench.is_at("failed/a.csv"));
  const auto held = bench.site.messages(MessageState::held);
  REQUIRE(held.size() == 1);
  CHECK(held[0].reason_code == "dedup.conflict");
}

TEST_CASE("a file of the same name does not replace the one that is kept", "[drop]") {
  Bench bench;
  for (const auto* number : {"HN-1", "HN-2", "HN-3"}) {
    bench.put("a.csv", std::string(kHeader) + row(number));
    REQUIRE(bench.wait_and_look() == 1);
  }
  CHECK(bench.is_at("done/a.csv"));
  CHECK(bench.is_at("done/a.2.csv"));
  CHECK(bench.is_at("done/a.3.csv"));
}

TEST_CASE("a file whose split is doubtful is kept whole as held", "[drop]") {
  Bench bench;
  bench.put("open.csv", std::string(kHeader) + row("HN-1") + "HN-2,\"刘");
  bench.put("empty.csv", "");
  bench.put("latin.csv", "\xFF\xFE\x00x");
  CHECK(bench.wait_and_look() == 3);
  for (const auto* name : {"open", "empty", "latin"}) CHECK(bench.is_at(fmt::format("failed/{}.csv.error.txt", name)));
  CHECK(bench.site.messages(MessageState::accepted).empty());
  CHECK(bench.site.messages(MessageState::held).size() == 3);
}

TEST_CASE("Excel's GBK is read by the door's charset, record by record", "[drop]") {
  Bench bench("GBK");
  const auto bytes =
      adapters::encode(std::string(kHeader) + row("HN-1", "510199194903110039", "林蔚"), adapters::Charset::gbk);
  REQUIRE(bytes);
  bench.put("a.csv", *bytes);
  CHECK(bench.wait_and_look() == 1);
  CHECK(bench.is_at("done/a.csv"));
  const auto taken = bench.site.messages(MessageState::accepted);
  REQUIRE(taken.size() == 1);
  const auto message = bench.whole(taken[0].id);
  CHECK(message.bundle.find("林蔚") != std::string::npos);
  CHECK(*adapters::decode(message.raw, adapters::Charset::gbk) ==
        std::string(kHeader) + row("HN-1", "510199194903110039", "林蔚").substr(0, row("HN-1").size() - 2));
}

TEST_CASE("a file over the door's limit is moved away unread", "[drop]") {
  Bench bench;
  auto config = *bench.site.config;
  config.doors[0].limit = 200;
  bench.site.config = std::make_shared<const config::Config>(std::move(config));
  bench.put("big.csv", std::string(kHeader) + row("HN-1"));
  CHECK(bench.wait_and_look() == 1);
  CHECK(file(bench.folder() / "failed/big.csv.error.txt").find("door.too-large") != std::string::npos);
  CHECK(bench.site.messages(MessageState::held).empty());
}

TEST_CASE("the door's own thread does the same", "[drop]") {
  Bench bench;
  fs::create_directories(bench.folder() / "work");
  bench.put("work/a.csv", std::string(kHeader) + row("HN-1"));
  bench.door.start();
  for (int n = 0; n < 100 && !bench.is_at("done/a.csv"); ++n)
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  bench.door.stop();
  CHECK(bench.is_at("done/a.csv"));
}

TEST_CASE("a file of HL7 v2 is taken message by message, and one that was cut is told of", "[drop]") {
  std::string sample = file(kRoot / "tests/cases/samples/tj_oru_gb18030_nocharset.hl7");
  const auto found = sample.find("TJ20260310");
  REQUIRE(found != std::string::npos);
  std::string other = sample;
  other.replace(found, 10, "TJ20260311");
  const auto unframed = [](const std::string& bytes) { return exchange::without_frame(bytes); };
  const std::string head = "FHS|^~\\&|LIS|TMUCIH\rBHS|^~\\&|LIS|TMUCIH\r";
  const std::pair<std::string, bool> files[] = {
      {head + unframed(sample) + unframed(other) + "BTS|2\rFTS|1\r", true},
      {head + unframed(sample) + unframed(other), false},  // no end
      {unframed(sample) + unframed(other), true},          // no envelope
      {"\x0b" + unframed(sample) + "\x1c\r\x0b" + unframed(other) + "\x1c\r", true},
  };
  for (const auto& [bytes, whole] : files) {
    Bench bench("GB18030", "mappings/tianjin/oru_r01.map.yaml", config::Format::hl7v2);
    bench.put("day.hl7", bytes);
    CHECK(bench.wait_and_look() == 1);
    CHECK(bench.site.messages(MessageState::accepted).size() == 2);
    CHECK(bench.is_at(whole ? "done/day.hl7" : "failed/day.hl7"));
    const auto held = bench.site.messages(MessageState::held);
    CHECK(held.empty() == whole);
    if (!whole) CHECK(held[0].reason_code == "hl7v2.batch-count");
  }
}

namespace {

/// The laboratory's report under another control id.
std::string report(const std::string& id, const std::string& more = "") {
  std::string text = exchange::without_frame(file(kRoot / "tests/cases/samples/tj_oru_gb18030_nocharset.hl7"));
  text.replace(text.find("TJ2026031000017"), 15, id);
  return text + more;
}

struct Laboratory : Bench {
  Laboratory() : Bench("GB18030", "mappings/tianjin/oru_r01.map.yaml", config::Format::hl7v2) {}
  std::string told() const { return file(folder() / "failed/day.hl7.error.txt"); }
};

constexpr const char* kHead = "FHS|^~\\&|LIS|TMUCIH\rBHS|^~\\&|LIS|TMUCIH\r";

}  // namespace

TEST_CASE("a damaged file is kept as one held record of its envelope, and no message is stored twice", "[drop]") {
  Laboratory bench;
  std::string bytes = kHead + report("TJ-1");
  for (int n = 0; n < 50; ++n) bytes += "BTS|9\r";
  bench.put("day.hl7", bytes);
  CHECK(bench.wait_and_look() == 1);
  CHECK(bench.site.messages(MessageState::accepted).size() == 1);
  const auto held = bench.site.messages(MessageState::held);
  REQUIRE(held.size() == 1);
  CHECK(held[0].reason_code == "hl7v2.batch-count");
  const std::string kept = bench.whole(held[0].id).raw;
  CHECK(kept.starts_with(std::string(kHead) + "BTS|9\r"));
  CHECK_FALSE(kept.contains("PID"));
  CHECK(bench.told().contains("and 41 more"));
}

TEST_CASE("a part whose rest is not in the file is held, and the messages around it are taken", "[drop]") {
  Laboratory bench;
  bench.put("day.hl7", report("TJ-1") + report("TJ-2", "DSC|p1\r") + report("TJ-3"));
  CHECK(bench.wait_and_look() == 1);
  const auto held = bench.site.messages(MessageState::held);
  REQUIRE(held.size() == 1);
  CHECK(held[0].reason_code == "hl7v2.continued");
  CHECK(bench.whole(held[0].id).raw == report("TJ-2", "DSC|p1\r"));
  const auto line = std::ranges::count(report("TJ-1"), '\r') + 1;
  CHECK(bench.told().contains(fmt::format("\nline {}: kept as", line)));
}

TEST_CASE("lines are counted through a capture's frames, and only what is half is held", "[drop]") {
  Laboratory bench;
  const auto framed = [](const std::string& text) { return "\x0b" + text + "\x1c\r"; };
  const std::string damaged = kHead + report("TJ-2") + "BTS|7\rFTS|1\r";
  bench.put("day.hl7", framed(report("TJ-1")) + framed(damaged) + framed("hello\r") + "\x0b" + report("TJ-4"));
  CHECK(bench.wait_and_look() == 1);
  CHECK(bench.site.messages(MessageState::accepted).size() == 2);
  const auto lines = [](const std::string& text) { return std::ranges::count(text, '\r'); };
  const auto second = 1 + lines(framed(report("TJ-1"))), third = second + lines(framed(damaged));
  const std::string told = bench.told();
  INFO(told);
  CHECK(told.contains(fmt::format("line {}: BTS-1 is not", third - 3)));
  CHECK(told.contains(fmt::format("\nline {}: kept as", third)));
  CHECK(told.contains(fmt::format("\nline {}: kept as", third + 2)));
  CHECK(told.contains("mllp.half-frame"));
}
