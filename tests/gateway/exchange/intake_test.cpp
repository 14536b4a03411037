#include "gateway/exchange/intake.h"

#include <catch2/catch.hpp>

#include "gateway/exchange/trace.h"
#include "tests/gateway/exchange/bench_site.h"

using namespace gateway;
using exchange::Fate;
using test::report;
using test::TestSite;

namespace {
const std::string kOne = "11111111-1111-4111-8111-111111111111";
}

TEST_CASE("an accepted message is durable with its resources, its delivery, its route and its audit entry",
          "[intake]") {
  TestSite site;
  const auto judged = site.post(report(kOne, "JY1", "tmucih"), "tmucih");
  REQUIRE(judged.fate == Fate::accepted);
  CHECK(site.woken == 1);

  const auto message = site.store->message(judged.message);
  REQUIRE((message && *message));
  CHECK((*message)->event == "report");
  CHECK((*message)->correlation == "JY1");
  const auto explain = fhir::Json::parse((*message)->explain);
  REQUIRE(explain);
  CHECK(explain->root()["route"]["id"].text() == "reports");
  CHECK(explain->root()["route"]["config"].text() == "cafe");

  const auto deliveries = site.store->deliveries(judged.message);
  REQUIRE((deliveries && deliveries->size() == 1));
  CHECK(deliveries->front().destination == "local:archive");
  CHECK(deliveries->front().lane_key == "JY1");

  const auto stored = site.store->resources("DiagnosticReport", "https://gw.example/sid/tmucih/report", "JY1", 10);
  REQUIRE((stored && stored->size() == 1));
  CHECK(stored->front().owner == "tmucih");
  const auto audit = site.store->audit(0, 10);
  REQUIRE((audit && audit->size() == 1));
  CHECK(audit->front().event == "received");
}

TEST_CASE("on the shelf a record names others by type and id, what is not there as it came, and texts stay texts",
          "[intake]") {
  TestSite site;
  const std::string text = R"(a \"reference\":\"urn:uuid:7d2f0c5e-0000-4000-8000-00000000000a\" in a text)";
  std::string sent = report(kOne, "JY1", "tmucih", text);
  const std::string status = R"("status":"final")";
  sent.insert(sent.find(status),
              R"("subject":{"reference":"https://other.example/Patient/1"},"basedOn":[{"reference":")"
              R"(urn:uuid:7d2f0c5e-0000-4000-8000-00000000000b"}],)");
  const std::string request = R"(,{"fullUrl":"urn:uuid:7d2f0c5e-0000-4000-8000-00000000000b","resource":{)"
                              R"("resourceType":"ServiceRequest","id":"sr1","status":"active","intent":"order",)"
                              R"("subject":{"display":"somebody"}}})";
  sent.insert(sent.rfind(']'), request);
  const auto outcome = site.post(sent, "tmucih");
  INFO((outcome.error ? fhir::to_string(*outcome.error) : std::string()));
  REQUIRE(outcome.fate == Fate::accepted);
  const auto stored = site.store->resource("DiagnosticReport", "r-JY1");
  REQUIRE((stored && *stored));
  const auto kept = fhir::Json::parse((*stored)->json);
  REQUIRE(kept);
  CHECK(kept->root()["basedOn"].at(0)["reference"].text() == "ServiceRequest/sr1");
  CHECK(kept->root()["subject"]["reference"].text() == "https://other.example/Patient/1");
  CHECK(kept->root()["conclusion"].text() ==
        R"(a "reference":"urn:uuid:7d2f0c5e-0000-4000-8000-00000000000a" in a text)");
}

TEST_CASE("a reference with escaped characters stays as it came, and what is stored is JSON", "[intake]") {
  TestSite site;
  std::string sent = report(kOne, "JY1", "tmucih");
  const std::string status = R"("status":"final")";
  sent.insert(sent.find(status), R"("basedOn":[{"reference":"urn:x\"y\\"}],)");
  sent.insert(sent.rfind(']'), R"(,{"fullUrl":"urn:x\\","resource":{"resourceType":"ServiceRequest","id":"sr1",)"
                               R"("status":"active","intent":"order","subject":{"display":"somebody"}}})");
  site.post(sent, "tmucih");
  const auto stored = site.store->resource("DiagnosticReport", "r-JY1");
  REQUIRE((stored && *stored));
  const auto kept = fhir::Json::parse((*stored)->json);
  REQUIRE(kept);
  CHECK(kept->root()["basedOn"].at(0)["reference"].text() == R"(urn:x"y\)");
}

TEST_CASE("the positive answer acknowledges the message, and a repeat gets the first one byte for byte", "[intake]") {
  TestSite site;
  const std::string sent = report(kOne, "JY1", "tmucih");
  const auto first = site.post(sent, "tmucih");
  const auto ack = fhir::Json::parse(first.answer);
  REQUIRE(ack);
  const auto envelope = fhir::message::read_envelope(ack->root());
  REQUIRE(envelope);
  CHECK(envelope->response_to == kOne);
  CHECK(envelope->response_code == "ok");

  site.clock.at += 60'000;
  const auto again = site.post(sent, "tmucih");
  CHECK(again.fate == Fate::repeated);
  CHECK(again.answer == first.answer);
  CHECK(site.messages(store::MessageState::accepted).size() == 1);
}

TEST_CASE("a resend under a new Bundle.id is the same message", "[intake]") {
  TestSite site;
  const auto first = site.post(report(kOne, "JY1", "tmucih"), "tmucih");
  const auto again = site.post(report(kOne, "JY1", "tmucih"), "tmucih");  // report() makes a new Bundle.id
  CHECK(again.fate == Fate::repeated);
  CHECK(again.answer == first.answer);
}

TEST_CASE("the same id with other content is held and not delivered", "[intake]") {
  TestSite site;
  site.post(report(kOne, "JY1", "tmucih"), "tmucih");
  const auto other = site.post(report(kOne, "JY1", "tmucih", "something else"), "tmucih");
  CHECK(other.fate == Fate::held);
  REQUIRE(other.error);
  CHECK(other.error->code == "dedup.conflict");
  REQUIRE(site.messages(store::MessageState::held).size() == 1);
  CHECK(site.store->deliveries(other.message)->empty());

  SECTION("and said once in the operator's list, however often it is repeated") {
    site.post(report(kOne, "JY1", "tmucih", "something else"), "tmucih");
    CHECK(site.messages(store::MessageState::held).size() == 1);
  }
}

TEST_CASE("hospital A never speaks for B: refused, audited, and nothing is delivered", "[intake]") {
  TestSite site;
  const auto judged = site.post(report(kOne, "JY1", "tmucih"), "hkaur");
  CHECK(judged.fate == Fate::refused);
  REQUIRE(judged.error);
  CHECK(judged.error->code == "trust.speaks-for-other");
  CHECK(site.messages(store::MessageState::refused).size() == 1);
  const auto audit = site.store->audit(0, 10);
  REQUIRE((audit && audit->size() == 1));
  CHECK(audit->front().event == "refused");
}

TEST_CASE("what was refused is processed anew under the same id", "[intake]") {
  TestSite site;
  std::string broken = report(kOne, "JY1", "tmucih");
  broken.replace(broken.find(R"("status":"final")"), 16, R"("status":"finnal")");
  const auto refused = site.post(broken, "tmucih");
  REQUIRE(refused.fate == Fate::held);
  REQUIRE(refused.error);
  CHECK(refused.error->where == "Bundle.entry[1].resource.status");
  CHECK(site.post(report(kOne, "JY1", "tmucih"), "tmucih").fate == Fate::accepted);
}

TEST_CASE("bytes that are no JSON are kept as held with the place of the fault", "[intake]") {
  TestSite site;
  const auto judged = site.post("{\"resourceType\": \"Bundle\",,}", "tmucih");
  REQUIRE(judged.fate == Fate::held);
  const auto message = site.store->message(judged.message);
  REQUIRE((message && *message));
  CHECK((*message)->raw == "{\"resourceType\": \"Bundle\",,}");
  CHECK(judged.error->where == "1:27");
}

TEST_CASE("a message that no route takes is held, and released once a route does", "[intake]") {
  auto config = test::hainan();
  config.routes.clear();
  TestSite site(config);
  const auto held = site.post(report(kOne, "JY1", "tmucih"), "tmucih");
  REQUIRE(held.fate == Fate::held);
  CHECK(held.error->code == "route.none");
  CHECK(site.release(held.message).error->code == "route.none");

  site.config = std::make_shared<const config::Config>(test::hainan());
  const auto released = site.release(held.message);
  REQUIRE(released.fate == Fate::accepted);
  CHECK(site.messages(store::MessageState::held).empty());
  CHECK(site.messages(store::MessageState::released).size() == 1);
  CHECK(site.store->deliveries(released.message)->size() == 1);
  CHECK(site.post(report(kOne, "JY1", "tmucih"), "tmucih").fate == Fate::repeated);
}

TEST_CASE("a route may keep a record here: durable, with its resources, and sent to nobody", "[intake]") {
  auto config = test::hainan();
  config.routes[0].to = {"keep"};
  TestSite site(std::move(config));
  const auto judged = site.post(report("6f1e0f0a-0000-4000-8000-000000000042", "JY42", "tmucih"), "tmucih");
  REQUIRE(judged.fate == exchange::Fate::accepted);
  CHECK(site.store->deliveries(judged.message)->empty());
  CHECK(site.store->resources_of("JY42", "DiagnosticReport")->size() == 1);
}

TEST_CASE("a record is not replaced by what another organisation sends under its id", "[intake]") {
  TestSite site;
  REQUIRE(site.post(report(kOne, "JY1", "tmucih"), "tmucih").fate == Fate::accepted);
  REQUIRE(site.post(report("22222222-2222-4222-8222-222222222222", "JY1", "hkaur", "forged"), "hkaur").fate ==
          Fate::accepted);
  const auto stored = site.store->resource("DiagnosticReport", "r-JY1");
  REQUIRE((stored && *stored));
  CHECK((*stored)->owner == "tmucih");
  CHECK((*stored)->json.find("forged") == std::string::npos);
}

TEST_CASE("the trace finds a case by any of its ids and says whether it is closed", "[intake][trace]") {
  TestSite site;
  REQUIRE(site.post(report(kOne, "JY1", "tmucih"), "tmucih").fate == Fate::accepted);
  for (const std::string& id : {std::string("JY1"), kOne}) {
    const auto found = exchange::trace(*site.store, *site.config, id, "");
    REQUIRE(found);
    CHECK(found->cases == std::vector<std::string>{"JY1"});
    CHECK(found->peers == std::vector<std::string>{"tianjin"});
    CHECK(found->timeline.dump().find("\"closed\":false") != std::string::npos);
  }
  CHECK(exchange::trace(*site.store, *site.config, "JY1", "tmucih"));
  CHECK_FALSE(exchange::trace(*site.store, *site.config, "JY1", "hkaur"));
  CHECK_FALSE(exchange::trace(*site.store, *site.config, "unknown", ""));
}
