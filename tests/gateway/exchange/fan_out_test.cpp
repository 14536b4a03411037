// One referral asked of several sites (gateway/exchange/fan_out.h).
#include "gateway/exchange/fan_out.h"

#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "fhir/message/fan_out.h"
#include "tests/gateway/exchange/workflow_support.h"

using namespace gateway;
using namespace gateway::test;
using Places = std::vector<std::string>;

namespace {

constexpr store::Millis kHour = 3600 * 1000;
const std::vector<std::string> kAnswer = {"referral-accept", "referral-reject", "opinion-published"};

config::Config asks_three() {
  config::Config config = hainan();
  config.organization = {"huili", "Huili", "", "CN", "Huili"};
  config.peers = {peer("chengdu", "cd3"), peer("tianjin", "tmucih"), peer("beijing", "bjch")};
  config.routes = {route("ask", {"referral-request"}, "local", {"peer:chengdu", "peer:tianjin", "peer:beijing"}),
                   route("settled", {"referral-settled"}, "local", {"local:archive"}),
                   route("answers", kAnswer, "cd3", {"local:archive"})};
  config.routes[0].fan_out = config::FanOut{2, std::chrono::hours(72)};
  config.routes[2].from = {"cd3", "tmucih", "bjch"};
  return config;
}

struct Asked {
  TestSite site{asks_three()};
  store::Id message = 0;

  Asked() {
    const auto judged = site.post(
        test::message("referral-request", "huili", "C1", {patient(), request(), task("requested")}), "huili", true);
    REQUIRE(code_of(judged) == "accepted");
    message = judged.message;
  }

  /// The part of one organisation, as it was sent there.
  fhir::Json part_at(const std::string& name) {
    const auto bundle = fhir::Json::parse(bytes_for(site, message, "peer:" + name));
    REQUIRE(bundle);
    const auto tasks = fhir::message::all(bundle->root(), "Task");
    REQUIRE(tasks.size() == 1);
    auto json = fhir::Json::parse(tasks[0].dump());
    REQUIRE(json);
    return *std::move(json);
  }
  std::string part_id(const std::string& name) { return std::string(part_at(name).root()["id"].text()); }

  exchange::Judgement say(const std::string& organization, const std::string& name, const std::string& event,
                          const std::string& status, const std::string& more = "") {
    fhir::JsonTree told = fhir::JsonTree::from(part_at(name).root());
    const auto said = fhir::Json::parse(task(status, more));
    for (const char* member : {"status", "statusReason", "output"})
      if (said->root()[member]) told.set(member, fhir::JsonTree::from(said->root()[member]));
    return site.post(test::message(event, organization, "C1", {told.dump()}), organization);
  }
  void opinion(const std::string& organization, const std::string& name, const std::string& id) {
    REQUIRE(code_of(say(organization, name, "referral-accept", "accepted")) == "accepted");
    REQUIRE(code_of(say(organization, name, "opinion-published", "completed", output(id))) == "accepted");
  }
  std::string outputs() { return stored(site, "Task", "t1").root()["output"].dump(); }
};

}  // namespace

TEST_CASE("when a referral asked of several sites is settled follows its quorum and its deadline", "[workflow]") {
  using fhir::message::settle;
  using Parts = std::vector<std::string_view>;
  CHECK(settle("requested", 2, false, Parts{"completed", "requested", "accepted"}) == "requested");
  CHECK(settle("requested", 2, false, Parts{"completed", "completed", "requested"}) == "completed");
  CHECK(settle("requested", 2, true, Parts{"completed", "requested", "accepted"}) == "failed");
  CHECK(settle("requested", 2, true, Parts{"completed", "completed", "accepted"}) == "completed");
  CHECK(settle("requested", 2, false, Parts{"completed", "rejected", "rejected"}) == "failed");
  CHECK(settle("cancelled", 1, true, Parts{"completed"}) == "cancelled");
  CHECK(settle("failed", 1, true, Parts{"completed"}) == "failed");
}

TEST_CASE("each site asked gets a Task of its own and sees no other's", "[workflow]") {
  Asked asked;
  CHECK(sent(asked.site, asked.message) == Places{"peer:beijing", "peer:chengdu", "peer:tianjin"});
  std::set<std::string> ids;
  for (const auto& [name, organization] :
       {std::pair{"chengdu", "cd3"}, std::pair{"tianjin", "tmucih"}, std::pair{"beijing", "bjch"}}) {
    const auto part = asked.part_at(name);
    CHECK(exchange::owner_of(part.root()) == organization);
    CHECK(part.root()["partOf"].at(0)["identifier"]["value"].text() == "t1");
    CHECK(part.root()["restriction"]["period"]["end"].text() == "2026-03-13T09:30:15.000+08:00");
    ids.insert(asked.part_id(name));
  }
  CHECK(ids.size() == 3);
  CHECK(bytes_for(asked.site, asked.message, "peer:chengdu").find("tmucih") == std::string::npos);
}

TEST_CASE("the whole is answered when the quorum is there, each opinion kept, also one that contradicts",
          "[workflow]") {
  Asked asked;
  asked.opinion("cd3", "chengdu", "yes");
  CHECK(tick(asked.site).empty());
  asked.opinion("bjch", "beijing", "no");
  const auto said = tick(asked.site);
  REQUIRE(said.size() == 1);
  CHECK(event_of(asked.site, said[0]) == "referral-settled");
  CHECK(sent(asked.site, said[0]) == Places{"local:archive"});
  CHECK(status_of(asked.site, "Task", "t1") == "completed");
  CHECK(asked.outputs().find("Composition/yes") != std::string::npos);
  CHECK(asked.outputs().find("Composition/no") != std::string::npos);
  CHECK(tick(asked.site).empty());

  SECTION("and a late one is added") {
    asked.opinion("tmucih", "tianjin", "late");
    REQUIRE(tick(asked.site).size() == 1);
    CHECK(asked.outputs().find("Composition/late") != std::string::npos);
    CHECK(asked.outputs().find("Composition/yes") != std::string::npos);
    CHECK(tick(asked.site).empty());
  }
}

TEST_CASE("at the deadline it ends with what is there, the open parts expire, and a late opinion is still kept",
          "[workflow]") {
  Asked asked;
  asked.opinion("cd3", "chengdu", "one");
  asked.site.clock.at += 73 * kHour;
  const auto said = tick(asked.site);
  std::map<std::string, int> events;
  for (const auto id : said) ++events[event_of(asked.site, id)];
  CHECK(events["referral-expired"] == 2);
  CHECK(events["referral-settled"] == 1);
  CHECK(status_of(asked.site, "Task", "t1") == "failed");
  CHECK(asked.outputs().find("Composition/one") != std::string::npos);
  for (const auto id : said)
    if (event_of(asked.site, id) == "referral-expired") CHECK(sent(asked.site, id).size() == 1);  // its own site
  while (!tick(asked.site).empty()) {
  }
  asked.opinion("tmucih", "tianjin", "late");
  CHECK(status_of(asked.site, "Task", asked.part_id("tianjin")) == "completed");
  REQUIRE(tick(asked.site).size() == 1);
  CHECK(asked.outputs().find("Composition/late") != std::string::npos);
  CHECK(status_of(asked.site, "Task", "t1") == "failed");
}

TEST_CASE("it ends when everybody has declined, without waiting for the deadline", "[workflow]") {
  Asked asked;
  REQUIRE(code_of(asked.say("cd3", "chengdu", "referral-reject", "rejected", kReason)) == "accepted");
  REQUIRE(code_of(asked.say("bjch", "beijing", "referral-reject", "rejected", kReason)) == "accepted");
  CHECK(tick(asked.site).empty());
  REQUIRE(code_of(asked.say("tmucih", "tianjin", "referral-reject", "rejected", kReason)) == "accepted");
  REQUIRE(tick(asked.site).size() == 1);
  CHECK(status_of(asked.site, "Task", "t1") == "failed");
}

TEST_CASE("withdrawing the whole withdraws the open parts, each at its own site", "[workflow]") {
  Asked asked;
  asked.opinion("cd3", "chengdu", "one");
  const auto json = stored(asked.site, "Task", "t1");
  fhir::JsonTree cancelled = fhir::JsonTree::from(json.root());
  cancelled.set("status", "cancelled");
  const auto judged =
      asked.site.post(test::message("referral-cancel", "huili", "C1", {cancelled.dump()}), "huili", true);
  REQUIRE(code_of(judged) == "accepted");
  CHECK(sent(asked.site, judged.message).empty());
  Places told;
  for (const auto id : tick(asked.site)) {
    if (event_of(asked.site, id) != "referral-cancel") continue;
    const auto to = sent(asked.site, id);
    told.insert(told.end(), to.begin(), to.end());
  }
  std::ranges::sort(told);
  CHECK(told == Places{"peer:beijing", "peer:tianjin"});
  CHECK(status_of(asked.site, "Task", asked.part_id("tianjin")) == "cancelled");
  CHECK(status_of(asked.site, "Task", asked.part_id("chengdu")) == "completed");
  CHECK(status_of(asked.site, "Task", "t1") == "cancelled");
}

TEST_CASE("a site that may not get it delays nobody else", "[workflow]") {
  config::Config config = asks_three();
  config.peers[2].organization.jurisdiction = "HK";
  config.peers[2].profile = "P2";
  TestSite site(std::move(config));
  const auto judged = site.post(
      test::message("referral-request", "huili", "C1", {patient(), request(), task("requested")}), "huili", true);
  REQUIRE(code_of(judged) == "accepted");
  CHECK(sent(site, judged.message) == Places{"peer:beijing-held", "peer:chengdu", "peer:tianjin"});
}

TEST_CASE("nobody but the gateway's own clock says that a referral is settled", "[workflow]") {
  Asked asked;
  for (const auto& [who, staff] : {std::pair{"cd3", false}, std::pair{"huili", true}}) {
    const auto judged =
        asked.site.post(test::message("referral-settled", who, "C1", {task("completed", output("x"))}), who, staff);
    CHECK(code_of(judged) == "task.not-yours");
  }
  CHECK(status_of(asked.site, "Task", "t1") == "requested");
}
