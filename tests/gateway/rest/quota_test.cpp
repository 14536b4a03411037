#include "gateway/rest/quota.h"

#include "tests/gateway/rest/support.h"

namespace gateway::rest {
namespace {

constexpr config::Quota kQuota{10, 1'000, 4};
constexpr store::Millis kNow = 1'773'382'500'000;

int admitted(Quotas& quotas, const std::string& caller, int requests, store::Millis now, std::size_t bytes = 1) {
  int count = 0;
  for (int i = 0; i < requests; ++i) count += quotas.ask(caller, bytes, now, kQuota).ticket.has_value() ? 1 : 0;
  return count;
}

}  // namespace

TEST_CASE("a second's worth of requests may come at once, the next ones as the second passes", "[limits]") {
  Quotas quotas;
  CHECK(admitted(quotas, "tianjin", 15, kNow) == 10);
  CHECK(admitted(quotas, "tianjin", 5, kNow + 100) == 0);  // what was refused is owed, too
  CHECK(admitted(quotas, "tianjin", 1, kNow + 1'500) == 1);
}

TEST_CASE("one that floods is refused ever later, and takes nothing from the others", "[limits]") {
  Quotas quotas;
  const auto delay = [&](const std::string& who) { return quotas.ask(who, 1, kNow, kQuota).delay; };
  for (int i = 0; i < 20; ++i) delay("flood");
  const auto first = delay("flood");
  for (int i = 0; i < 20; ++i) delay("flood");
  CHECK(delay("flood") > first);
  for (int i = 0; i < 10'000; ++i) delay("flood");
  CHECK(delay("flood") == std::chrono::milliseconds(5'000));
  CHECK(admitted(quotas, "tianjin", 10, kNow) == 10);
}

TEST_CASE("a flood that has ended is forgiven within half a minute", "[limits]") {
  Quotas quotas;
  admitted(quotas, "flood", 100'000, kNow);
  CHECK(admitted(quotas, "flood", 1, kNow + 31'000) == 1);
}

TEST_CASE("bytes count as well as requests, and a large body passes when nothing is owed", "[limits]") {
  Quotas quotas;
  CHECK(admitted(quotas, "tianjin", 1, kNow, 5'000) == 1);
  CHECK(admitted(quotas, "tianjin", 1, kNow + 3'000, 10) == 0);
  CHECK(admitted(quotas, "tianjin", 1, kNow + 5'200, 10) == 1);
}

TEST_CASE("no more requests of one caller are worked on at once than it may have", "[limits]") {
  Quotas quotas;
  std::vector<Quotas::Ticket> tickets;
  for (int i = 0; i < 4; ++i) tickets.push_back(*std::move(quotas.ask("tianjin", 1, kNow, kQuota).ticket));
  CHECK(admitted(quotas, "tianjin", 1, kNow) == 0);
  CHECK(admitted(quotas, "beijing", 1, kNow) == 1);
  tickets.pop_back();
  CHECK(admitted(quotas, "tianjin", 1, kNow) == 1);
}

TEST_CASE("a caller over its quota is told 429, when to come again, and why", "[limits]") {
  test::Site site;
  site.config->quota.rate = 2;
  int refused = 0;
  for (int i = 0; i < 10; ++i) {
    const auto answer = site.ask("tianjin", "GET", "/fhir/metadata");
    if (answer.status != 429) continue;
    ++refused;
    CHECK_FALSE(net::header(answer.headers, "retry-after").empty());
    CHECK(answer.body.find("rest.quota") != std::string::npos);
    CHECK(answer.body.find("throttled") != std::string::npos);
  }
  CHECK(refused == 8);
  CHECK(site.ask("desk", "GET", "/fhir/metadata").status == 200);
}

}  // namespace gateway::rest
