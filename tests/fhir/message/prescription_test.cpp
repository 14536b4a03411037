// The prescription's state machine (domain.md §4.4): every state with every act, legal and illegal.
#include "fhir/message/prescription.h"

#include <catch2/catch.hpp>
#include <map>
#include <set>

using namespace fhir;
using namespace fhir::message;

namespace {

using S = RxState;
using A = RxAct;

DateTime time(std::string_view text) { return DateTime::parse(text).value(); }
Decimal decimal(std::string_view text) { return Decimal::parse(text).value(); }

const DateTime kNow = time("2026-03-14T10:00:00+08:00");

// Two boxes in all, one of them supplied so far; valid to the end of the 16th; claimed until noon by `yaofang1`.
Prescription rx(S state) {
  Prescription made;
  made.state = state;
  made.valid_from = time("2026-03-14");
  made.valid_to = time("2026-03-16");
  made.items = {{"m1", {"CF1-1"}, decimal("2"), "盒", decimal("1"), Decimal{}}};
  if (state == S::claimed || state == S::dispensing) {
    made.holder = "yaofang1";
    made.claim_until = time("2026-03-14T12:00:00+08:00");
  }
  return made;
}

RxMove act(A what, std::string by = "yaofang1") {
  RxMove made{what, std::move(by), kNow, {}, time("2026-03-14T13:00:00+08:00")};
  if (what == A::dispense || what == A::take_back) made.parts = {{"m1", decimal("0.5"), "盒"}};
  if (what == A::finish) made.parts = {{"CF1-1", decimal("1"), "盒"}};
  return made;
}

std::string code_of(const Result<RxMoved>& moved) { return moved ? "legal" : moved.error().code; }

constexpr std::array kStates = {S::draft,     S::open,     S::claimed,   S::dispensing,
                                S::completed, S::rejected, S::cancelled, S::expired};
constexpr std::array kActs = {A::issue,    A::reject, A::claim,     A::release, A::time_out,
                              A::dispense, A::finish, A::take_back, A::cancel,  A::expire};

}  // namespace

// Rows: states; columns: acts. `+STATE` is what it becomes; everything else is the code of the refusal.
TEST_CASE("every act in every state is legal or refused with its code", "[prescription]") {
  // clang-format off
  const std::map<S, std::map<A, std::string>> expected = {
    {S::draft,      {{A::issue, "+open"},    {A::reject, "+rejected"},     {A::claim, "rx.not-active"},  {A::release, "rx.not-active"},  {A::time_out, "rx.not-active"},
                     {A::dispense, "rx.not-active"},  {A::finish, "rx.not-active"},  {A::take_back, "rx.not-active"},  {A::cancel, "rx.not-active"}, {A::expire, "rx.not-active"}}},
    {S::open,       {{A::issue, "rx.known"}, {A::reject, "rx.not-claimed"}, {A::claim, "+claimed"},      {A::release, "rx.not-claimed"}, {A::time_out, "rx.not-claimed"},
                     {A::dispense, "rx.not-claimed"}, {A::finish, "rx.not-claimed"}, {A::take_back, "+open"},          {A::cancel, "+cancelled"},    {A::expire, "+expired"}}},
    {S::claimed,    {{A::issue, "rx.known"}, {A::reject, "rx.claimed"},     {A::claim, "+claimed"},      {A::release, "+open"},          {A::time_out, "+open"},
                     {A::dispense, "+dispensing"},    {A::finish, "+completed"},     {A::take_back, "+claimed"},       {A::cancel, "rx.claimed"},    {A::expire, "+expired"}}},
    {S::dispensing, {{A::issue, "rx.known"}, {A::reject, "rx.claimed"},     {A::claim, "+dispensing"},   {A::release, "+open"},          {A::time_out, "+open"},
                     {A::dispense, "+dispensing"},    {A::finish, "+completed"},     {A::take_back, "+dispensing"},    {A::cancel, "rx.claimed"},    {A::expire, "+expired"}}},
    {S::completed,  {{A::issue, "rx.known"}, {A::reject, "rx.completed"},   {A::claim, "rx.completed"},  {A::release, "rx.completed"},   {A::time_out, "rx.completed"},
                     {A::dispense, "rx.completed"},   {A::finish, "rx.completed"},   {A::take_back, "+completed"},     {A::cancel, "rx.completed"},  {A::expire, "rx.completed"}}},
    {S::rejected,   {{A::issue, "rx.known"}, {A::reject, "rx.rejected"},    {A::claim, "rx.rejected"},   {A::release, "rx.rejected"},    {A::time_out, "rx.rejected"},
                     {A::dispense, "rx.rejected"},    {A::finish, "rx.rejected"},    {A::take_back, "rx.rejected"},    {A::cancel, "rx.rejected"},   {A::expire, "rx.rejected"}}},
    {S::cancelled,  {{A::issue, "rx.known"}, {A::reject, "rx.cancelled"},   {A::claim, "rx.cancelled"},  {A::release, "rx.cancelled"},   {A::time_out, "rx.cancelled"},
                     {A::dispense, "rx.cancelled"},   {A::finish, "rx.cancelled"},   {A::take_back, "+cancelled"},     {A::cancel, "rx.cancelled"},  {A::expire, "rx.cancelled"}}},
    {S::expired,    {{A::issue, "rx.known"}, {A::reject, "rx.expired"},     {A::claim, "rx.expired"},    {A::release, "rx.expired"},     {A::time_out, "rx.expired"},
                     {A::dispense, "rx.expired"},     {A::finish, "rx.expired"},     {A::take_back, "+expired"},       {A::cancel, "rx.expired"},    {A::expire, "rx.expired"}}},
  };
  // clang-format on
  for (const S state : kStates) {
    for (const A what : kActs) {
      RxMove asked = act(what);
      if (what == A::time_out) asked.at = time("2026-03-14T12:00:01+08:00");
      if (what == A::expire) asked.at = time("2026-03-17T00:00:00+08:00");
      const auto moved = move(rx(state), asked);
      INFO(to_string(state) << ", " << to_string(what));
      CHECK((moved ? "+" + std::string(to_string(moved->after.state)) : moved.error().code) ==
            expected.at(state).at(what));
      if (!moved) CHECK(moved.error().fault == Fault::conflict);
    }
  }
}

TEST_CASE("every step out of a pharmacy or the prescriber tells the other side, and no row stands twice",
          "[prescription]") {
  std::set<std::pair<S, A>> seen;
  for (const RxStep& step : prescription_steps()) {
    CHECK(seen.insert({step.from, step.act}).second);
    CHECK(step.event.empty() == (step.act == A::reject));
  }
}

TEST_CASE("only the pharmacy that holds the claim may release it, supply on it or ask again", "[prescription]") {
  for (const S state : {S::claimed, S::dispensing}) {
    for (const A what : {A::claim, A::release, A::dispense, A::finish}) {
      CHECK(code_of(move(rx(state), act(what, "yaofang2"))) == "rx.claimed");
      CHECK(code_of(move(rx(state), act(what, "yaofang1"))) == "legal");
    }
  }
}

TEST_CASE("a claim names its pharmacy and lasts until its own end", "[prescription]") {
  const auto claimed = move(rx(S::open), act(A::claim, "yaofang2"));
  REQUIRE(claimed);
  CHECK(claimed->after.holder == "yaofang2");
  CHECK(claimed->after.claim_until->text() == "2026-03-14T13:00:00+08:00");
  CHECK(code_of(move(rx(S::open), act(A::claim, ""))) == "rx.no-pharmacy");

  const auto again = move(rx(S::claimed), act(A::claim, "yaofang1"));
  REQUIRE(again);
  CHECK(again->after.claim_until->text() == "2026-03-14T12:00:00+08:00");  // asking again wins no time
}

TEST_CASE("an overdue claim keeps nobody out, and only an overdue one times out", "[prescription]") {
  RxMove late = act(A::claim, "yaofang2");
  late.at = time("2026-03-14T12:00:01+08:00");
  const auto taken = move(rx(S::claimed), late);
  REQUIRE(taken);
  CHECK(taken->after.holder == "yaofang2");
  late.act = A::cancel;
  CHECK(code_of(move(rx(S::claimed), late)) == "legal");
  CHECK(code_of(move(rx(S::claimed), act(A::time_out))) == "rx.claim-runs");
  late.act = A::dispense;
  late.by = "yaofang1";
  late.parts = {{"m1", decimal("1"), "盒"}};
  CHECK(code_of(move(rx(S::claimed), late)) == "legal");  // nobody has taken it away yet
}

TEST_CASE("partial fills add up, and never past the quantity and its repeats", "[prescription]") {
  Prescription one = rx(S::claimed);
  RxMove part = act(A::dispense);
  const auto first = move(one, part);
  REQUIRE(first);
  CHECK(first->after.items[0].supplied == decimal("1.5"));
  CHECK(first->step.to == S::dispensing);
  const auto second = move(first->after, part);
  REQUIRE(second);
  CHECK(second->step.act == A::finish);
  CHECK(second->after.state == S::completed);
  CHECK(code_of(move(second->after, part)) == "rx.completed");

  part.parts = {{"m1", decimal("1.0001"), "盒"}};
  const auto over = move(one, part);
  CHECK(code_of(over) == "rx.over-dispensed");
  CHECK(over.error().fault == Fault::conflict);
  part.parts = {{"m1", decimal("0.6"), "盒"}, {"m1", decimal("0.6"), "盒"}};  // also inside one message
  CHECK(code_of(move(one, part)) == "rx.over-dispensed");
}

TEST_CASE("a prescription of two drugs is complete when both are", "[prescription]") {
  Prescription two = rx(S::claimed);
  two.items.push_back({"m2", {"CF1-2"}, decimal("3"), "片", Decimal{}, Decimal{}});
  RxMove part = act(A::dispense);
  part.parts = {{"m1", decimal("1"), "盒"}};
  const auto half = move(two, part);
  REQUIRE(half);
  CHECK(half->after.state == S::dispensing);
  part.parts = {{"CF1-2", decimal("3"), "片"}};
  CHECK(move(half->after, part)->after.state == S::completed);
}

TEST_CASE("what cannot be added up is not supplied", "[prescription]") {
  const auto [parts, code] = GENERATE(table<std::vector<RxPart>, std::string>({
      {{}, "rx.no-parts"},
      {{{"m9", decimal("1"), "盒"}}, "rx.unknown-item"},
      {{{"m1", decimal("0"), "盒"}}, "rx.quantity"},
      {{{"m1", decimal("-1"), "盒"}}, "rx.quantity"},
      {{{"m1", {}, "盒"}}, "rx.quantity"},
      {{{"m1", decimal("1"), "片"}}, "rx.unit"},
      {{{"m1", decimal("1"), ""}}, "rx.unit"},
  }));
  RxMove part = act(A::dispense);
  part.parts = parts;
  CHECK(code_of(move(rx(S::claimed), part)) == code);
}

TEST_CASE("without a quantity on the prescription nothing may be supplied", "[prescription]") {
  Prescription unsaid = rx(S::claimed);
  unsaid.items[0].allowed.reset();
  CHECK(code_of(move(unsaid, act(A::dispense))) == "rx.over-dispensed");
}

TEST_CASE("goods that come back are noted beside what was supplied, and never more than that", "[prescription]") {
  const auto back = move(rx(S::completed), act(A::take_back, "yaofang1"));
  REQUIRE(back);
  CHECK(back->after.items[0].supplied == decimal("1"));
  CHECK(back->after.items[0].returned == decimal("0.5"));
  CHECK(back->after.state == S::completed);
  CHECK(back->step.event == "dispense-return");
  RxMove much = act(A::take_back);
  much.parts = {{"m1", decimal("0.6"), "盒"}};
  CHECK(code_of(move(back->after, much)) == "rx.over-returned");
}

TEST_CASE("a day of validity lasts to its end, and nothing is supplied outside it", "[prescription]") {
  const auto [at, what, code] = GENERATE(table<std::string, A, std::string>({
      {"2026-03-16T23:59:59+08:00", A::claim, "legal"},
      {"2026-03-17T00:00:00+08:00", A::claim, "rx.expired"},
      {"2026-03-13T23:59:59+08:00", A::claim, "rx.not-yet"},
      {"2026-03-16T23:59:59+08:00", A::expire, "rx.still-valid"},
      {"2026-03-17T00:00:00+08:00", A::cancel, "legal"},
      {"2026-03-17T00:00:00+08:00", A::take_back, "legal"},
  }));
  RxMove late = act(what);
  late.at = time(at);
  CHECK(code_of(move(rx(S::open), late)) == code);
  late.act = A::dispense;
  late.parts = {{"m1", decimal("1"), "盒"}};
  if (what == A::claim) CHECK(code_of(move(rx(S::claimed), late)) == code);
}

TEST_CASE("the resources say what the prescription is", "[prescription]") {
  const auto task = Json::parse(R"({"resourceType":"Task","status":"in-progress",
      "owner":{"identifier":{"system":"s","value":"yaofang1"}},"restriction":{"period":{"end":"2026-03-14T12:00:00+08:00"}}})");
  const auto request = Json::parse(R"({"resourceType":"MedicationRequest","id":"m1","status":"active",
      "identifier":[{"value":"CF1-1"}],"dispenseRequest":{"quantity":{"value":1.50,"unit":"盒","code":"{box}"},
      "numberOfRepeatsAllowed":2,"validityPeriod":{"start":"2026-03-14","end":"2026-03-16"}}})");
  const auto by_number = Json::parse(R"({"authorizingPrescription":[{"identifier":{"value":"CF1-1"}}],
      "quantity":{"value":1.5,"code":"{box}"}})");
  const auto by_id = Json::parse(R"({"authorizingPrescription":[{"reference":"https://x/fhir/MedicationRequest/m1"}],
      "quantity":{"value":1,"code":"{box}"}})");
  const auto back = Json::parse(R"({"authorizingPrescription":[{"reference":"MedicationRequest/m1"}],
      "type":{"coding":[{"system":"https://causeway.example/CodeSystem/dispense-type","code":"return"}]},
      "quantity":{"value":0.5,"code":"{box}"}})");
  REQUIRE((task && request && by_number && by_id && back));
  const std::array requests{request->root()};
  const std::array dispenses{by_number->root(), by_id->root(), back->root()};
  const auto read = read_prescription(task->root(), requests, dispenses);
  REQUIRE(read);
  CHECK(read->state == S::dispensing);
  CHECK(read->holder == "s|yaofang1");
  CHECK(read->claim_until->text() == "2026-03-14T12:00:00+08:00");
  CHECK(read->valid_to->text() == "2026-03-16");
  REQUIRE(read->items.size() == 1);
  CHECK(*read->items[0].allowed == decimal("4.5"));
  CHECK(read->items[0].supplied == decimal("2.5"));
  CHECK(read->items[0].returned == decimal("0.5"));
  CHECK(read->items[0].unit == "{box}");
}

TEST_CASE("a prescription with an item that is still a draft is one, and foreign states are not guessed",
          "[prescription]") {
  const auto task = Json::parse(R"({"status":"requested"})"), odd = Json::parse(R"({"status":"on-hold"})");
  const auto draft = Json::parse(R"({"id":"m1","status":"draft"})");
  REQUIRE((task && odd && draft));
  const std::array requests{draft->root()};
  CHECK(read_prescription(task->root(), requests, {})->state == S::draft);
  CHECK(read_prescription(odd->root(), requests, {}).error().code == "rx.task-status");
  CHECK_FALSE(read_part(draft->root()));
}
