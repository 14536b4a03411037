// Messages and questions for the tests of workflows: small Bundles, and what the store says of them afterwards.
#pragma once
#include <initializer_list>

#include "gateway/exchange/clock.h"
#include "tests/gateway/exchange/bench_site.h"

namespace gateway::test {

/// A message with these resources; each is JSON with resourceType and id. `sender`: the organisation.
inline std::string message(const std::string& event, const std::string& sender, const std::string& in_case,
                           std::initializer_list<std::string> resources, const std::string& meta = "") {
  const std::string id = exchange::system_entropy().uuid();
  std::string entries =
      R"({"fullUrl":"urn:uuid:)" + id + R"(","resource":{"resourceType":"MessageHeader","id":")" + id +
      R"(","extension":[{"url":"https://causeway.example/StructureDefinition/case","valueString":")" + in_case +
      R"("}],"eventCoding":{"system":"https://causeway.example/CodeSystem/message-event",)" + R"("code":")" + event +
      R"("},"sender":{"identifier":{"system":)" + R"("https://causeway.example/sid/organization","value":")" + sender +
      R"("}},"source":{"endpoint":"https://x.causeway.example/fhir"}}})";
  for (const std::string& resource : resources) {
    const auto json = fhir::Json::parse(resource);
    REQUIRE(json);
    entries += R"(,{"fullUrl":"https://x.causeway.example/fhir/)" + std::string(json->root()["resourceType"].text()) +
               "/" + std::string(json->root()["id"].text()) + R"(","resource":)" + resource + "}";
  }
  return R"({"resourceType":"Bundle","id":")" + exchange::system_entropy().uuid() + R"(","type":"message",)" + meta +
         R"("entry":[)" + entries + "]}";
}

inline std::string patient(const std::string& id = "p1", const std::string& number = "0001") {
  return R"({"resourceType":"Patient","id":")" + id +
         R"(","identifier":[{"system":"https://gw.example/sid/mrn","value":")" + number + R"("}]})";
}

inline std::string task(const std::string& status, const std::string& more = "", const std::string& id = "t1") {
  return R"({"resourceType":"Task","id":")" + id + R"(","intent":"order","status":")" + status +
         R"(","focus":{"reference":"ServiceRequest/s1"},"for":{"reference":"Patient/p1"})" + more + "}";
}

inline std::string request(const std::string& more = "", const std::string& id = "s1") {
  return R"({"resourceType":"ServiceRequest","id":")" + id +
         R"(","status":"active","intent":"order","subject":{"reference":"Patient/p1"})" + more + "}";
}

inline const std::string kReason = R"(,"statusReason":{"text":"why"})";

inline std::string output(const std::string& opinion) {
  return R"(,"output":[{"type":{"text":"opinion"},"valueReference":{"reference":"Composition/)" + opinion + R"("}}])";
}

inline config::Route route(std::string id, std::vector<std::string> events, std::string from,
                           std::vector<std::string> to) {
  config::Route made;
  made.id = std::move(id);
  made.events = std::move(events);
  made.from = {std::move(from)};
  made.to = std::move(to);
  return made;
}

inline std::string code_of(const exchange::Judgement& judged) { return judged.error ? judged.error->code : "accepted"; }

/// Destinations of what this message became, with `-held` behind those that wait.
inline std::vector<std::string> sent(TestSite& site, store::Id message) {
  std::vector<std::string> to;
  const auto deliveries = site.store->deliveries(message);
  REQUIRE(deliveries);
  for (const auto& one : *deliveries)
    to.push_back(one.destination + (one.state == store::DeliveryState::held ? "-held" : ""));
  std::ranges::sort(to);
  return to;
}

/// The bytes for one destination; empty: none.
inline std::string bytes_for(TestSite& site, store::Id message, const std::string& destination) {
  const auto deliveries = site.store->deliveries(message);
  REQUIRE(deliveries);
  for (const auto& one : *deliveries) {
    if (one.destination != destination) continue;
    const auto whole = site.store->delivery(one.id);
    REQUIRE((whole && *whole));
    return (*whole)->bytes;
  }
  return {};
}

/// What this site knows of a resource; "{}" when it does not.
inline fhir::Json stored(TestSite& site, const std::string& type, const std::string& id) {
  const auto row = site.store->resource(type, id);
  REQUIRE(row);
  auto json = fhir::Json::parse(*row ? (*row)->json : "{}");
  REQUIRE(json);
  return *std::move(json);
}

inline std::string status_of(TestSite& site, const std::string& type, const std::string& id) {
  return std::string(stored(site, type, id).root()["status"].text());
}

/// Lets the clock say what it has to say; the messages it made.
inline std::vector<store::Id> tick(TestSite& site) {
  std::vector<store::Id> made;
  for (exchange::Arrival& arrival : exchange::owed_by_time(*site.world, site.config)) {
    std::promise<exchange::Judgement> promise;
    site.intake->take(std::move(arrival), [&](exchange::Judgement judged) { promise.set_value(std::move(judged)); });
    const auto judged = promise.get_future().get();
    INFO(code_of(judged));
    REQUIRE((judged.fate == exchange::Fate::accepted || judged.fate == exchange::Fate::repeated));
    if (judged.fate == exchange::Fate::accepted) made.push_back(judged.message);
  }
  return made;
}

inline std::string event_of(TestSite& site, store::Id message) {
  const auto found = site.store->message(message);
  REQUIRE((found && *found));
  return (*found)->event;
}

inline fhir::Json explain_of(TestSite& site, store::Id message) {
  const auto found = site.store->message(message);
  REQUIRE((found && *found));
  auto json = fhir::Json::parse((*found)->explain);
  REQUIRE(json);
  return *std::move(json);
}

inline config::Peer peer(std::string name, std::string id) {
  config::Peer made;
  made.name = std::move(name);
  made.organization = {std::move(id), made.name, "", "CN", made.name};
  made.base = "/fhir";
  made.profile = "P1";
  return made;
}

}  // namespace gateway::test
