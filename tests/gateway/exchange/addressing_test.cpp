// The bytes that leave for a local system.
#include "gateway/exchange/addressing.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "adapters/charset.h"
#include "adapters/hl7v2/message.h"
#include "tests/gateway/exchange/bench_site.h"

using namespace gateway;

namespace {

const std::filesystem::path kRoot = CAUSEWAY_SOURCE_DIR;

std::string file(const std::string& path) {
  std::ifstream in(kRoot / path, std::ios::binary);
  REQUIRE(in);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

/// What a HIS of this charset gets of a county's referral.
fhir::Result<store::Delivery> for_his(const std::string& charset,
                                      config::Processing processing = config::Processing::production) {
  config::Config config = test::hainan();
  config.processing = processing;
  config::System his;
  his.name = "his";
  his.charset = charset;
  std::vector<adapters::map::FileFault> faults;
  his.maps = {adapters::map::Map::load(kRoot / "mappings/chengdu/his_ref_i12.map.yaml", faults)};
  REQUIRE(his.maps[0]);
  config.systems.push_back(his);
  test::TestSite site(std::move(config));

  exchange::Passage passage;
  passage.config = site.config;
  passage.now = "2026-03-11T02:30:00Z";
  passage.commit.message.emplace();
  auto bundle = fhir::Json::parse(file("mappings/chengdu/his_ref_i12.tests/01_from_huili.json"));
  REQUIRE(bundle);
  passage.set_bundle(*std::move(bundle));
  passage.message().event = "referral-request";
  fhir::JsonTree told = fhir::JsonTree::object();
  store::Commit commit;
  return exchange::address(*site.world, passage, "local:his", told, commit);
}

}  // namespace

TEST_CASE("MSH-18 of what is sent says what its bytes are, by the charset of the system", "[addressing]") {
  for (const auto& [charset, named] : {std::pair{"GB18030", "GB 18030-2000"}, std::pair{"UTF-8", "UNICODE UTF-8"}}) {
    const auto delivery = for_his(charset);
    REQUIRE(delivery);
    const auto text = adapters::decode(delivery->bytes, *adapters::charset_named(charset));
    REQUIRE(text);
    const auto message = adapters::hl7v2::Message::parse(*text);
    REQUIRE(message);
    CHECK(message->get("MSH-18") == named);
    CHECK(message->get("PID-5.1") == "吉克·阿依");
    CHECK(message->get("MSH-10") == delivery->control_id);
  }
}

TEST_CASE("MSH-11 of what is sent says what the site is, whatever the map writes", "[addressing][workflow]") {
  using config::Processing;
  for (const auto& [processing, id] : {std::pair{Processing::production, "P"}, std::pair{Processing::training, "T"},
                                       std::pair{Processing::debug, "D"}}) {
    const auto delivery = for_his("UTF-8", processing);
    REQUIRE(delivery);
    const auto message = adapters::hl7v2::Message::parse(delivery->bytes);
    REQUIRE(message);
    CHECK(message->get("MSH-11") == id);
  }
}

TEST_CASE("a name that the system's charset cannot hold is an error, never a question mark", "[addressing]") {
  const auto delivery = for_his("Big5-HKSCS");
  REQUIRE_FALSE(delivery);
  CHECK(delivery.error().code == "charset.unencodable");
}
