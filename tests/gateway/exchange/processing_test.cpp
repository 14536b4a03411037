// MSH-11 T or D never reaches production (gateway/exchange/processing.h).
#include "gateway/exchange/processing.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "gateway/exchange/doors.h"
#include "gateway/exchange/readers.h"
#include "tests/gateway/exchange/workflow_support.h"

using namespace gateway;
using namespace gateway::test;
using config::Processing;
using exchange::Fate;
using Places = std::vector<std::string>;

namespace {

const std::filesystem::path kRoot = CAUSEWAY_SOURCE_DIR;

config::Config with_door(Processing site, std::optional<Processing> door = {}) {
  config::Config config = hainan();
  config.processing = site;
  config::Door lis;
  lis.name = "lis";
  lis.charset = "GB18030";
  lis.ack = config::AckMode::original;
  lis.processing = door;
  std::vector<adapters::map::FileFault> faults;
  lis.maps = {adapters::map::Map::load(kRoot / "mappings/tianjin/oru_r01.map.yaml", faults)};
  REQUIRE(lis.maps[0]);
  config.doors = {lis};
  return config;
}

/// Tianjin's sample with this MSH-11.
std::string oru(const std::string& processing) {
  std::ifstream in(kRoot / "mappings/tianjin/oru_r01.tests/01_gb18030.hl7", std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  std::string bytes = exchange::without_frame(text.str());
  const auto at = bytes.find("|P|2.4");
  REQUIRE(at != std::string::npos);
  bytes.replace(at, 6, "|" + processing + "|2.4");
  return bytes;
}

std::string answer(TestSite& site, const std::string& bytes) {
  exchange::MllpDoor door(*site.world, *site.intake, "lis");
  std::promise<std::vector<std::string>> promise;
  door.handle({bytes, {}, "127.0.0.1:1"},
              [&](std::vector<std::string> frames) { promise.set_value(std::move(frames)); });
  const auto frames = promise.get_future().get();
  return frames.empty() ? std::string{} : frames.front();
}

const std::string kHtest =
    R"("meta":{"security":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ActReason","code":"HTEST"}]},)";
const std::string kTag = R"("meta":{"tag":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0103","code":"T"}]},)";

std::string reported(const std::string& meta = "") {
  return message("report", "tmucih", "JY1",
                 {patient(), R"({"resourceType":"DiagnosticReport","id":"r1","status":"final","code":{"text":"CEA"}})"},
                 meta);
}

}  // namespace

TEST_CASE("a test message at a production site is refused with AR and a reason that names MSH-11", "[workflow]") {
  TestSite site(with_door(Processing::production));
  for (const std::string id : {"T", "D", "T^A", "X"}) {
    CAPTURE(id);
    const auto said = answer(site, oru(id));
    CHECK(said.find("MSA|AR|TJ2026031000017") != std::string::npos);
    CHECK(said.find("MSH-11") != std::string::npos);
  }
  CHECK(site.messages(store::MessageState::refused).size() >= 1);
  CHECK(site.messages(store::MessageState::accepted).empty());
  CHECK(answer(site, oru("P")).find("MSA|AA|") != std::string::npos);
}

TEST_CASE("a MSH-11 that says nothing means what the door takes", "[workflow]") {
  TestSite site(with_door(Processing::production));
  CHECK(answer(site, oru("")).find("MSA|AA|") != std::string::npos);
}

TEST_CASE("a test site takes tests, and copies of production only at a door that says so", "[workflow]") {
  TestSite training(with_door(Processing::training));
  CHECK(answer(training, oru("T")).find("MSA|AA|") != std::string::npos);
  TestSite strict(with_door(Processing::training));
  CHECK(answer(strict, oru("P")).find("MSA|AR|") != std::string::npos);
  TestSite copies(with_door(Processing::training, Processing::production));
  CHECK(answer(copies, oru("P")).find("MSA|AA|") != std::string::npos);
}

TEST_CASE("a Bundle that is marked as a test is refused at production, by its label, its tag or one of its resources",
          "[workflow]") {
  TestSite site;
  for (const std::string& meta : {kHtest, kTag}) {
    const auto judged = site.post(reported(meta), "tmucih");
    CHECK(judged.fate == Fate::refused);
    CHECK(code_of(judged) == "processing.test");
  }
  const auto one = site.post(
      message("report", "tmucih", "JY1", {"{\"resourceType\":\"Patient\"," + kHtest + "\"id\":\"p1\"}"}), "tmucih");
  CHECK(code_of(one) == "processing.test");
  CHECK(code_of(site.post(reported(), "tmucih")) == "accepted");
}

TEST_CASE("what is not marked as a test is refused at a test site", "[workflow]") {
  TestSite site(with_door(Processing::training));
  CHECK(code_of(site.post(reported(), "tmucih")) == "processing.production");
  CHECK(code_of(site.post(reported(kHtest), "tmucih")) == "accepted");
}

TEST_CASE("production data does not go to a peer that is a test, and test data to none that is production",
          "[workflow]") {
  for (const auto& [site_is, peer_is] : {std::pair{Processing::production, Processing::training},
                                         std::pair{Processing::debug, Processing::production}}) {
    config::Config config = with_door(site_is);
    config.peers[0].processing = peer_is;
    config.routes = {route("out", {"report"}, "local", {"peer:tianjin"})};
    TestSite site(std::move(config));
    const auto judged = site.post(
        message("report", "hnump", "JY1",
                {patient(), R"({"resourceType":"DiagnosticReport","id":"r1","status":"final","code":{"text":"CEA"}})"}),
        "hnump", true);
    REQUIRE(code_of(judged) == "accepted");
    CHECK(sent(site, judged.message) == Places{"peer:tianjin-held"});
  }
}

TEST_CASE("what leaves a test site is marked as a test, so that no production site takes it", "[workflow]") {
  config::Config config = with_door(Processing::training);
  config.routes = {route("out", {"report"}, "local", {"peer:tianjin", "local:archive"})};
  TestSite site(std::move(config));
  const auto judged = site.post(
      message("report", "hnump", "JY1",
              {patient(), R"({"resourceType":"DiagnosticReport","id":"r1","status":"final","code":{"text":"CEA"}})"}),
      "hnump", true);
  REQUIRE(code_of(judged) == "accepted");
  for (const std::string to : {"peer:tianjin", "local:archive"})
    CHECK(bytes_for(site, judged.message, to).find("HTEST") != std::string::npos);
  config::Config other = hainan();
  other.organization = {"tmucih", "Tianjin", "", "CN", "Tianjin"};
  TestSite production(std::move(other));
  CHECK(code_of(production.post(bytes_for(site, judged.message, "peer:tianjin"), "hnump")) == "processing.test");
}
