// A prescription between two sites, over the shipped maps: Beijing prescribes, a pharmacy of Hainan supplies. Every
// refusal with its code, where it is decided: at the intake.
#include "gateway/exchange/prescription.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "gateway/exchange/doors.h"
#include "gateway/exchange/readers.h"
#include "gateway/exchange/workflow.h"
#include "tests/gateway/exchange/bench_site.h"

using namespace gateway;
using exchange::Fate;
using exchange::Judgement;
using test::TestSite;

namespace {

const std::filesystem::path kRoot = CAUSEWAY_SOURCE_DIR;

std::shared_ptr<const adapters::map::Map> map(const std::string& path) {
  std::vector<adapters::map::FileFault> faults;
  auto loaded = adapters::map::Map::load(kRoot / "mappings" / path, faults);
  REQUIRE(loaded);
  return loaded;
}

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  auto at = text.find(what);
  REQUIRE(at != std::string::npos);
  for (; at != std::string::npos; at = text.find(what, at + with.size())) text.replace(at, what.size(), with);
  return text;
}

config::Route route(std::string id, std::vector<std::string> events, std::string from, std::string to) {
  config::Route made;
  made.id = std::move(id);
  made.events = std::move(events);
  made.from = {std::move(from)};
  made.to = {std::move(to)};
  made.purpose = "TREAT";
  return made;
}

const std::vector<std::string> kNews = {"prescription-claim", "prescription-release", "dispense", "dispense-return"};

config::Peer peer(std::string name, config::Organization organization) {
  config::Peer made;
  made.name = std::move(name);
  made.organization = std::move(organization);
  made.base = "/fhir";
  made.profile = made.organization.jurisdiction == "CN" ? "P1" : "P2";
  return made;
}

config::Config beijing() {
  config::Config config = test::hainan();
  config.site = "beijing";
  config.organization = {"bjch", "Beijing", "", "CN", "Beijing"};
  config.fhir_url = "https://beijing.causeway.example/fhir";
  config.peers = {peer("hainan", {"hnump", "Hainan", "", "CN", "Haikou"}),
                  peer("tianjin", {"tmucih", "Tianjin", "", "CN", "Tianjin"}),
                  peer("hongkong", {"hkaur", "Hong Kong", "", "HK", "Hong Kong"})};
  config.routes = {
      route("out", {"prescription", "prescription-cancel", "prescription-expired"}, "local", "peer:hainan"),
      route("news", kNews, "hnump", "local:archive"), route("other", kNews, "tmucih", "local:archive")};
  return config;
}

config::Config pharmacy_site() {
  config::Config config = test::hainan();
  config.peers = {peer("beijing", {"bjch", "Beijing", "", "CN", "Beijing"}),
                  peer("hongkong", {"hkaur", "Hong Kong", "", "HK", "Hong Kong"})};
  config::Door door;
  door.name = "pharmacy";
  door.maps = {map("hainan/rre_o12.map.yaml"), map("hainan/rds_o13.map.yaml"), map("hainan/rde_o11.map.yaml")};
  config.doors = {door};
  config::System system;
  system.name = "pharmacy";
  system.maps = {map("hainan/pharmacy_rde_o11.map.yaml")};
  config.systems.push_back(system);
  config.routes = {
      route("in", {"prescription", "prescription-cancel", "prescription-expired"}, "bjch", "local:pharmacy"),
      route("own", {"prescription", "prescription-cancel"}, "local", "local:pharmacy"),
      route("abroad", {"prescription"}, "hkaur", "local:pharmacy"), route("news", kNews, "local", "peer:beijing")};
  return config;
}

using Edits = std::vector<std::pair<std::string, std::string>>;

/// The message of Beijing's sample prescription, two boxes, written today; with changes to its rows.
std::string prescription(const Edits& edits = {}) {
  std::ifstream in(kRoot / "mappings/beijing/bsoft_prescription.tests/01_letrozole.json");
  std::ostringstream text;
  text << in.rdbuf();
  std::string rows = replaced(text.str(), "2026-03-14", "2026-03-10");
  rows = replaced(rows, R"("YPSL": "1")", R"("YPSL": "2")");
  for (const auto& [what, with] : edits) rows = replaced(rows, what, with);
  const auto made = map("beijing/bsoft_prescription.map.yaml")
                        ->run(rows, {"bjch", "https://gw.example/sid/", "+08:00", "2026-03-10T01:30:15Z"});
  REQUIRE(made);
  return made->bundle.dump();
}

Judgement issue(TestSite& site, const Edits& edits = {}) { return site.post(prescription(edits), "bjch", true); }

std::string code_of(const Judgement& judged) { return judged.error ? judged.error->code : "accepted"; }

/// What was queued for a destination by this message.
std::string sent_to(TestSite& site, store::Id message, const std::string& destination) {
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

/// An HL7 message at Hainan's pharmacy door: what MSA-1 says, and the message it became.
struct Answer {
  std::string code;
  store::Message message;
};

Answer tell(TestSite& site, const std::string& text) {
  exchange::MllpDoor door(*site.world, *site.intake, "pharmacy");
  std::promise<std::vector<std::string>> promise;
  door.handle({text, {}, "127.0.0.1:1"},
              [&](std::vector<std::string> frames) { promise.set_value(std::move(frames)); });
  const auto frames = promise.get_future().get();
  REQUIRE(!frames.empty());
  const auto ack = adapters::hl7v2::Message::parse(frames.front());
  REQUIRE(ack);
  store::Query newest;
  newest.limit = 1;
  const auto messages = site.store->messages(newest);
  REQUIRE((messages && messages->size() == 1));
  return {ack->get("MSA-1"), messages->front()};
}

std::string header(const std::string& kind, const std::string& id, const std::string& pharmacy) {
  return "MSH|^~\\&|PHARM|" + pharmacy + "|GW|HNUMP|20260310093000||" + kind + "|" + id +
         "|P|2.5.1|||||CHN|UNICODE UTF-8\r";
}

std::string rre(const std::string& id, const std::string& control, const std::string& pharmacy = "YF01") {
  return header("RRE^O12^RRE_O12", id, pharmacy) + "MSA|AA|x\rORC|" + control + "|CF0880021-1^bjch||CF0880021^bjch\r";
}

std::string rds(const std::string& id, const std::string& boxes, const std::string& pharmacy = "YF01",
                const std::string& control = "RE", const std::string& patient = "100231") {
  return header("RDS^O13^RDS_O13", id, pharmacy) + "PID|1||" + patient + "^^^bjch^MR||陈思远||19820725|F\rORC|" +
         control + "|CF0880021-1^bjch|FY" + id + "|CF0880021^bjch\rRXD|1|30112^来曲唑片^L|20260310093000|" + boxes +
         "|{box}^盒||CF0880021|||YS0900^何^青\r";
}

fhir::Json one(TestSite& site, const std::string& type) {
  const auto found = site.store->resources_of("bjch/CF0880021", type);
  REQUIRE((found && found->size() == 1));
  auto json = fhir::Json::parse(found->front().json);
  REQUIRE(json);
  return std::move(*json);
}

std::string status(TestSite& site, const std::string& type) {
  return std::string(one(site, type).root()["status"].text());
}

/// Beijing and Hainan, with one prescription on its way: what a message at Hainan becomes is carried to Beijing by
/// hand.
struct Network {
  TestSite prescriber{beijing()}, pharmacy{pharmacy_site()};

  void circulate() {
    const auto issued = issue(prescriber);
    REQUIRE(code_of(issued) == "accepted");
    const auto arrived = pharmacy.post(sent_to(prescriber, issued.message, "peer:hainan"), "bjch");
    REQUIRE(code_of(arrived) == "accepted");
    order = sent_to(pharmacy, arrived.message, "local:pharmacy");
  }

  /// A pharmacy speaks at Hainan, and Beijing hears of it: "accepted", or the code of whoever refused.
  std::string say(const std::string& text) {
    const Answer answer = tell(pharmacy, text);
    if (answer.code != "AA") return answer.message.reason_code;
    const std::string news = sent_to(pharmacy, answer.message.id, "peer:beijing");
    return news.empty() ? "untold" : code_of(prescriber.post(news, "hnump"));
  }

  std::string order;
};

}  // namespace

TEST_CASE("a prescription goes to the pharmacy, is claimed, supplied in two parts, and both sites agree", "[rx]") {
  Network network;
  network.circulate();
  CHECK(network.order.find("RXE|1^qd^D28^20260310|30112^来曲唑片^L^L02BG04^^ATC|2.5||mg") != std::string::npos);
  CHECK(network.order.find("|YS0102^何宁|CF0880021") != std::string::npos);

  CHECK(network.say(rre("P1", "OK")) == "accepted");
  CHECK(status(network.pharmacy, "Task") == "accepted");
  CHECK(status(network.prescriber, "Task") == "accepted");
  CHECK(one(network.prescriber, "Task").root()["owner"]["identifier"]["value"].text() == "YF01");

  CHECK(network.say(rds("D1", "1")) == "accepted");
  CHECK(status(network.prescriber, "Task") == "in-progress");
  CHECK(status(network.prescriber, "MedicationRequest") == "active");
  CHECK(network.say(rds("D2", "1")) == "accepted");
  for (TestSite* site : {&network.pharmacy, &network.prescriber}) {
    CHECK(status(*site, "Task") == "completed");
    CHECK(status(*site, "MedicationRequest") == "completed");
    CHECK(site->store->resources_of("bjch/CF0880021", "MedicationDispense")->size() == 2);
    const auto task = one(*site, "Task");
    CHECK(task.root()["businessStatus"]["coding"].at(0)["code"].text() == "completed");
    CHECK(task.root()["output"].at(0)["valueQuantity"]["value"].text() == "2");
  }
  const auto dispenses = network.prescriber.store->resources_of("bjch/CF0880021", "MedicationDispense");
  const auto dispense = fhir::Json::parse(dispenses->front().json);
  REQUIRE(dispense);
  const auto request = network.prescriber.store->resources_of("bjch/CF0880021", "MedicationRequest");
  CHECK(dispense->root()["authorizingPrescription"].at(0)["reference"].text() ==
        "MedicationRequest/" + request->front().id);
  CHECK(network.prescriber.store->resource("Patient", dispense->root()["subject"]["reference"].text().substr(8))
            ->has_value());
}

TEST_CASE("a prescription is worth delivering until its validity ends", "[rx]") {
  TestSite site{beijing()};
  const auto judged = issue(site);
  const auto deliveries = site.store->deliveries(judged.message);
  REQUIRE((deliveries && deliveries->size() == 1));
  CHECK(exchange::instant(deliveries->front().expires_at) == "2026-03-13T15:59:59.000Z");
}

TEST_CASE("a prescription that must not leave is refused or waits, with its code", "[rx]") {
  const auto [edits, code, fate] = GENERATE(table<Edits, std::string, Fate>({
      {{{R"("SFJG": "1")", R"("SFJG": "0")"}}, "rx.not-reviewed", Fate::held},
      {{{R"("SFGH": "YS0102")", R"("SFGH": null)"}}, "rx.not-reviewed", Fate::held},
      {{{R"("SFJG": "1")", R"("SFJG": "2")"}}, "rx.rejected", Fate::refused},
      {{{R"("SFGH": "YS0102")", R"("SFGH": "D1120")"}}, "rx.reviewed-by-prescriber", Fate::refused},
      {{{R"("TSYP": "0")", R"("TSYP": "2")"}}, "rx.controlled-drug", Fate::refused},
      {{{R"("CZPB": "0")", R"("CZPB": "1")"}}, "rx.first-visit", Fate::refused},
      {{{"1982-07-25", "2021-03-10"}}, "rx.child-without-guardian", Fate::refused},
      {{{"2026-03-10 09:30:00", "2026-03-05 09:30:00"}}, "rx.expired", Fate::held},
  }));
  TestSite site{beijing()};
  const auto judged = issue(site, edits);
  CHECK(code_of(judged) == code);
  CHECK(judged.fate == fate);
  CHECK(site.store->deliveries(judged.message)->empty());
  CHECK(site.store->resources_of("bjch/CF0880021", "MedicationRequest")->empty());
}

TEST_CASE("a prescription that could never be claimed is told what it lacks", "[rx]") {
  const auto [what, with, code] = GENERATE(table<std::string, std::string, std::string>({
      {"bjch/CF0880021", "tmucih/CF0880021", "rx.no-case"},
      {R"("status":"requested")", R"("status":"completed")", "rx.no-task"},
      {R"("intent":"order","medication)", R"("intent":"plan","medication)", "rx.not-an-order"},
      {R"("quantity":{"value":2,)", R"("quantity":{)", "rx.no-quantity"},
      {R"("groupIdentifier":{"system":"https://gw.example/sid/bjch/prescription","value":"CF0880021"},"status":"active")",
       R"("status":"active")", "rx.no-group"},
  }));
  TestSite site{beijing()};
  CHECK(code_of(site.post(replaced(prescription(), what, with), "bjch", true)) == code);
}

TEST_CASE("a child with a parent beside it is treated, and six years are no child", "[rx]") {
  TestSite site{beijing()};
  CHECK(code_of(issue(site, {{"1982-07-25", "2021-03-10"}, {R"("LXGX": "2")", R"("LXGX": "52")"}})) == "accepted");
  TestSite other{beijing()};
  CHECK(code_of(issue(other, {{"1982-07-25", "2020-03-10"}})) == "accepted");
}

TEST_CASE("a waiting prescription is accepted under the same id once it is reviewed, and repeats its first answer",
          "[rx]") {
  TestSite site{beijing()};
  CHECK(code_of(issue(site, {{R"("SFJG": "1")", R"("SFJG": "0")"}})) == "rx.not-reviewed");
  const auto first = issue(site);
  REQUIRE(first.fate == Fate::accepted);
  const auto again = issue(site);
  CHECK(again.fate == Fate::repeated);
  CHECK(again.answer == first.answer);
}

TEST_CASE("an issued prescription does not change; a row that changed otherwise tells nobody anything", "[rx]") {
  Network network;
  network.circulate();
  REQUIRE(network.say(rre("P1", "OK")) == "accepted");
  const auto again = issue(network.prescriber, {{R"("version": 1)", R"("version": 2)"}, {"北京市", "北京市东城区"}});
  CHECK(code_of(again) == "accepted");
  CHECK(network.prescriber.store->deliveries(again.message)->empty());
  CHECK(status(network.prescriber, "Task") == "accepted");  // not reset
  const auto changed =
      issue(network.prescriber, {{R"("version": 1)", R"("version": 3)"}, {R"("YPSL": "2")", R"("YPSL": "9")"}});
  CHECK(code_of(changed) == "rx.changed");
}

TEST_CASE("exactly one pharmacy claims, may release, and only then another one may", "[rx]") {
  Network network;
  network.circulate();
  CHECK(network.say(rds("D0", "1")) == "rx.not-claimed");
  CHECK(network.say(rre("P1", "OK", "YF01")) == "accepted");
  CHECK(network.say(rre("P2", "OK", "YF02")) == "rx.claimed");
  CHECK(network.say(rds("D1", "1", "YF02")) == "rx.claimed");
  CHECK(network.say(rre("P3", "UA", "YF02")) == "rx.claimed");
  CHECK(network.say(rre("P4", "UA", "YF01")) == "accepted");
  CHECK(status(network.prescriber, "Task") == "requested");
  CHECK_FALSE(one(network.prescriber, "Task").root()["restriction"]);
  CHECK(network.say(rre("P5", "OK", "YF02")) == "accepted");
  CHECK(network.say(rds("D2", "2", "YF02")) == "accepted");
  CHECK(status(network.prescriber, "MedicationRequest") == "completed");
}

TEST_CASE("more than the prescription allows is not supplied, at either site", "[rx]") {
  Network network;
  network.circulate();
  REQUIRE(network.say(rre("P1", "OK")) == "accepted");
  REQUIRE(network.say(rds("D1", "1.5")) == "accepted");
  CHECK(network.say(rds("D2", "0.6")) == "rx.over-dispensed");
  CHECK(network.say(rds("D3", "0.5")) == "accepted");
  CHECK(network.say(rds("D4", "0.1")) == "rx.completed");

  // a peer that does not check: the prescriber's site does
  Network other;
  other.circulate();
  REQUIRE(other.say(rre("P1", "OK")) == "accepted");
  const Answer part = tell(other.pharmacy, rds("D1", "1"));
  const std::string forged = replaced(sent_to(other.pharmacy, part.message.id, "peer:beijing"),
                                      R"("quantity":{"value":1,)", R"("quantity":{"value":3,)");
  CHECK(code_of(other.prescriber.post(forged, "hnump")) == "rx.over-dispensed");
}

TEST_CASE("goods that come back are recorded beside what was supplied", "[rx]") {
  Network network;
  network.circulate();
  REQUIRE(network.say(rre("P1", "OK")) == "accepted");
  REQUIRE(network.say(rds("D1", "2")) == "accepted");
  CHECK(network.say(rds("R1", "3", "YF01", "CR")) == "rx.over-returned");
  CHECK(network.say(rds("R2", "1", "YF01", "CR")) == "accepted");
  CHECK(status(network.prescriber, "MedicationRequest") == "completed");
  const auto kept = network.prescriber.store->resources_of("bjch/CF0880021", "MedicationDispense");
  REQUIRE(kept->size() == 2);
  for (const auto& row : *kept) CHECK(row.json.find("entered-in-error") == std::string::npos);
}

TEST_CASE("the same dispense under a new message id counts once, with another amount it is refused", "[rx]") {
  Network network;
  network.circulate();
  REQUIRE(network.say(rre("P1", "OK")) == "accepted");
  REQUIRE(network.say(rds("D1", "1")) == "accepted");
  const std::string again = replaced(rds("D1", "1"), "|D1|P|", "|D1b|P|");
  CHECK(network.say(again) == "untold");
  CHECK(network.say(replaced(again, "|1|{box}", "|2|{box}").replace(0, 0, "")) == "dedup.conflict");
  CHECK(network.say(replaced(replaced(again, "D1b", "D1c"), "|1|{box}", "|2|{box}")) == "rx.dispense-final");
  CHECK(one(network.prescriber, "Task").root()["output"].at(0)["valueQuantity"]["value"].text() == "1");
}

TEST_CASE("another person, another drug, another unit under the number of the prescription are refused", "[rx]") {
  Network network;
  network.circulate();
  REQUIRE(network.say(rre("P1", "OK")) == "accepted");
  CHECK(network.say(rds("D1", "1", "YF01", "RE", "999")) == "rx.other-patient");
  CHECK(network.say(replaced(rds("D2", "1"), "30112^来曲唑片", "40000^别的药")) == "rx.other-drug");
  CHECK(network.say(replaced(rds("D3", "1"), "{box}^盒", "片")) == "rx.unit");
  CHECK(network.say(replaced(rds("D4", "1"), "|20260310093000|1|", "|20260320093000|1|")) == "rx.future");
  CHECK(network.say(replaced(rds("D5", "1"), "CF0880021", "CF0999999")) == "rx.unknown");
}

TEST_CASE("the prescriber withdraws what nobody holds, and only the prescriber", "[rx]") {
  const Edits voided = {{R"("ZFPB": "0")", R"("ZFPB": "1")"}, {R"("version": 1)", R"("version": 2)"}};
  Network network;
  network.circulate();
  const auto forged = replaced(prescription(voided), R"("value":"bjch"})", R"("value":"tmucih"})");
  CHECK(code_of(network.prescriber.post(forged, "tmucih")) == "rx.not-prescriber");
  const auto gone = issue(network.prescriber, voided);
  REQUIRE(code_of(gone) == "accepted");
  CHECK(status(network.prescriber, "MedicationRequest") == "cancelled");
  const auto told = network.pharmacy.post(sent_to(network.prescriber, gone.message, "peer:hainan"), "bjch");
  REQUIRE(code_of(told) == "accepted");
  CHECK(sent_to(network.pharmacy, told.message, "local:pharmacy").find("ORC|CA|CF0880021-1^bjch") != std::string::npos);
  CHECK(network.say(rre("P1", "OK")) == "rx.cancelled");

  Network held;
  held.circulate();
  REQUIRE(held.say(rre("P1", "OK")) == "accepted");
  CHECK(code_of(issue(held.prescriber, voided)) == "rx.claimed");
}

TEST_CASE("a claim times out, the clock gives it back once, also after a restart, and the next pharmacy may claim",
          "[rx]") {
  Network network;
  network.circulate();
  REQUIRE(network.say(rre("P1", "OK")) == "accepted");
  auto& site = network.pharmacy;
  CHECK(exchange::overdue_claims(*site.world, *site.config).empty());
  site.clock.at += exchange::kClaimTime + 1000;
  network.prescriber.clock.at = site.clock.at;
  const auto owed = exchange::overdue_claims(*site.world, *site.config);
  REQUIRE(owed.size() == 1);
  CHECK(exchange::overdue_claims(*site.world, *site.config) == owed);  // read from the store, not remembered
  CHECK(exchange::overdue_claims(*network.prescriber.world, *network.prescriber.config).empty());

  const auto given = site.post(owed.front(), "hnump", true);
  REQUIRE(code_of(given) == "accepted");
  CHECK(site.post(owed.front(), "hnump", true).fate == Fate::repeated);
  CHECK(exchange::overdue_claims(*site.world, *site.config).empty());
  CHECK(code_of(network.prescriber.post(sent_to(site, given.message, "peer:beijing"), "hnump")) == "accepted");
  CHECK(status(network.prescriber, "Task") == "requested");
  CHECK(network.say(rds("D1", "1")) == "rx.not-claimed");
  CHECK(network.say(rre("P2", "OK", "YF02")) == "accepted");
}

TEST_CASE("after its validity nothing is claimed or supplied", "[rx]") {
  Network network;
  network.circulate();
  for (TestSite* site : {&network.prescriber, &network.pharmacy}) site->clock.at += 5 * 24 * 3600 * 1000LL;
  CHECK(network.say(rre("P1", "OK")) == "rx.expired");
}

TEST_CASE("a day after its validity the prescriber's clock ends a prescription, and the pharmacy hears of it", "[rx]") {
  Network network;
  network.circulate();
  auto& site = network.prescriber;
  site.clock.at += 4 * 24 * 3600 * 1000LL;  // valid to the 13th, now it is the 14th
  CHECK(exchange::ended_prescriptions(*site.world, *site.config).empty());
  site.clock.at += 24 * 3600 * 1000LL;
  network.pharmacy.clock.at = site.clock.at;
  CHECK(exchange::ended_prescriptions(*network.pharmacy.world, *network.pharmacy.config).empty());
  const auto owed = exchange::ended_prescriptions(*site.world, *site.config);
  REQUIRE(owed.size() == 1);
  const auto ended = site.post(owed.front(), "bjch", true);
  REQUIRE(code_of(ended) == "accepted");
  CHECK(status(site, "MedicationRequest") == "stopped");
  CHECK(status(site, "Task") == "failed");
  CHECK(exchange::ended_prescriptions(*site.world, *site.config).empty());
  const auto told = network.pharmacy.post(sent_to(site, ended.message, "peer:hainan"), "bjch");
  REQUIRE(code_of(told) == "accepted");
  CHECK(sent_to(network.pharmacy, told.message, "local:pharmacy").find("ORC|DC|") != std::string::npos);
}

TEST_CASE("a dispense that was told late is judged by when it was handed over", "[rx]") {
  Network network;
  network.circulate();
  REQUIRE(network.say(rre("P1", "OK")) == "accepted");
  network.prescriber.clock.at += 5 * 24 * 3600 * 1000LL;  // Beijing's line was down for days
  CHECK(network.say(rds("D1", "2")) == "accepted");
}

TEST_CASE("an organisation the prescription was not given to may not claim it, nor speak for another's pharmacy",
          "[rx]") {
  Network network;
  network.circulate();
  const Answer claim = tell(network.pharmacy, rre("P1", "OK"));
  const std::string news = sent_to(network.pharmacy, claim.message.id, "peer:beijing");
  std::string forged = replaced(news, R"("value":"hnump"})", R"("value":"tmucih"})");
  CHECK(code_of(network.prescriber.post(forged, "tmucih")) == "rx.foreign-pharmacy");
  forged = replaced(forged, "/sid/hnump/pharmacy", "/sid/tmucih/pharmacy");
  CHECK(code_of(network.prescriber.post(forged, "tmucih")) == "rx.not-addressed");
  CHECK(code_of(network.prescriber.post(news, "hnump")) == "accepted");
}

TEST_CASE("a prescription does not cross the border as an order, in either direction", "[rx]") {
  auto config = beijing();
  config.routes.front().to = {"peer:hongkong"};
  TestSite site{config};
  const auto judged = issue(site);
  REQUIRE(judged.fate == Fate::accepted);
  const auto deliveries = site.store->deliveries(judged.message);
  REQUIRE(deliveries->size() == 1);
  CHECK(deliveries->front().state == store::DeliveryState::held);
  CHECK(deliveries->front().reason.starts_with("prescription-border:"));

  TestSite pharmacy{pharmacy_site()};
  const std::string abroad = replaced(prescription(), R"("value":"bjch"})", R"("value":"hkaur"})");
  const auto refused = pharmacy.post(abroad, "hkaur");
  CHECK(code_of(refused) == "rx.cross-border");
  CHECK(refused.fate == Fate::refused);
}

TEST_CASE("a signed original arrives byte for byte, and one that was altered does not", "[rx]") {
  TestSite prescriber{beijing()}, pharmacy{pharmacy_site()};
  const auto issued = issue(prescriber);
  const std::string sent = sent_to(prescriber, issued.message, "peer:hainan");
  CHECK(code_of(pharmacy.post(replaced(sent, "JVBERi0xLjQKJcOkw7zDtgo=", "JVBERi0xLjUKJcOkw7zDtgo="), "bjch")) ==
        "rx.original-altered");
  REQUIRE(code_of(pharmacy.post(sent, "bjch")) == "accepted");
  const auto original = pharmacy.store->resources_of("bjch/CF0880021", "Binary");
  REQUIRE((original && original->size() == 1));
  CHECK(original->front().json.find("JVBERi0xLjQKJcOkw7zDtgo=") != std::string::npos);
  CHECK(one(pharmacy, "DocumentReference").root()["content"].at(0)["attachment"]["size"].text() == "17");
}

TEST_CASE("the hospital's own pharmacy supplies its own prescription, and nobody else is told", "[rx]") {
  TestSite site{pharmacy_site()};
  std::ifstream in(kRoot / "tests/cases/samples/hn_rde_o11_utf8.hl7", std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  const std::string own = replaced(exchange::without_frame(text.str()), "20260313", "20260310");
  site.clock.at += 6 * 3600 * 1000;  // the sample was written in the afternoon
  const Answer taken = tell(site, own);
  REQUIRE(taken.message.state == store::MessageState::accepted);
  CHECK(sent_to(site, taken.message.id, "local:pharmacy").find("RXE|1^TID^D28^20260310|") != std::string::npos);
  const Answer claimed =
      tell(site, replaced(rre("P1", "OK"), "CF0880021-1^bjch||CF0880021^bjch", "CF202603100021||CF202603100021"));
  CHECK(claimed.code == "AA");
  CHECK(site.store->deliveries(claimed.message.id)->empty());
}

TEST_CASE("our staff claims by PUT of the Task, and a step out of turn is a conflict", "[rx]") {
  Network network;
  network.circulate();
  auto task = fhir::JsonTree::from(one(network.pharmacy, "Task").root());
  task.set("status", "accepted");
  task["owner"]["identifier"] =
      fhir::JsonTree::object({{"system", "https://gw.example/sid/hnump/pharmacy"}, {"value", "YF07"}});
  const auto put = [&] {
    const auto json = fhir::Json::parse(task.dump());
    const auto step = exchange::task_step(*network.pharmacy.world, *network.pharmacy.config, json->root(), 0);
    REQUIRE(step);
    return network.pharmacy.post(step->bundle, "hnump", true);
  };
  const auto claimed = put();
  REQUIRE(code_of(claimed) == "accepted");
  CHECK(one(network.pharmacy, "Task").root()["owner"]["identifier"]["value"].text() == "YF07");
  CHECK(code_of(network.prescriber.post(sent_to(network.pharmacy, claimed.message, "peer:beijing"), "hnump")) ==
        "accepted");
  task["owner"]["identifier"].set("value", "YF08");
  CHECK(code_of(put()) == "rx.claimed");
  task.set("status", "cancelled");
  CHECK(code_of(put()) == "rx.not-prescriber");
}

TEST_CASE("of two pharmacies that claim at the same moment one holds it, and the other is told to ask again", "[rx]") {
  Network network;
  network.circulate();
  TestSite& site = network.pharmacy;
  std::promise<void> busy, go;
  site.store->submit({}, [&](const auto&) {  // the writer waits: neither claim sees the other
    busy.set_value();
    go.get_future().wait();
  });
  busy.get_future().wait();
  exchange::MllpDoor door(*site.world, *site.intake, "pharmacy");
  std::promise<std::string> first, second;
  const auto say = [&](const std::string& text, std::promise<std::string>& code) {
    door.handle({text, {}, "127.0.0.1:1"}, [&code](const std::vector<std::string>& frames) {
      code.set_value(adapters::hl7v2::Message::parse(frames.at(0))->get("MSA-1"));
    });
  };
  say(rre("P1", "OK", "YF01"), first);
  say(rre("P2", "OK", "YF02"), second);
  go.set_value();
  CHECK(first.get_future().get() == "AA");
  CHECK(second.get_future().get() == "AR");
  CHECK(tell(site, rre("P2", "OK", "YF02")).message.reason_code == "rx.claimed");
  CHECK(one(site, "Task").root()["owner"]["identifier"]["value"].text() == "YF01");
}
