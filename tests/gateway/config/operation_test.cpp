// Water marks and retention: what `check` says of them.
#include <catch2/catch.hpp>

#include "gateway/config/config.h"
#include "gateway/config/events.h"
#include "tests/gateway/config/site_copy.h"

namespace gateway::config {
namespace {

struct Loaded {
  std::shared_ptr<const Config> config;
  std::string codes;  // of all faults, in order
};

Loaded with(const std::string& section) {
  test::SiteCopy site("tianjin");
  site.write("causeway.yaml", site.read("causeway.yaml") + "\n" + section);
  Loaded loaded{site.load(), ""};
  for (const auto& fault : site.faults) loaded.codes += fault.code + " ";
  return loaded;
}

}  // namespace

TEST_CASE("without a word about it records are kept 15 years, steps 3, and what came 30 days", "[retention]") {
  const auto loaded = with("");
  REQUIRE(loaded.config);
  const Retention& retention = loaded.config->retention;
  CHECK(retention.period_of("report", false) == std::chrono::hours{15 * 8766});
  CHECK(retention.period_of("referral-accept", false) == std::chrono::hours{3 * 8766});
  CHECK(retention.period_of("report", true) == std::chrono::hours{3 * 8766});
  CHECK(retention.duplicates == std::chrono::hours{24 * 30});
  CHECK(loaded.codes.empty());
}

TEST_CASE("check warns of a retention that is shorter than the law asks for", "[retention]") {
  CHECK(with("retention:\n  records: 10y\n").codes == "W0351 ");
  CHECK(with("retention:\n  process: 1y\n").codes == "W0351 ");
  CHECK(with("retention:\n  keep:\n    - events: [report, referral-accept]\n      for: 4y\n").codes == "W0351 ");
  CHECK(with("retention:\n  records: 10y\n  sweep: false\n").codes.empty());
}

TEST_CASE("check warns when a message would be forgotten while its sender may still repeat it", "[retention]") {
  CHECK(with("retention:\n  duplicates: 7d\n").codes == "W0352 ");
}

TEST_CASE("water marks that contradict each other are a fault", "[pressure]") {
  CHECK(with("pressure:\n  queue_high: 100\n  queue_low: 100\n").codes == "E0315 ");
  CHECK(with("pressure:\n  disk_stop: 1GiB\n").codes == "E0315 ");
  CHECK(with("pressure:\n  queue_high: 100\n  queue_low: 50\n").codes.empty());
}

TEST_CASE("an event nobody knows is kept like a record", "[retention]") {
  CHECK(!is_process("something-new"));
  CHECK(is_process("referral-accept"));
}

}  // namespace gateway::config
