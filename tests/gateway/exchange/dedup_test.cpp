// The four-case table of contract.md §2.2, the window of each endpoint, and what enters de-duplication at all.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "gateway/exchange/readers.h"
#include "tests/gateway/exchange/bench_site.h"

using namespace gateway;
using exchange::Fate;
using test::report;
using test::TestSite;

namespace {

const std::string kOne = "11111111-1111-4111-8111-111111111111", kTwo = "22222222-2222-4222-8222-222222222222";
constexpr store::Millis kDay = 86'400'000;

std::string under(const std::string& bundle_id, std::string message) {
  const auto at = message.find(R"("id":")") + 6;
  return message.replace(at, 36, bundle_id);
}

const std::string kBundle = "bbbbbbbb-0000-4000-8000-000000000001", kOther = "bbbbbbbb-0000-4000-8000-000000000002";

}  // namespace

TEST_CASE("a new Bundle.id with a new MessageHeader.id is taken", "[dedup]") {
  TestSite site;
  CHECK(site.post(under(kBundle, report(kOne, "JY1", "tmucih")), "tmucih").fate == Fate::accepted);
  CHECK(site.post(under(kOther, report(kTwo, "JY1", "tmucih")), "tmucih").fate == Fate::accepted);
}

TEST_CASE("both ids seen: the first answer goes out again, byte for byte", "[dedup]") {
  TestSite site;
  const auto message = under(kBundle, report(kOne, "JY1", "tmucih"));
  const auto first = site.post(message, "tmucih");
  const auto again = site.post(message, "tmucih");
  CHECK(again.fate == Fate::repeated);
  CHECK(again.answer == first.answer);
}

TEST_CASE("a new Bundle.id with a seen MessageHeader.id is a resubmission: the same answer, nothing taken twice",
          "[dedup]") {
  TestSite site;
  const auto first = site.post(under(kBundle, report(kOne, "JY1", "tmucih")), "tmucih");
  const auto again = site.post(under(kOther, report(kOne, "JY1", "tmucih")), "tmucih");
  CHECK(again.fate == Fate::repeated);
  CHECK(again.answer == first.answer);
  CHECK(site.messages(store::MessageState::accepted).size() == 1);

  SECTION("with other content it is a conflict, and held") {
    const auto other = site.post(under(kOther, report(kOne, "JY1", "tmucih", "else")), "tmucih");
    CHECK(other.fate == Fate::held);
    CHECK(other.error->code == "dedup.conflict");
  }
}

TEST_CASE("a seen Bundle.id with a new MessageHeader.id is an error, and held", "[dedup]") {
  TestSite site;
  REQUIRE(site.post(under(kBundle, report(kOne, "JY1", "tmucih")), "tmucih").fate == Fate::accepted);
  const auto reused = site.post(under(kBundle, report(kTwo, "JY2", "tmucih")), "tmucih");
  CHECK(reused.fate == Fate::held);
  REQUIRE(reused.error);
  CHECK(reused.error->code == "dedup.bundle-id-reused");
  CHECK(reused.error->fault == fhir::Fault::conflict);
  CHECK(site.store->deliveries(reused.message)->empty());

  SECTION("also when that MessageHeader.id was seen under a Bundle.id of its own") {
    REQUIRE(site.post(under(kOther, report(kTwo, "JY2", "tmucih")), "tmucih").fate == Fate::accepted);
    CHECK(site.post(under(kBundle, report(kTwo, "JY2", "tmucih")), "tmucih").error->code == "dedup.bundle-id-reused");
  }
  SECTION("but ids of two senders never meet") {
    CHECK(site.post(under(kBundle, report(kOne, "JY1", "hkaur")), "hkaur").fate == Fate::accepted);
  }
}

TEST_CASE("what was refused enters neither id", "[dedup]") {
  TestSite site;
  std::string broken = report(kOne, "JY1", "tmucih");
  broken.replace(broken.find(R"("status":"final")"), 16, R"("status":"finnal")");
  REQUIRE(site.post(under(kBundle, broken), "tmucih").fate == Fate::held);
  CHECK(site.post(under(kBundle, report(kTwo, "JY1", "tmucih")), "tmucih").fate == Fate::accepted);
}

TEST_CASE("within the window an id with other content is a conflict, after it the id may come again", "[dedup]") {
  TestSite site;
  const auto first = site.post(under(kBundle, report(kOne, "JY1", "tmucih")), "tmucih");
  site.clock.at += 7 * kDay - 1;
  CHECK(site.post(under(kOther, report(kOne, "JY1", "tmucih", "else")), "tmucih").fate == Fate::held);
  site.clock.at += 1;
  const auto later = site.post(under(kBundle, report(kOne, "JY1", "tmucih", "else")), "tmucih");
  REQUIRE(later.fate == Fate::accepted);
  CHECK(later.message != first.message);

  SECTION("and from then on stands for what was taken last") {
    CHECK(site.post(under(kBundle, report(kOne, "JY1", "tmucih", "else")), "tmucih").answer == later.answer);
    CHECK(site.post(under(kBundle, report(kOne, "JY1", "tmucih")), "tmucih").fate == Fate::held);
  }
}

TEST_CASE("a sender that waited longer than the window for its answer gets it, and nothing is taken twice", "[dedup]") {
  TestSite site;
  const auto message = under(kBundle, report(kOne, "JY1", "tmucih"));
  const auto first = site.post(message, "tmucih");
  site.clock.at += 9 * kDay;
  const auto again = site.post(message, "tmucih");
  CHECK(again.fate == Fate::repeated);
  CHECK(again.answer == first.answer);
}

TEST_CASE("each peer has a window of its own", "[dedup]") {
  auto config = test::hainan();
  config.peers[0].dedup_window = std::chrono::hours(1);
  TestSite site(config);
  for (const char* who : {"tmucih", "hkaur"}) REQUIRE(site.post(report(kOne, "JY1", who), who).fate == Fate::accepted);
  site.clock.at += 3'600'000;
  CHECK(site.post(report(kOne, "JY1", "tmucih", "else"), "tmucih").fate == Fate::accepted);
  CHECK(site.post(report(kOne, "JY1", "hkaur", "else"), "hkaur").fate == Fate::held);
}

namespace {

// Tianjin's laboratory door, whose ids may be trusted that far.
struct Laboratory {
  explicit Laboratory(config::ControlIds ids) : site(with_door(ids)) {}

  static config::Config with_door(config::ControlIds ids) {
    auto config = test::hainan();
    config::Door lis;
    lis.name = "lis";
    lis.charset = "GB18030";
    lis.control_ids = ids;
    std::vector<adapters::map::FileFault> faults;
    const std::filesystem::path root = CAUSEWAY_SOURCE_DIR;
    lis.maps = {adapters::map::Map::load(root / "mappings/tianjin/oru_r01.map.yaml", faults)};
    REQUIRE(lis.maps[0]);
    config.doors = {lis};
    return config;
  }

  exchange::Judgement take(const std::string& other_result = "") {
    std::ifstream in(std::filesystem::path(CAUSEWAY_SOURCE_DIR) / "tests/cases/samples/tj_oru_gb18030.hl7",
                     std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    std::string raw = exchange::without_frame(text.str());
    if (!other_result.empty()) raw.replace(raw.find("38.62"), 5, other_result);
    std::promise<exchange::Judgement> promise;
    site.intake->take(exchange::arrival_at(site.config, site.config->doors[0], std::move(raw)),
                      [&](exchange::Judgement judged) { promise.set_value(std::move(judged)); });
    return promise.get_future().get();
  }

  TestSite site;
};

}  // namespace

TEST_CASE("a v2 id counts within its window; the same content under it is a repetition for ever", "[dedup]") {
  Laboratory lab(config::ControlIds::unique);
  const auto first = lab.take();
  REQUIRE(first.fate == Fate::accepted);
  CHECK(lab.take("99.99").error->code == "dedup.conflict");
  lab.site.clock.at += 8 * kDay;
  CHECK(lab.take().answer == first.answer);
  CHECK(lab.take("99.99").fate == Fate::accepted);
}

TEST_CASE("where ids mean nothing the content decides, and after the window the same content is new", "[dedup]") {
  Laboratory lab(config::ControlIds::unreliable);
  const auto first = lab.take();
  REQUIRE(first.fate == Fate::accepted);
  CHECK(lab.take().fate == Fate::repeated);
  CHECK(lab.take("99.99").fate == Fate::accepted);
  lab.site.clock.at += 8 * kDay;
  const auto later = lab.take();
  CHECK(later.fate == Fate::accepted);
  CHECK(later.message != first.message);
}
