// Referrals between two sites, through the intake: cancels that cross, deadlines, appointments, a patient who goes
// back.
#include "gateway/exchange/workflow.h"

#include <catch2/catch.hpp>

#include "fhir/message/workflow.h"
#include "tests/gateway/exchange/workflow_support.h"

using namespace gateway;
using namespace gateway::test;
using exchange::Fate;
using exchange::Judgement;
using Places = std::vector<std::string>;

namespace {

const std::vector<std::string> kAsk = {"referral-request", "info-supplied", "referral-cancel", "referral-expired"};
const std::vector<std::string> kAnswer = {"referral-received", "referral-accept", "referral-reject",
                                          "info-request",      "encounter-start", "referral-back",
                                          "opinion-published", "opinion-amended", "appointment-notify"};

config::Config huili() {
  config::Config config = hainan();
  config.site = "huili";
  config.organization = {"huili", "Huili", "", "CN", "Huili"};
  config.peers = {peer("chengdu", "cd3"), peer("tianjin", "tmucih")};
  config.routes = {route("ask", {"referral-request"}, "local", {"peer:chengdu"}),
                   route("answers", kAnswer, "cd3", {"local:archive"})};
  return config;
}

config::Config chengdu() {
  config::Config config = hainan();
  config.site = "chengdu";
  config.organization = {"cd3", "Chengdu", "", "CN", "Chengdu"};
  config.peers = {peer("huili", "huili")};
  config.routes = {route("cases", kAsk, "huili", {"local:archive"}),
                   route("answers", kAnswer, "local", {"peer:huili"})};
  return config;
}

std::string referral() { return message("referral-request", "huili", "C1", {patient(), request(), task("requested")}); }

/// Both sites know the referral.
struct Two {
  TestSite asks{huili()}, does{chengdu()};
  Two() {
    const auto judged = asks.post(referral(), "huili", true);
    REQUIRE(code_of(judged) == "accepted");
    REQUIRE(code_of(does.post(bytes_for(asks, judged.message, "peer:chengdu"), "huili")) == "accepted");
  }
  /// The site's staff put the Task into this state.
  Judgement put(TestSite& site, const std::string& status, const std::string& more = "", int version = 0) {
    const auto row = site.store->resource("Task", "t1");
    REQUIRE((row && *row));
    fhir::JsonTree changed = fhir::JsonTree::from(stored(site, "Task", "t1").root());
    const auto said = fhir::Json::parse(task(status, more));
    for (const char* member : {"status", "statusReason", "output", "businessStatus"})
      if (said->root()[member]) changed.set(member, fhir::JsonTree::from(said->root()[member]));
    const auto update = fhir::Json::parse(changed.dump());
    const auto step = exchange::task_step(*site.world, *site.config, update->root(), version);
    if (!step) {
      Judgement refused;
      refused.fate = Fate::refused;
      refused.error = step.error();
      return refused;
    }
    return site.post(step->bundle, site.config->organization.id, true);
  }
  /// What that message became for the other side arrives there.
  Judgement arrive(TestSite& from, TestSite& to, const Judgement& judged, const std::string& destination) {
    const std::string bytes = bytes_for(from, judged.message, destination);
    REQUIRE_FALSE(bytes.empty());
    return to.post(bytes, from.config->organization.id);
  }
  std::pair<std::string, std::string> states() {
    return {status_of(asks, "Task", "t1"), status_of(does, "Task", "t1")};
  }
};

using Pair = std::pair<std::string, std::string>;

}  // namespace

TEST_CASE("a withdrawal that crosses an acceptance stands at both sites, in both orders of arrival", "[workflow]") {
  Two two;
  const auto cancel = two.put(two.asks, "cancelled");
  const auto accept = two.put(two.does, "accepted");
  REQUIRE(code_of(cancel) == "accepted");
  REQUIRE(code_of(accept) == "accepted");
  CHECK(sent(two.asks, cancel.message) == Places{"peer:chengdu"});  // no route says so: it goes to who was asked
  Judgement taken;
  if (GENERATE(true, false)) {
    REQUIRE(code_of(two.arrive(two.asks, two.does, cancel, "peer:chengdu")) == "accepted");
    taken = two.arrive(two.does, two.asks, accept, "peer:huili");
  } else {
    taken = two.arrive(two.does, two.asks, accept, "peer:huili");
    REQUIRE(code_of(two.arrive(two.asks, two.does, cancel, "peer:chengdu")) == "accepted");
  }
  REQUIRE(code_of(taken) == "accepted");  // never a dead letter for what nobody did wrong
  CHECK(sent(two.asks, taken.message).empty());
  CHECK(explain_of(two.asks, taken.message).root()["flags"].dump().find("task.crossed") != std::string::npos);
  CHECK(two.states() == Pair{"cancelled", "cancelled"});
}

TEST_CASE("a withdrawal that crosses the opinion is refused, and whoever withdrew gets the opinion", "[workflow]") {
  Two two;
  REQUIRE(code_of(two.arrive(two.does, two.asks, two.put(two.does, "accepted"), "peer:huili")) == "accepted");
  const auto cancel = two.put(two.asks, "cancelled");
  const auto opinion = two.put(two.does, "completed", output("c1"));
  REQUIRE(code_of(opinion) == "accepted");
  Judgement refused, taken;
  if (GENERATE(true, false)) {
    refused = two.arrive(two.asks, two.does, cancel, "peer:chengdu");
    taken = two.arrive(two.does, two.asks, opinion, "peer:huili");
  } else {
    taken = two.arrive(two.does, two.asks, opinion, "peer:huili");
    refused = two.arrive(two.asks, two.does, cancel, "peer:chengdu");
  }
  CHECK(code_of(refused) == "task.transition");
  CHECK(refused.error->fault == fhir::Fault::conflict);
  CHECK(refused.error->say.find("'completed' cannot become 'cancelled'") != std::string::npos);
  REQUIRE(code_of(taken) == "accepted");
  CHECK(sent(two.asks, taken.message) == Places{"local:archive"});
  CHECK(two.states() == Pair{"completed", "completed"});
}

TEST_CASE("a withdrawal after the opinion is a conflict that names both states", "[workflow]") {
  Two two;
  REQUIRE(code_of(two.arrive(two.does, two.asks, two.put(two.does, "accepted"), "peer:huili")) == "accepted");
  REQUIRE(code_of(two.arrive(two.does, two.asks, two.put(two.does, "completed", output("c1")), "peer:huili")) ==
          "accepted");
  const auto late = two.put(two.asks, "cancelled");
  CHECK(code_of(late) == "task.transition");
  CHECK(late.error->fault == fhir::Fault::conflict);
}

TEST_CASE("a withdrawal of what has changed since it was read is refused", "[workflow]") {
  Two two;
  REQUIRE(code_of(two.arrive(two.does, two.asks, two.put(two.does, "accepted"), "peer:huili")) == "accepted");
  CHECK(code_of(two.put(two.asks, "cancelled", "", 1)) == "task.stale");  // If-Match
  const auto posted = two.asks.post(
      message("referral-cancel", "huili", "C1", {patient(), task("cancelled", R"(,"meta":{"versionId":"1"})")}),
      "huili", true);
  CHECK(code_of(posted) == "task.stale");
  CHECK(two.states().first == "accepted");
  CHECK(code_of(two.put(two.asks, "cancelled", "", 2)) == "accepted");
}

TEST_CASE("only the organisation that shall do it moves the Task", "[workflow]") {
  const std::string owned =
      R"(,"owner":{"identifier":{"system":"https://causeway.example/sid/organization","value":"cd3"}})";
  TestSite site(huili());
  REQUIRE(
      code_of(site.post(message("referral-request", "huili", "C1", {patient(), request(), task("requested", owned)}),
                        "huili", true)) == "accepted");
  const auto forged = site.post(message("referral-accept", "tmucih", "C1", {task("accepted", owned)}), "tmucih");
  CHECK(code_of(forged) == "task.not-yours");
  CHECK(forged.fate == Fate::refused);
}

TEST_CASE("an event that names another step than its Task takes is a conflict", "[workflow]") {
  Two two;
  const auto judged = two.asks.post(message("report", "cd3", "C1", {patient(), task("accepted")}), "cd3");
  CHECK(code_of(judged) == "task.event");
  CHECK(judged.error->fault == fhir::Fault::conflict);
  CHECK(judged.error->say == "a Task that goes from requested to accepted is told by the event referral-accept");
  CHECK(two.states().first == "requested");
}

TEST_CASE("what withdraws a referral nobody knows waits for a person", "[workflow]") {
  TestSite site(chengdu());
  const auto judged = site.post(message("referral-cancel", "huili", "C9", {patient(), task("cancelled")}), "huili");
  CHECK(code_of(judged) == "task.unknown");
  CHECK(judged.fate == Fate::held);
}

TEST_CASE("a patient goes back by a new request that is based on the first one", "[workflow]") {
  Two two;
  const auto back = [](const std::string& based) {
    return message("referral-back", "cd3", "C1", {patient(), request(based, "s2"), task("requested", "", "t2")});
  };
  CHECK(code_of(two.does.post(back(""), "cd3", true)) == "task.not-based-on");
  const auto judged = two.does.post(back(R"(,"basedOn":[{"reference":"ServiceRequest/s1"}])"), "cd3", true);
  REQUIRE(code_of(judged) == "accepted");
  REQUIRE(code_of(two.arrive(two.does, two.asks, judged, "peer:huili")) == "accepted");
  CHECK(status_of(two.asks, "Task", "t2") == "requested");
  CHECK(status_of(two.asks, "Task", "t1") == "requested");  // the first one is another
}

TEST_CASE("every step of a referral passes the intake exactly as the table says", "[workflow]") {
  const std::vector<std::string> states = {"requested",   "received", "accepted",  "on-hold",  "rejected",
                                           "in-progress", "failed",   "completed", "cancelled"};
  TestSite site(huili());
  config::Config all = huili();
  all.routes = {route("all", {}, "cd3", {"keep"}), route("own", {}, "local", {"keep"})};
  site.config = std::make_shared<const config::Config>(std::move(all));
  int number = 0;
  for (const std::string& from : states)
    for (const std::string& to : states)
      for (const bool by_owner : {true, false}) {
        CAPTURE(from, to, by_owner);
        const std::string id = "t" + std::to_string(++number), in_case = "K" + id;
        const std::string more = kReason + output("c1");
        REQUIRE(code_of(site.post(message("referral-request", "huili", in_case, {patient(), task(from, more, id)}),
                                  "huili", true)) == "accepted");
        const auto side = by_owner ? fhir::message::Side::owner : fhir::message::Side::requester;
        const auto heard = by_owner ? fhir::message::Heard::from_other : fhir::message::Heard::here;
        const auto step = fhir::message::find_transition(from, to, "", side, heard);
        const std::string event(step && from != to && !step->event.empty() ? step->event : "task-note");
        const auto judged = site.post(message(event, by_owner ? "cd3" : "huili", in_case, {task(to, more, id)}),
                                      by_owner ? "cd3" : "huili", !by_owner);
        CHECK(code_of(judged) == (step ? "accepted" : "task.transition"));
        CHECK(status_of(site, "Task", id) == (step ? step->after() : std::string_view(from)));
      }
}

// ---- appointments ---------------------------------------------------------------------------------------------------

namespace {

std::string appointment(const std::string& status) {
  return R"({"resourceType":"Appointment","id":"a1","status":")" + status +
         R"(","participant":[{"status":"accepted","actor":{"reference":"Patient/p1"}}]})";
}

}  // namespace

TEST_CASE("an appointment moves as its table allows, by either side, and what crosses ends the same at both",
          "[workflow]") {
  Two two;
  const auto notify = [](const std::string& by, const std::string& status) {
    return message("appointment-notify", by, "C1", {patient(), appointment(status)});
  };
  const auto booked = two.does.post(notify("cd3", "booked"), "cd3", true);
  REQUIRE(code_of(two.arrive(two.does, two.asks, booked, "peer:huili")) == "accepted");

  config::Config routes = huili();
  routes.routes.push_back(route("withdrawn", {"appointment-notify"}, "local", {"peer:chengdu"}));
  two.asks.config = std::make_shared<const config::Config>(std::move(routes));
  config::Config takes = chengdu();
  takes.routes.push_back(route("withdrawn", {"appointment-notify"}, "huili", {"local:archive"}));
  two.does.config = std::make_shared<const config::Config>(std::move(takes));

  const auto withdrawn = two.asks.post(notify("huili", "cancelled"), "huili", true);
  REQUIRE(code_of(withdrawn) == "accepted");
  const std::string crossing = GENERATE("booked", "arrived");
  const auto said = two.does.post(notify("cd3", crossing), "cd3", true);
  REQUIRE(code_of(said) == "accepted");
  const auto at_owner = two.arrive(two.asks, two.does, withdrawn, "peer:chengdu");
  REQUIRE(code_of(two.arrive(two.does, two.asks, said, "peer:huili")) == "accepted");
  CHECK(code_of(at_owner) == (crossing == "booked" ? "accepted" : "task.transition"));
  CHECK(status_of(two.asks, "Appointment", "a1") == (crossing == "booked" ? "cancelled" : "arrived"));
  CHECK(status_of(two.does, "Appointment", "a1") == status_of(two.asks, "Appointment", "a1"));
}

// ---- deadlines ------------------------------------------------------------------------------------------------------

namespace {

config::Config with_deadline() {
  config::Config config = huili();
  config.routes[0].answer_within = std::chrono::hours(2);
  config.routes[0].deadline = std::chrono::hours(24 * 3);
  return config;
}

constexpr store::Millis kHour = 3600 * 1000;

}  // namespace

TEST_CASE("a referral that nobody answers is told of in time, and no longer when it is answered", "[workflow]") {
  TestSite site(with_deadline());
  REQUIRE(code_of(site.post(referral(), "huili", true)) == "accepted");
  CHECK(exchange::unanswered_referrals(*site.world, *site.config).empty());
  site.clock.at += 3 * kHour;
  const auto unanswered = exchange::unanswered_referrals(*site.world, *site.config);
  REQUIRE(unanswered.size() == 1);
  CHECK(unanswered.begin()->second.count == 1);
  CHECK(unanswered.begin()->second.since == site.clock.at - kHour);
  REQUIRE(code_of(site.post(message("referral-accept", "cd3", "C1", {task("accepted")}), "cd3")) == "accepted");
  CHECK(exchange::unanswered_referrals(*site.world, *site.config).empty());
}

TEST_CASE("a referral expires at its deadline by the clock of the site that asked, once, and whoever was asked is told",
          "[workflow]") {
  TestSite site(with_deadline());
  REQUIRE(code_of(site.post(referral(), "huili", true)) == "accepted");
  site.clock.at += 71 * kHour;
  CHECK(tick(site).empty());
  site.config = std::make_shared<const config::Config>(huili());  // the route's edit does not move what was agreed
  site.clock.at += 2 * kHour;
  const auto said = tick(site);
  REQUIRE(said.size() == 1);
  CHECK(event_of(site, said[0]) == "referral-expired");
  CHECK(sent(site, said[0]) == Places{"peer:chengdu"});
  CHECK(status_of(site, "Task", "t1") == "failed");
  CHECK(stored(site, "Task", "t1").root()["businessStatus"]["coding"].at(0)["code"].text() == "expired");
  CHECK(tick(site).empty());

  SECTION("and an opinion that was on the way is kept") {
    const auto late = site.post(message("opinion-published", "cd3", "C1", {task("completed", output("c1"))}), "cd3");
    REQUIRE(code_of(late) == "accepted");
    CHECK(status_of(site, "Task", "t1") == "completed");
    CHECK(sent(site, late.message) == Places{"local:archive"});
  }
}

TEST_CASE("an answered referral does not expire before its deadline, and one with an opinion never", "[workflow]") {
  TestSite site(with_deadline());
  REQUIRE(code_of(site.post(referral(), "huili", true)) == "accepted");
  REQUIRE(code_of(site.post(message("referral-accept", "cd3", "C1", {task("accepted")}), "cd3")) == "accepted");
  REQUIRE(code_of(site.post(message("opinion-published", "cd3", "C1", {task("completed", output("c1"))}), "cd3")) ==
          "accepted");
  site.clock.at += 200 * kHour;
  CHECK(tick(site).empty());
}
