// A site's exchange core on a real store in a temporary folder, with a clock the test moves: no sockets.
#pragma once
#include <catch2/catch.hpp>
#include <filesystem>
#include <future>
#include <memory>
#include <string>

#include "gateway/exchange/intake.h"

namespace gateway::test {

class TestClock final : public exchange::Clock {
 public:
  store::Millis now() const override { return at; }
  store::Millis at = 1'773'106'215'000;  // 2026-03-10T01:30:15Z
};

/// An empty folder that goes with the test.
class Folder {
 public:
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "causeway-test-XXXXXX").string();
    REQUIRE(mkdtemp(pattern.data()) != nullptr);
    path = pattern;
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::filesystem::path path;
};

/// Hainan, with Tianjin and Hong Kong as peers and one local system that takes FHIR.
inline config::Config hainan() {
  config::Config config;
  config.site = "hainan";
  config.organization = {"hnump", "Hainan", "", "CN", "Haikou"};
  config.identifier_base = "https://gw.example/sid/";
  config.zone = "+08:00";
  config.fhir_url = "https://hainan.causeway.example/fhir";
  config.fhir_base = "/fhir";
  config.hash = "cafe";
  config::Peer tianjin, hongkong;
  tianjin.name = "tianjin";
  tianjin.organization = {"tmucih", "Tianjin", "", "CN", "Tianjin"};
  tianjin.base = "/fhir";
  tianjin.profile = "P1";
  hongkong.name = "hongkong";
  hongkong.organization = {"hkaur", "Hong Kong", "", "HK", "Hong Kong"};
  hongkong.base = "/fhir";
  hongkong.profile = "P2";
  config.peers = {tianjin, hongkong};
  config::System archive;
  archive.name = "archive";
  archive.mllp = false;
  archive.format = config::Format::fhir;
  config.systems = {archive};
  config::Route reports;
  reports.id = "reports";
  reports.events = {"report", "referral-request", "referral-accept"};
  reports.to = {"local:archive"};
  config.routes = {reports};
  return config;
}

class TestSite {
 public:
  explicit TestSite(config::Config made = hainan()) : config(std::make_shared<const config::Config>(std::move(made))) {
    store::StoreOptions options;
    options.file = (folder.path / "data" / "causeway.db").string();
    auto opened = store::open_sqlite(options);
    REQUIRE(opened);
    store = *std::move(opened);
    world = std::make_unique<exchange::World>(
        exchange::World{*store, clock, exchange::system_entropy(), [this] { return config; },
                        [](std::string_view to, std::string_view key) {
                          return "P-" + fhir::message::sha256(std::string(to) + "|" + std::string(key)).substr(0, 20);
                        }});
    intake = std::make_unique<exchange::Intake>(*world, [this] { ++woken; });
  }

  /// A FHIR message as this peer or (staff) this site's own people post it.
  exchange::Judgement post(std::string raw, const std::string& organization, bool staff = false) {
    exchange::Arrival arrival;
    arrival.door = "fhir";
    arrival.caller = organization;
    arrival.actor = organization;
    arrival.staff = staff;
    arrival.raw = std::move(raw);
    std::promise<exchange::Judgement> promise;
    intake->take(std::move(arrival), [&](exchange::Judgement judged) { promise.set_value(std::move(judged)); });
    return promise.get_future().get();
  }

  exchange::Judgement release(store::Id held) {
    std::promise<exchange::Judgement> promise;
    intake->release(held, "operator", [&](exchange::Judgement judged) { promise.set_value(std::move(judged)); });
    return promise.get_future().get();
  }

  std::vector<store::Message> messages(store::MessageState state) const {
    store::Query query;
    query.state = state;
    auto found = store->messages(query);
    REQUIRE(found);
    return *std::move(found);
  }

  Folder folder;
  TestClock clock;
  std::shared_ptr<const config::Config> config;
  std::unique_ptr<store::Store> store;
  std::unique_ptr<exchange::World> world;
  std::unique_ptr<exchange::Intake> intake;
  std::atomic<int> woken{0};
};

/// A small report message: `id` is MessageHeader.id, `number` the report's number, `note` its conclusion.
inline std::string report(const std::string& id, const std::string& number, const std::string& sender,
                          const std::string& note = "ok") {
  return R"({"resourceType":"Bundle","id":")" + exchange::system_entropy().uuid() +
         R"(","type":"message","timestamp":"2026-03-10T09:30:15+08:00","entry":[
    {"fullUrl":"urn:uuid:)" +
         id + R"(","resource":{"resourceType":"MessageHeader","id":")" + id + R"(",
      "extension":[{"url":"https://causeway.example/StructureDefinition/case","valueString":")" +
         number + R"("}],
      "eventCoding":{"system":"https://causeway.example/CodeSystem/message-event","code":"report"},
      "sender":{"identifier":{"system":"https://causeway.example/sid/organization","value":")" +
         sender + R"("}},
      "source":{"endpoint":"https://tianjin.causeway.example/fhir"},
      "focus":[{"reference":"urn:uuid:7d2f0c5e-0000-4000-8000-00000000000a"}]}},
    {"fullUrl":"urn:uuid:7d2f0c5e-0000-4000-8000-00000000000a","resource":{"resourceType":"DiagnosticReport","id":"r-)" +
         number + R"(",
      "identifier":[{"system":"https://gw.example/sid/tmucih/report","value":")" +
         number + R"("}],
      "status":"final","code":{"text":"CEA"},"conclusion":")" +
         note + R"("}}]})";
}

}  // namespace gateway::test
