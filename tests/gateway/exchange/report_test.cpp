// Amended, corrected and withdrawn reports reach everyone who had the first version (gateway/exchange/report.h).
#include "gateway/exchange/report.h"

#include <catch2/catch.hpp>

#include "fhir/message/report.h"
#include "tests/gateway/exchange/workflow_support.h"

using namespace gateway;
using namespace gateway::test;
using exchange::Fate;
using Places = std::vector<std::string>;

namespace {

struct Spec {
  std::string status = "final", issued = "2026-03-10T01:00:00Z", value = "ok";
  std::vector<std::string> results = {"o1"};
  std::string result_status = "final", number = "JY1", patient = "p1", patient_number = "0001", in_case = "JY1";
};

std::string result(const Spec& spec, const std::string& id) {
  return R"({"resourceType":"Observation","id":")" + id + R"(","status":")" + spec.result_status +
         R"(","code":{"text":"CEA"},"valueString":")" + spec.value + R"(","subject":{"reference":"Patient/)" +
         spec.patient + R"("}})";
}

std::string report_of(const Spec& spec, const std::string& event = "report", const std::string& sender = "tmucih") {
  std::string references;
  for (const std::string& id : spec.results)
    references += (references.empty() ? "" : ",") + (R"({"reference":"Observation/)" + id + R"("})");
  const std::string issued = spec.issued.empty() ? "" : R"("issued":")" + spec.issued + R"(",)";
  const std::string report = R"({"resourceType":"DiagnosticReport","id":"r-)" + spec.number +
                             R"(","identifier":[{"system":"https://gw.example/sid/tmucih/report","value":")" +
                             spec.number + R"("}],"status":")" + spec.status + R"(",)" + issued +
                             R"("code":{"text":"CEA"},"subject":{"reference":"Patient/)" + spec.patient + R"("})" +
                             (references.empty() ? "" : R"(,"result":[)" + references + "]") + "}";
  const std::string who = patient(spec.patient, spec.patient_number);
  if (spec.results.empty()) return message(event, sender, spec.in_case, {who, report});
  if (spec.results.size() == 1) return message(event, sender, spec.in_case, {who, report, result(spec, "o1")});
  return message(event, sender, spec.in_case, {who, report, result(spec, "o1"), result(spec, "o2")});
}

/// Hainan gives Tianjin's reports to its archive; `to` beside it.
config::Config with_routes(Places to) {
  config::Config config = hainan();
  config.peers = {peer("tianjin", "tmucih"), peer("beijing", "bjch"), peer("chengdu", "cd3")};
  config::System second = config.systems[0];
  second.name = "second";
  config.systems.push_back(second);
  config.routes = {route("reports", {"report"}, "tmucih", std::move(to)),
                   route("cases", {"referral-request"}, "tmucih", {"local:archive", "peer:chengdu"})};
  return config;
}

void reroute(TestSite& site, Places to) {
  site.config = std::make_shared<const config::Config>(with_routes(std::move(to)));
}

}  // namespace

TEST_CASE("a corrected report reaches whoever had the first version, also where today's routes would not send it",
          "[workflow]") {
  TestSite site(with_routes({"local:archive", "peer:beijing"}));
  REQUIRE(site.post(report_of({}), "tmucih").fate == Fate::accepted);
  reroute(site, {"local:second"});
  const auto judged = site.post(report_of({.status = "corrected", .value = "other"}), "tmucih");
  REQUIRE(code_of(judged) == "accepted");
  CHECK(sent(site, judged.message) == Places{"local:archive", "local:second", "peer:beijing"});
  CHECK(bytes_for(site, judged.message, "peer:beijing").find("other") != std::string::npos);
  CHECK(status_of(site, "DiagnosticReport", "r-JY1") == "corrected");

  SECTION("and the third version those who had the second only") {
    reroute(site, {"keep"});
    const auto third = site.post(report_of({.status = "amended"}), "tmucih");
    CHECK(sent(site, third.message) == Places{"local:archive", "local:second", "peer:beijing"});
  }
}

TEST_CASE("who was only told that a report could not be delivered does not get its correction", "[workflow]") {
  TestSite site(with_routes({"local:archive"}));
  const auto first = site.post(report_of({}), "tmucih");
  REQUIRE(first.fate == Fate::accepted);
  store::Delivery notice;
  notice.message = first.message;
  notice.destination = "peer:tianjin";
  notice.lane_key = notice.correlation = "JY1";
  notice.event = "delivery-failed";
  store::Commit commit;
  commit.deliveries.push_back(std::move(notice));
  REQUIRE(site.store->commit(std::move(commit)));
  const auto judged = site.post(report_of({.status = "corrected"}), "tmucih");
  REQUIRE(code_of(judged) == "accepted");
  CHECK(sent(site, judged.message) == Places{"local:archive"});
}

TEST_CASE("without any route a correction still reaches whoever had the first version", "[workflow]") {
  TestSite site(with_routes({"peer:beijing"}));
  REQUIRE(site.post(report_of({}), "tmucih").fate == Fate::accepted);
  config::Config without = with_routes({"keep"});
  without.routes.clear();
  site.config = std::make_shared<const config::Config>(std::move(without));
  const auto judged = site.post(report_of({.status = "amended"}), "tmucih");
  REQUIRE(code_of(judged) == "accepted");
  CHECK(sent(site, judged.message) == Places{"peer:beijing"});
}

TEST_CASE("policy is asked for each who had the first version, and what it does not let out is held", "[workflow]") {
  TestSite site(with_routes({"peer:beijing"}));
  REQUIRE(site.post(report_of({}), "tmucih").fate == Fate::accepted);
  config::Config moved = with_routes({"local:archive"});
  moved.peers[1].organization.jurisdiction = "HK";  // a border is between us now, and no transfer basis
  moved.peers[1].profile = "P2";
  site.config = std::make_shared<const config::Config>(std::move(moved));
  const auto judged = site.post(report_of({.status = "corrected"}), "tmucih");
  REQUIRE(code_of(judged) == "accepted");
  CHECK(sent(site, judged.message) == Places{"local:archive", "peer:beijing-held"});

  // A person may let it go once policy does, though no route leads there.
  site.config = std::make_shared<const config::Config>(with_routes({"local:archive"}));
  const auto deliveries = site.store->deliveries(judged.message);
  const auto held = std::ranges::find(*deliveries, store::DeliveryState::held, &store::Delivery::state);
  REQUIRE(held != deliveries->end());
  std::promise<bool> released;
  site.intake->release_delivery(held->id, "operator",
                                [&](fhir::Result<void> done) { released.set_value(done.has_value()); });
  CHECK(released.get_future().get());
  CHECK(sent(site, judged.message) ==
        Places{"local:archive", "peer:beijing", "peer:beijing"});  // one of them cancelled
}

TEST_CASE("whoever had it and is no longer configured is named, and keeps nobody else from the correction",
          "[workflow]") {
  TestSite site(with_routes({"peer:beijing", "peer:chengdu"}));
  REQUIRE(site.post(report_of({}), "tmucih").fate == Fate::accepted);
  config::Config without = with_routes({"local:archive"});
  std::erase_if(without.peers, [](const auto& one) { return one.name == "beijing"; });
  site.config = std::make_shared<const config::Config>(std::move(without));
  const auto judged = site.post(report_of({.status = "corrected"}), "tmucih");
  REQUIRE(code_of(judged) == "accepted");
  CHECK(sent(site, judged.message) == Places{"local:archive", "peer:chengdu"});
  CHECK(explain_of(site, judged.message).root()["destinations"].dump().find("route.unknown-destination") !=
        std::string::npos);
}

TEST_CASE("a report that is cancelled after it was final is withdrawn with all its results, also those not repeated",
          "[workflow]") {
  TestSite site(with_routes({"local:archive"}));
  REQUIRE(site.post(report_of({.results = {"o1", "o2"}}), "tmucih").fate == Fate::accepted);
  const auto judged = site.post(report_of({.status = "cancelled", .results = {}}), "tmucih");
  REQUIRE(code_of(judged) == "accepted");
  CHECK(status_of(site, "DiagnosticReport", "r-JY1") == "entered-in-error");
  CHECK(status_of(site, "Observation", "o1") == "entered-in-error");
  CHECK(status_of(site, "Observation", "o2") == "entered-in-error");
  const auto bytes = bytes_for(site, judged.message, "local:archive");
  CHECK(bytes.find("withdrawn") != std::string::npos);
  CHECK(bytes.find(R"("valueString":"ok")") == std::string::npos);
}

TEST_CASE("a report whose results are all deleted as wrong is withdrawn, whatever its own status says", "[workflow]") {
  TestSite site(with_routes({"local:archive"}));
  REQUIRE(site.post(report_of({}), "tmucih").fate == Fate::accepted);
  const auto judged = site.post(report_of({.status = "corrected", .result_status = "entered-in-error"}), "tmucih");
  REQUIRE(code_of(judged) == "accepted");
  CHECK(status_of(site, "DiagnosticReport", "r-JY1") == "entered-in-error");
}

TEST_CASE("a final report does not go back to preliminary: 409 with both states, and nothing is changed",
          "[workflow]") {
  TestSite site(with_routes({"local:archive"}));
  REQUIRE(site.post(report_of({}), "tmucih").fate == Fate::accepted);
  const auto judged = site.post(report_of({.status = "preliminary", .issued = "2026-03-10T02:00:00Z"}), "tmucih");
  CHECK(judged.fate == Fate::held);
  CHECK(code_of(judged) == "report.transition");
  CHECK(judged.error->fault == fhir::Fault::conflict);
  CHECK(judged.error->say.find("'final' cannot become 'preliminary'") != std::string::npos);
  CHECK(status_of(site, "DiagnosticReport", "r-JY1") == "final");
}

TEST_CASE("a version that arrives after a newer one is kept and flagged, told to nobody, and changes nothing",
          "[workflow]") {
  TestSite site(with_routes({"local:archive"}));
  REQUIRE(
      site.post(report_of({.status = "corrected", .issued = "2026-03-10T03:00:00Z", .value = "new"}), "tmucih").fate ==
      Fate::accepted);
  const auto late =
      site.post(report_of({.status = "final", .issued = "2026-03-10T01:00:00Z", .value = "old"}), "tmucih");
  REQUIRE(code_of(late) == "accepted");
  CHECK(sent(site, late.message).empty());
  CHECK(status_of(site, "DiagnosticReport", "r-JY1") == "corrected");
  CHECK(stored(site, "Observation", "o1").root()["valueString"].text() == "new");
  CHECK(explain_of(site, late.message).root()["flags"].dump().find("report.outdated") != std::string::npos);
  const auto bundles = site.store->resources("Bundle", "", "JY1", 10);
  REQUIRE(bundles);
  CHECK(bundles->size() == 1);  // who pulls by the number gets the newer one
}

TEST_CASE("the number of a report with another person in it is refused until the first is withdrawn", "[workflow]") {
  TestSite site(with_routes({"local:archive"}));
  REQUIRE(site.post(report_of({}), "tmucih").fate == Fate::accepted);
  const auto judged =
      site.post(report_of({.status = "corrected", .patient = "p2", .patient_number = "0002"}), "tmucih");
  CHECK(code_of(judged) == "report.other-patient");
  CHECK(judged.error->fault == fhir::Fault::conflict);
  const auto withdrawn = site.post(report_of({.status = "entered-in-error"}), "tmucih");
  REQUIRE(code_of(withdrawn) == "accepted");
  CHECK(sent(site, withdrawn.message) == Places{"local:archive"});
}

TEST_CASE("who pulled the first version is listed when it is corrected", "[workflow]") {
  TestSite site(with_routes({"local:archive"}));
  REQUIRE(site.post(report_of({}), "tmucih").fate == Fate::accepted);
  const auto row = site.store->resource("DiagnosticReport", "r-JY1");
  REQUIRE((row && *row));
  store::Commit commit;
  commit.facts.push_back(exchange::pulled(**row, "oncobase", site.clock.at));
  REQUIRE(site.store->commit(std::move(commit)));
  const auto judged = site.post(report_of({.status = "corrected"}), "tmucih");
  REQUIRE(code_of(judged) == "accepted");
  CHECK(explain_of(site, judged.message).root()["reports"].at(0)["pulled_by"].at(0).text() == "oncobase");
  const auto audit = site.store->audit(0, 20);
  REQUIRE(audit);
  const auto told = std::ranges::find(*audit, "report-correction", &store::AuditEntry::event);
  REQUIRE(told != audit->end());
  CHECK(told->detail.find("oncobase") != std::string::npos);
  CHECK(told->detail.find("local:archive") != std::string::npos);
}

TEST_CASE("an expert who had the report inside a referral and has given an opinion gets the correction in that case",
          "[workflow]") {
  TestSite site(with_routes({"local:archive"}));
  Spec first;
  first.in_case = "C1";
  const std::string inside = report_of(first, "referral-request");
  REQUIRE(code_of(site.post(inside, "tmucih")) == "accepted");  // to chengdu, by the route of cases
  REQUIRE(code_of(site.post(message("opinion-published", "cd3", "C1", {task("completed", output("c1"))}), "cd3")) ==
          "route.none");
  store::Commit commit;
  store::StoredResource done;
  done.type = "Task";
  done.id = "t1";
  done.owner = "tmucih";
  done.correlation = "C1";
  done.json = task("completed", output("c1"));
  commit.resources.push_back(done);
  REQUIRE(site.store->commit(std::move(commit)));

  const auto judged = site.post(report_of({.status = "corrected"}), "tmucih");
  REQUIRE(code_of(judged) == "accepted");
  CHECK(sent(site, judged.message) == Places{"local:archive", "peer:chengdu"});
  CHECK(explain_of(site, judged.message).root()["flags"].dump().find("report.after-opinion") != std::string::npos);
  const auto deliveries = site.store->deliveries(judged.message);
  const auto expert = std::ranges::find(*deliveries, "peer:chengdu", &store::Delivery::destination);
  CHECK(expert->correlation == "C1");
  CHECK(bytes_for(site, judged.message, "peer:chengdu").find(R"("valueString":"C1")") != std::string::npos);
}

TEST_CASE("every legal step of a report passes the intake, and every illegal one is held with a conflict",
          "[workflow]") {
  TestSite site(with_routes({"local:archive"}));
  const std::vector<std::string> states = {"registered", "preliminary", "final",     "amended",
                                           "corrected",  "appended",    "cancelled", "entered-in-error"};
  int number = 0;
  for (const std::string& from : states)
    for (const std::string& to : states) {
      CAPTURE(from, to);
      Spec spec{.status = from, .results = {}, .number = "N" + std::to_string(++number)};
      spec.in_case = spec.number;
      REQUIRE(code_of(site.post(report_of(spec), "tmucih")) == "accepted");
      spec.status = to;
      const auto before = fhir::Json::parse(R"({"status":")" + from + R"("})");
      const auto update = fhir::Json::parse(R"({"status":")" + to + R"("})");
      const auto step = fhir::message::report_step(before->root(), update->root(), {});
      const auto judged = site.post(report_of(spec), "tmucih");
      CHECK(code_of(judged) == (step ? "accepted" : "report.transition"));
      CHECK(status_of(site, "DiagnosticReport", "r-" + spec.number) == (step ? step->status : from));
    }
}
