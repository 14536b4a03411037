#include "gateway/exchange/routes.h"

#include <catch2/catch.hpp>

using namespace gateway;
using exchange::RouteFacts;

namespace {

config::Route make_route(std::string id, std::vector<std::string> events, std::vector<std::string> from) {
  config::Route made;
  made.id = std::move(id);
  made.events = std::move(events);
  made.from = std::move(from);
  made.to = {"local:his"};
  return made;
}

const fhir::Json kEmpty = *fhir::Json::parse("{}");

}  // namespace

TEST_CASE("the first route whose conditions all hold decides, and the others say why not", "[routes]") {
  config::Config config;
  config.routes = {make_route("referrals", {"referral-request"}, {}), make_route("others", {"report"}, {"bjch"}),
                   make_route("reports", {"report"}, {"tmucih"}), make_route("rest", {}, {})};
  const RouteFacts facts{"report", "tmucih", {}, {}};
  const auto decision = exchange::choose_route(config, facts, kEmpty.root(), "2026-03-10T00:00:00Z");
  REQUIRE(decision.route != nullptr);
  CHECK(decision.route->id == "reports");
  REQUIRE(decision.tried.size() == 3);
  CHECK(decision.tried[0].because == "event is report, not referral-request");
  CHECK(decision.tried[1].because == "from is tmucih, not bjch");
  CHECK(decision.tried[2].matched);
}

TEST_CASE("a message that no route takes has no route", "[routes]") {
  config::Config config;
  config.routes = {make_route("referrals", {"referral-request"}, {})};
  const auto decision = exchange::choose_route(config, {"report", "local", {}, {}}, kEmpty.root(), "");
  CHECK(decision.route == nullptr);
  CHECK(decision.tried.size() == 1);
}

TEST_CASE("a route by recipient or specialty needs one of the named ones", "[routes]") {
  config::Config config;
  config.routes = {make_route("asia", {}, {})};
  config.routes[0].recipients = {"hkaur"};
  config.routes[0].specialties = {"57133-1"};
  CHECK(exchange::choose_route(config, {"x", "local", {"hkaur"}, {"57133-1"}}, kEmpty.root(), "").route != nullptr);
  CHECK(exchange::choose_route(config, {"x", "local", {"jpcc"}, {"57133-1"}}, kEmpty.root(), "").route == nullptr);
  CHECK(exchange::choose_route(config, {"x", "local", {"hkaur"}, {}}, kEmpty.root(), "").route == nullptr);
}

TEST_CASE("the organisations a message names are found behind references, and a loop of references ends", "[routes]") {
  const auto bundle = fhir::Json::parse(R"({"resourceType":"Bundle","type":"message","entry":[
    {"fullUrl":"urn:uuid:1","resource":{"resourceType":"Task","id":"t","owner":{"reference":"urn:uuid:2"}}},
    {"fullUrl":"urn:uuid:2","resource":{"resourceType":"PractitionerRole","id":"r","organization":{"reference":"urn:uuid:3"}}},
    {"fullUrl":"urn:uuid:3","resource":{"resourceType":"Organization","id":"o","identifier":[
      {"system":"https://causeway.example/sid/organization","value":"hkaur"}]}},
    {"fullUrl":"urn:uuid:4","resource":{"resourceType":"Task","id":"u","owner":{"reference":"urn:uuid:5"}}},
    {"fullUrl":"urn:uuid:5","resource":{"resourceType":"PractitionerRole","id":"q","organization":{"reference":"urn:uuid:5"}}}]})");
  REQUIRE(bundle);
  config::Config config;
  config.organization.id = "hnump";
  fhir::message::Envelope envelope;
  envelope.event = "referral-request";
  envelope.sender = "hnump";
  const RouteFacts facts = exchange::facts_of(envelope, bundle->root(), config);
  CHECK(facts.from == "local");
  CHECK(facts.recipients == std::vector<std::string>{"hkaur"});
}

TEST_CASE("a notice is not held by a catch-all, only by a route that names it", "[routes]") {
  config::Config config;
  config.routes = {make_route("rest", {}, {})};
  config.routes[0].to = {"hold"};
  const RouteFacts facts{"delivery-failed", "tmucih", {}, {}};
  CHECK(exchange::choose_route(config, facts, kEmpty.root(), "").route == nullptr);
  CHECK(exchange::choose_route(config, {"report", "tmucih", {}, {}}, kEmpty.root(), "").route != nullptr);
  config.routes[0].events = {"delivery-failed"};
  CHECK(exchange::choose_route(config, facts, kEmpty.root(), "").route != nullptr);
}
