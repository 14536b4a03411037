// Critical values and their receipts: who is urgent, who waits for whom, and what ends the wait.
#include "gateway/exchange/urgent.h"

#include <catch2/catch.hpp>

#include "gateway/exchange/notice.h"
#include "gateway/net/net.h"
#include "gateway/operate/escalation.h"
#include "tests/gateway/exchange/bench_site.h"

using namespace gateway;
using namespace std::chrono_literals;
using namespace std::string_view_literals;
using exchange::Fate;
using store::DeliveryState;
using test::report;
using test::TestSite;

namespace {

const std::string kOne = "11111111-1111-4111-8111-111111111111";

// The report with a result that is interpreted like this.
std::string with_result(std::string message, const std::string& interpretation) {
  const std::string entry = R"(,{"fullUrl":"urn:uuid:7d2f0c5e-0000-4000-8000-00000000000b","resource":{
    "resourceType":"Observation","id":"o-1","status":"final","code":{"text":"K"},"interpretation":[{"coding":[{
    "system":"http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation","code":")" +
                            interpretation + R"("}]}]}})";
  return message.insert(message.rfind("]}"), entry);
}

config::Config with_receipts() {
  auto config = test::hainan();
  config.routes[0].urgent.emplace();
  config.routes[0].urgent->read_within = 10min;
  return config;
}

store::Delivery only_delivery(const TestSite& site, store::Id message) {
  const auto found = site.store->deliveries(message);
  REQUIRE((found && found->size() == 1));
  return found->front();
}

std::string receipt(const TestSite& site, const std::string& from, const std::string& message) {
  config::Config sender = *site.config;
  sender.organization.id = from;
  return exchange::receipt_for(*site.world, sender, message, "JY1");
}

}  // namespace

TEST_CASE("critical values are urgent on every route, other results are not", "[lanes]") {
  const auto [code, urgent] = GENERATE(table<std::string, bool>(
      {{"HH", true}, {"LL", true}, {"AA", true}, {"H", false}, {"L", false}, {"A", false}, {"N", false}}));
  TestSite site;
  const auto judged = site.post(with_result(report(kOne, "JY1", "tmucih"), code), "tmucih");
  REQUIRE(judged.fate == Fate::accepted);
  CHECK(only_delivery(site, judged.message).urgent == urgent);
  CHECK(exchange::unread(*site.store)->empty());  // nobody asked for a receipt
}

TEST_CASE("a condition of the route makes other messages urgent", "[lanes]") {
  auto config = test::hainan();
  config.routes[0].urgent.emplace();
  config.routes[0].urgent->condition =
      *fhir::path::Expression::compile("entry.resource.where(conclusion = 'at once').exists()");
  TestSite site(config);
  CHECK(only_delivery(site, site.post(report(kOne, "JY1", "tmucih", "at once"), "tmucih").message).urgent);
  CHECK_FALSE(
      only_delivery(site, site.post(report("22222222-2222-4222-8222-222222222222", "JY2", "tmucih"), "tmucih").message)
          .urgent);
}

TEST_CASE("an urgent message waits for its receipt, and the receipt of who got it ends the wait", "[lanes]") {
  TestSite site(with_receipts());
  REQUIRE(site.post(with_result(report(kOne, "JY1", "tmucih"), "HH"), "tmucih").fate == Fate::accepted);
  const auto waited = exchange::unread(*site.store);
  REQUIRE((waited && waited->size() == 1));
  CHECK(waited->front().destination == "local:archive");
  CHECK(waited->front().due == site.clock.at + 600'000);

  SECTION("of nobody else: a peer cannot say that our own people have read it") {
    REQUIRE(site.post(receipt(site, "tmucih", kOne), "tmucih").fate == Fate::accepted);
    CHECK(exchange::unread(*site.store)->size() == 1);
  }
  SECTION("of our own people, and it goes back to the peer that sent the message") {
    const auto read = site.post(receipt(site, "hnump", kOne), "hnump", true);
    REQUIRE(read.fate == Fate::accepted);
    CHECK(exchange::unread(*site.store)->empty());
    const auto delivery = only_delivery(site, read.message);
    CHECK(delivery.destination == "peer:tianjin");
    CHECK(delivery.state == DeliveryState::waiting);
    const auto audit = site.store->audit(0, 100);
    CHECK(std::ranges::any_of(*audit, [](const auto& entry) { return entry.event == "read"; }));
  }
}

TEST_CASE("a receipt from the peer ends the wait of the message that went there", "[lanes]") {
  auto config = with_receipts();
  config.routes[0].from = {"local"};
  config.routes[0].to = {"peer:tianjin"};
  TestSite site(config);
  REQUIRE(site.post(with_result(report(kOne, "JY1", "hnump"), "LL"), "hnump", true).fate == Fate::accepted);
  REQUIRE(exchange::unread(*site.store)->size() == 1);
  REQUIRE(site.post(receipt(site, "hkaur", kOne), "hkaur").fate == Fate::accepted);
  CHECK(exchange::unread(*site.store)->size() == 1);
  REQUIRE(site.post(receipt(site, "tmucih", kOne), "tmucih").fate == Fate::accepted);
  CHECK(exchange::unread(*site.store)->empty());
}

TEST_CASE("a notice needs no route, names the message it is about, and may hold nobody's data", "[lanes]") {
  TestSite site;
  CHECK(site.post(receipt(site, "tmucih", kOne), "tmucih").fate == Fate::accepted);
  std::string about_nothing = receipt(site, "tmucih", kOne);
  about_nothing.erase(about_nothing.find(R"(,"response":)"),
                      R"(,"response":{"identifier":"","code":"ok"})"sv.size() + kOne.size());
  CHECK(site.post(about_nothing, "tmucih").error->code == "notice.response");
  std::string smuggled = receipt(site, "tmucih", kOne);
  smuggled.insert(smuggled.rfind("]}"), R"(,{"resource":{"resourceType":"Patient","id":"p1"}})");
  CHECK(site.post(smuggled, "tmucih").error->code == "notice.record");
}

TEST_CASE("over its time an urgent message raises an alert and goes to whom its route escalates to, once", "[lanes]") {
  auto config = with_receipts();
  config.systems.push_back(config.systems[0]);
  config.systems.back().name = "ward";
  config.routes[0].urgent->escalate_to = {"local:ward"};
  TestSite site(config);
  const auto net = net::make_net(1);
  operate::Alerts alerts(*site.store, site.clock, *net, [&] { return site.config; });
  operate::Escalation escalation(*site.world, *site.intake, alerts);
  const auto judged = site.post(with_result(report(kOne, "JY1", "tmucih"), "HH"), "tmucih");
  const auto look = [&] {
    escalation.look();
    REQUIRE(site.store->commit({}));  // what was submitted is stored
  };
  look();
  CHECK(alerts.active().empty());
  CHECK(site.store->deliveries(judged.message)->size() == 1);

  site.clock.at += 600'000;
  for (int i = 0; i < 3; ++i) look();
  CHECK(alerts.active().size() == 1);
  const auto deliveries = *site.store->deliveries(judged.message);
  REQUIRE(deliveries.size() == 2);
  CHECK(deliveries.back().destination == "local:ward");
  CHECK(deliveries.back().urgent);

  SECTION("until it is read") {
    REQUIRE(site.post(receipt(site, "hnump", kOne), "hnump", true).fate == Fate::accepted);
  }
  SECTION("until a week has passed, and the audit says so") {
    site.clock.at += 8 * 86'400'000LL;
    look();
    const auto audit = *site.store->audit(0, 100);
    CHECK(std::ranges::any_of(audit, [](const auto& entry) { return entry.event == "unread"; }));
  }
  look();
  CHECK(alerts.active().empty());
  CHECK(exchange::unread(*site.store)->empty());
  net->stop();
}

TEST_CASE("a referral is worth delivering until its deadline, a report for the horizon", "[lanes]") {
  const auto bundle = fhir::Json::parse(R"({"resourceType":"Bundle","entry":[
    {"resource":{"resourceType":"Task","restriction":{"period":{"end":"2026-03-14"}}}},
    {"resource":{"resourceType":"ServiceRequest","occurrenceDateTime":"2026-03-20T08:00:00+08:00"}}]})");
  REQUIRE(bundle);
  CHECK(exchange::answer_due(bundle->root(), "+08:00") == 1'773'503'999'000);  // the end of that day there
  const auto without = fhir::Json::parse(R"({"resourceType":"Bundle","entry":[
    {"resource":{"resourceType":"ServiceRequest","occurrencePeriod":{"end":"2026-03-20T08:00:00+08:00"}}}]})");
  CHECK(exchange::answer_due(without->root(), "+08:00") == 1'773'964'800'000);
  TestSite site;
  const auto judged = site.post(report(kOne, "JY1", "tmucih"), "tmucih");
  CHECK(only_delivery(site, judged.message).expires_at == site.clock.at + 240 * 3'600'000LL);
}
