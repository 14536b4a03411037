// The referral's state machine (domain.md §4.2).
#include "fhir/message/workflow.h"

#include <catch2/catch.hpp>

using namespace fhir;
using namespace fhir::message;

namespace {

Json parse(std::string text) {
  auto json = Json::parse(std::move(text));
  REQUIRE(json);
  return std::move(*json);
}

std::string task(std::string_view status, std::string_view more = "") {
  return R"({"resourceType":"Task","id":"t1","intent":"order","status":")" + std::string(status) +
         R"(","focus":{"reference":"ServiceRequest/s1"},"for":{"reference":"Patient/p1"})" + std::string(more) + "}";
}

Result<Transition> change(std::string stored, std::string update, Side side = Side::owner) {
  const Json before = parse(std::move(stored)), after = parse(std::move(update));
  return change_task(before.root(), after.root(), side);
}

constexpr const char* kReason = R"(,"statusReason":{"text":"no slot"})";
constexpr const char* kOutput =
    R"(,"output":[{"type":{"text":"opinion"},"valueReference":{"reference":"Composition/c1"}}])";
constexpr const char* kScheduled = R"(,"businessStatus":{"coding":[{"code":"scheduled"}]})";

}  // namespace

TEST_CASE("the way of a referral to its opinion is legal, step by step, and tells the other side", "[workflow]") {
  const auto [from, to, event, request] = GENERATE(table<std::string, std::string, std::string, std::string>({
      {task("requested"), task("received"), "referral-received", "active"},
      {task("requested"), task("accepted"), "referral-accept", "active"},
      {task("received"), task("accepted"), "referral-accept", "active"},
      {task("received"), task("rejected", kReason), "referral-reject", "active"},
      {task("received"), task("on-hold", kReason), "info-request", "active"},
      {task("accepted"), task("accepted", kScheduled), "appointment-notify", "active"},
      {task("accepted"), task("in-progress"), "encounter-start", "active"},
      {task("in-progress"), task("completed", kOutput), "opinion-published", "completed"},
      {task("accepted"), task("completed", kOutput), "opinion-published", "completed"},
  }));
  const auto step = change(from, to);
  REQUIRE(step);
  CHECK(step->event == event);
  CHECK(step->request == request);
}

TEST_CASE("the requester cancels and supplies, the owner does not", "[workflow]") {
  CHECK(change(task("accepted"), task("cancelled"), Side::requester)->event == "referral-cancel");
  CHECK(change(task("on-hold"), task("received"), Side::requester)->event == "info-supplied");
  CHECK_FALSE(change(task("accepted"), task("cancelled"), Side::owner));
  CHECK_FALSE(change(task("requested"), task("accepted"), Side::requester));
}

TEST_CASE("an illegal step is a conflict that names both states and what is allowed", "[workflow]") {
  const auto step = change(task("completed", kOutput), task("accepted", kOutput));
  REQUIRE_FALSE(step);
  CHECK(step.error().fault == Fault::conflict);
  CHECK(step.error().where == "Task.status");
  CHECK(step.error().say ==
        "a Task that is 'completed' cannot become 'accepted' by the owner; allowed from here: completed");
  const auto late = change(task("completed", kOutput), task("cancelled", kOutput), Side::requester);
  REQUIRE_FALSE(late);
  CHECK(late.error().say.ends_with("nothing: the state is final"));
}

TEST_CASE("nothing leads out of a final state but an amended opinion", "[workflow]") {
  for (const char* final_state : {"rejected", "cancelled", "failed", "entered-in-error"}) {
    CHECK(allowed_from(final_state, Side::owner).empty());
    CHECK(allowed_from(final_state, Side::requester).empty());
  }
  CHECK(allowed_from("completed", Side::owner) == std::vector<std::string_view>{"completed"});
}

TEST_CASE("a status that R4 does not know is invalid and is not repeated to anybody", "[workflow]") {
  const auto step = change(task("requested"), task("S3CRET"));
  REQUIRE_FALSE(step);
  CHECK(step.error().fault == Fault::invalid);
  CHECK(to_string(step.error()).find("S3CRET") == std::string::npos);
  CHECK_FALSE(change(task("requested"), R"({"resourceType":"Task","id":"t1","status":7})"));
}

TEST_CASE("a refusal needs a reason and an opinion an output", "[workflow]") {
  CHECK(change(task("received"), task("rejected")).error().code == "task.reason-missing");
  CHECK(change(task("accepted"), task("completed")).error().code == "task.output-missing");
  CHECK(change(task("accepted"), task("completed", R"(,"output":[])")).error().code == "task.output-missing");
}

TEST_CASE("who the Task is for and about cannot be changed by a PUT", "[workflow]") {
  const std::string other_patient = R"({"resourceType":"Task","id":"t1","intent":"order","status":"accepted",
      "focus":{"reference":"ServiceRequest/s1"},"for":{"reference":"Patient/p2"}})";
  const auto step = change(task("received"), other_patient);
  REQUIRE_FALSE(step);
  CHECK(step.error().fault == Fault::conflict);
  CHECK(step.error().where == "Task.for");

  CHECK(change(task("received"), task("accepted", R"(,"owner":{"reference":"Organization/x"})")).error().where ==
        "Task.owner");
  CHECK(change(task("received", R"(,"requester":{"display":"d"})"), task("accepted")).error().where ==
        "Task.requester");
  CHECK(change(task("received"), task("accepted", R"(,"4690 x":1)")).error().where == "Task");
}

TEST_CASE("member order, notes and the time of the change are no change of identity", "[workflow]") {
  const auto step = change(task("received"), R"({"status":"accepted","for":{"reference":"Patient/p1"},"id":"t1",
      "focus":{"reference":"ServiceRequest/s1"},"note":[{"text":"ok"}],"lastModified":"2026-03-13T06:00:00Z",
      "intent":"order","resourceType":"Task","meta":{"versionId":"9"}})");
  CHECK(step);
}

TEST_CASE("inside one state only news are told, so a repeated PUT tells nothing", "[workflow]") {
  CHECK(change(task("accepted", kScheduled), task("accepted", kScheduled))->event.empty());
  CHECK(
      change(task("accepted", kScheduled),
             task("accepted", std::string(kScheduled) + R"(,"executionPeriod":{"start":"2026-03-16T20:00:00+08:00"})"))
          ->event == "appointment-notify");
  CHECK(change(task("completed", kOutput), task("completed", kOutput))->event.empty());
  CHECK(change(task("completed", kOutput),
               task("completed",
                    R"(,"output":[{"type":{"text":"opinion"},"valueReference":{"reference":"Composition/c2"}}])"))
            ->event == "opinion-amended");
}
