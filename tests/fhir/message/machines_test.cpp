// The state machines pair by pair, generated from their tables; what crosses on the way; and docs/WORKFLOWS.md.
#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <tuple>

#include "fhir/message/appointment.h"
#include "fhir/message/prescription.h"
#include "fhir/message/report.h"
#include "fhir/message/workflow.h"

using namespace fhir;
using namespace fhir::message;

namespace {

struct Named {
  std::string name;
  const Machine* machine;
};

std::vector<Named> machines() {
  return {{"Referral", &referral_machine()}, {"Appointment", &appointment_machine()}, {"Report", &report_machine()}};
}

std::set<std::string> business_of(const Machine& machine) {
  std::set<std::string> all{"", "something-else"};
  for (const Transition& row : machine.rows) all.emplace(row.business);
  return all;
}

// Said anew and simpler than find_step(): is there any row for it?
const Transition* expected(const Machine& machine, std::string_view from, std::string_view to,
                           std::string_view business, Side by, Heard heard) {
  const Transition* found = nullptr;
  for (const Transition& row : machine.rows) {
    if (row.from != from || row.to != to || row.by != by) continue;
    if (row.crossing != Crossing::none && heard == Heard::here) continue;
    if (!row.business.empty() && row.business != business) continue;
    if (found == nullptr || (found->business.empty() && !row.business.empty())) found = &row;
  }
  return found;
}

}  // namespace

TEST_CASE("every pair of states, by either side, is legal exactly when the table has a row for it", "[workflow]") {
  for (const auto& [name, machine] : machines()) {
    std::size_t legal = 0, illegal = 0;
    for (const std::string_view from : machine->statuses)
      for (const std::string_view to : machine->statuses)
        for (const Side by : {Side::requester, Side::owner})
          for (const Heard heard : {Heard::here, Heard::from_other})
            for (const std::string& business : business_of(*machine)) {
              CAPTURE(name, from, to, business, by == Side::owner, heard == Heard::here);
              const auto step = find_step(*machine, from, to, business, by, heard);
              const Transition* row = expected(*machine, from, to, business, by, heard);
              REQUIRE(step.has_value() == (row != nullptr));
              if (row != nullptr) {
                CHECK(step->event == row->event);
                CHECK(step->after() == row->after());
                ++legal;
                continue;
              }
              ++illegal;
              CHECK(step.error().fault == Fault::conflict);
              CHECK(step.error().where == machine->element);
              CHECK(step.error().say.find("'" + std::string(from) + "'") != std::string::npos);
              CHECK(step.error().say.find("'" + std::string(to) + "'") != std::string::npos);
              for (const std::string_view next : allowed_from(*machine, from, by))
                CHECK(step.error().say.find(next) != std::string::npos);
            }
    CHECK(legal > 0);
    CHECK(illegal > legal);
  }
}

TEST_CASE("no table has a row twice, and a row with a business status stands before the row for any other",
          "[workflow]") {
  for (const auto& [name, machine] : machines()) {
    std::set<std::tuple<std::string_view, std::string_view, std::string_view, Side>> seen;
    for (const Transition& row : machine->rows) {
      CAPTURE(name, row.from, row.to, row.business);
      CHECK(seen.insert({row.from, row.to, row.business, row.by}).second);
      CHECK((row.business.empty() || !seen.contains({row.from, row.to, "", row.by})));
      CHECK(std::ranges::find(machine->statuses, row.from) != machine->statuses.end());
      CHECK(std::ranges::find(machine->statuses, row.to) != machine->statuses.end());
    }
  }
}

TEST_CASE("every transition to another state emits its event, but a draft that is thrown away", "[workflow]") {
  for (const auto& [name, machine] : machines()) {
    for (const Transition& row : machine->rows) {
      CAPTURE(name, row.from, row.to);
      const bool unseen = row.from == "draft" && row.to == "cancelled";
      if (row.from != row.to && !unseen) CHECK_FALSE(row.event.empty());
    }
  }
}

namespace {

// Two sites that hold the same thing, and what is on the way between them.
struct World {
  std::string asked, does;  // the state as the requester's site has it, and the owner's
  std::vector<std::pair<std::string, std::string>> to_owner, to_requester;  // (status, business) on the way, in order
  auto operator<=>(const World&) const = default;
};

class Interleavings {
 public:
  explicit Interleavings(const Machine& machine) : machine_(machine) {}

  void explore(const World& world) {
    if (!seen_.insert(world).second) return;
    if (world.to_owner.empty() && world.to_requester.empty()) {
      INFO("asked: " << world.asked << ", does: " << world.does);
      // Asked again while the first answer was on the way: whatever either says next brings both together.
      const bool asked_again = world.asked == "on-hold" && world.does == "received";
      CHECK((world.asked == world.does || asked_again));
      ++quiet_;
    }
    act(world, Side::requester);
    act(world, Side::owner);
    if (!world.to_owner.empty()) arrive(world, Side::requester);
    if (!world.to_requester.empty()) arrive(world, Side::owner);
  }
  std::size_t quiet() const { return quiet_; }
  std::size_t refused() const { return refused_; }

 private:
  static constexpr std::size_t kOnTheWay = 2;  // messages one way at most

  void act(const World& world, Side by) {
    const std::string& here = by == Side::owner ? world.does : world.asked;
    for (const Transition& row : machine_.rows) {
      const bool possible = row.from == here && row.by == by && row.crossing == Crossing::none && !row.event.empty();
      World next = world;
      auto& way = by == Side::owner ? next.to_requester : next.to_owner;
      if (!possible || way.size() == kOnTheWay) continue;
      (by == Side::owner ? next.does : next.asked) = row.to;
      way.emplace_back(row.to, row.business);
      explore(next);
    }
  }

  void arrive(const World& world, Side by) {
    World next = world;
    auto& way = by == Side::owner ? next.to_requester : next.to_owner;
    std::string& here = by == Side::owner ? next.asked : next.does;
    const auto [status, business] = way.front();
    way.erase(way.begin());
    const auto step = find_step(machine_, here, status, business, by, Heard::from_other);
    if (step)
      here = step->after();
    else
      ++refused_;
    explore(next);
  }

  const Machine& machine_;
  std::set<World> seen_;
  std::size_t quiet_ = 0, refused_ = 0;
};

}  // namespace

TEST_CASE("whatever crosses on the way, both sites come to the same state in every order", "[workflow]") {
  Interleavings referral(referral_machine());
  referral.explore({"requested", "requested", {}, {}});
  CHECK(referral.quiet() > 5);
  CHECK(referral.refused() > 0);  // a withdrawal after the opinion is refused, not lost: its sender is told

  Interleavings appointment(appointment_machine());
  appointment.explore({"proposed", "proposed", {}, {}});
  CHECK(appointment.quiet() > 5);
}

TEST_CASE("a withdrawal that crosses an acceptance stands, one that crosses the opinion is refused", "[workflow]") {
  const auto other = [](std::string_view from, std::string_view to, Side by) {
    return find_transition(from, to, "", by, Heard::from_other);
  };
  CHECK(other("accepted", "cancelled", Side::requester)->after() == "cancelled");  // at the owner's site
  CHECK(other("cancelled", "accepted", Side::owner)->after() == "cancelled");      // at the requester's
  CHECK(other("completed", "cancelled", Side::requester).error().fault == Fault::conflict);
  CHECK(other("cancelled", "completed", Side::owner)->after() == "completed");
  CHECK_FALSE(find_transition("cancelled", "completed", "", Side::owner));  // never as a step of its own
}

// ---- reports --------------------------------------------------------------------------------------------------------

namespace {

Json report(const std::string& status, const std::string& issued = "") {
  auto json = Json::parse(R"({"resourceType":"DiagnosticReport","id":"r1","status":")" + status + "\"" +
                          (issued.empty() ? "" : R"(,"issued":")" + issued + "\"") + "}");
  REQUIRE(json);
  return *std::move(json);
}

Result<ReportStep> step(const Json& stored, const Json& update) {
  return report_step(stored.root(), update.root(), {});
}

}  // namespace

TEST_CASE("a final report never goes back, and the refusal names both states and what is allowed", "[workflow]") {
  for (const char* final_state : {"final", "amended", "corrected", "appended"})
    for (const char* earlier : {"registered", "partial", "preliminary", "unknown"}) {
      const auto refused = step(report(final_state), report(earlier));
      REQUIRE_FALSE(refused);
      CHECK(refused.error().fault == Fault::conflict);
      CHECK(refused.error().code == "report.transition");
    }
  CHECK(step(report("final"), report("preliminary")).error().say ==
        "a report that is 'final' cannot become 'preliminary' by the owner; allowed from here: final, amended, "
        "corrected, appended, cancelled, entered-in-error");
}

TEST_CASE("a report that has been out and is cancelled is withdrawn, one that has not is cancelled", "[workflow]") {
  for (const char* out : {"final", "amended", "corrected", "appended"}) {
    const auto withdrawn = step(report(out), report("cancelled"));
    REQUIRE(withdrawn);
    CHECK(withdrawn->news == ReportNews::withdrawal);
    CHECK(withdrawn->status == "entered-in-error");
  }
  CHECK(step(report("registered"), report("cancelled"))->status == "cancelled");
  CHECK(step(report("partial"), report("cancelled"))->news == ReportNews::progress);
}

TEST_CASE("a report whose results are all wrong is withdrawn, whatever its own status says", "[workflow]") {
  const auto wrong = Json::parse(R"({"resourceType":"Observation","status":"entered-in-error"})");
  const auto right = Json::parse(R"({"resourceType":"Observation","status":"corrected"})");
  REQUIRE((wrong && right));
  const Json before = report("final"), update = report("corrected");
  CHECK(report_step(before.root(), update.root(), {wrong->root(), wrong->root()})->news == ReportNews::withdrawal);
  CHECK(report_step(before.root(), update.root(), {wrong->root(), right->root()})->news == ReportNews::correction);
  CHECK(*first_status(update.root(), {wrong->root()}) == "entered-in-error");
}

TEST_CASE("what was issued before the version that is known is outdated, in whatever zone the times are",
          "[workflow]") {
  const Json known = report("corrected", "2026-03-10T11:00:00+08:00");
  CHECK(step(known, report("final", "2026-03-10T02:26:00Z"))->news == ReportNews::outdated);
  CHECK(step(known, report("final", "2026-03-10T02:26:00Z"))->status == "corrected");
  CHECK(step(known, report("corrected", "2026-03-10T03:00:00Z"))->news == ReportNews::correction);  // the same moment
  CHECK_FALSE(step(known, report("final", "2026-03-10T04:00:00Z")));
  CHECK_FALSE(step(known, report("final")));  // nobody knows which is older
}

TEST_CASE("a status that a report cannot have is invalid", "[workflow]") {
  CHECK(step(report("final"), report("S3CRET")).error().fault == Fault::invalid);
  CHECK(to_string(step(report("final"), report("S3CRET")).error()).find("S3CRET") == std::string::npos);
}

// ---- prescriptions --------------------------------------------------------------------------------------------------

namespace {

constexpr RxState kRxStates[] = {RxState::draft,     RxState::open,     RxState::claimed,   RxState::dispensing,
                                 RxState::completed, RxState::rejected, RxState::cancelled, RxState::expired};
constexpr RxAct kRxActs[] = {RxAct::issue,    RxAct::reject, RxAct::claim,  RxAct::release,   RxAct::time_out,
                             RxAct::dispense, RxAct::finish, RxAct::cancel, RxAct::take_back, RxAct::expire};

// Such a prescription that time and amounts never stand against the act: only the state and who acts do.
Prescription prescription_for(RxState state, RxAct act) {
  Prescription rx;
  rx.state = state;
  rx.holder = "pharmacy-1";
  rx.valid_from = DateTime::parse("2026-03-01T00:00:00Z");
  rx.valid_to = DateTime::parse(act == RxAct::expire ? "2026-03-09T00:00:00Z" : "2026-03-20T00:00:00Z");
  rx.claim_until = DateTime::parse(act == RxAct::time_out ? "2026-03-09T00:00:00Z" : "2026-03-20T00:00:00Z");
  rx.items = {{"m1", {}, Decimal(10), "box", Decimal(4), Decimal(0)}};
  return rx;
}

RxMove act_of(RxAct act, const std::string& by) {
  RxMove move{act, by, *DateTime::parse("2026-03-10T00:00:00Z"), {}, {}};
  const bool all = act == RxAct::finish;
  if (all || act == RxAct::dispense || act == RxAct::take_back) move.parts = {{"m1", Decimal(all ? 6 : 2), "box"}};
  return move;
}

}  // namespace

TEST_CASE("every act on a prescription in every state, by its holder and by another, follows the table", "[workflow]") {
  for (const RxState state : kRxStates)
    for (const RxAct act : kRxActs)
      for (const std::string by : {"pharmacy-1", "pharmacy-2"}) {
        CAPTURE(to_string(state), to_string(act), by);
        const auto rows = prescription_steps();
        const auto row = std::ranges::find_if(rows, [&](const RxStep& s) { return s.from == state && s.act == act; });
        const bool legal = row != rows.end() && (!row->holder || by == "pharmacy-1");
        const auto moved = move(prescription_for(state, act), act_of(act, by));
        REQUIRE(moved.has_value() == legal);
        if (!legal) {
          CHECK(moved.error().fault == Fault::conflict);
          continue;
        }
        CHECK(moved->after.state == row->to);
        CHECK(moved->step.event == row->event);
      }
}

// ---- the document ---------------------------------------------------------------------------------------------------

namespace {

std::string_view crossing_text(Crossing crossing) {
  if (crossing == Crossing::moves) return "crossed on the way: follows";
  return crossing == Crossing::stays ? "crossed on the way: kept, the state stays" : "";
}

std::string document_of(const Named& named) {
  std::string text = "| from | to | business status | by | event | needs, remarks |\n|---|---|---|---|---|---|\n";
  for (const Transition& row : named.machine->rows) {
    std::string remark = row.reason ? "a reason" : row.output ? "an output" : "";
    const std::string_view crossing = crossing_text(row.crossing);
    if (!remark.empty() && !crossing.empty()) remark += "; ";
    text += "| " + std::string(row.from) + " | " + std::string(row.to) + " | " + std::string(row.business) + " | " +
            (row.by == Side::owner ? "owner" : "requester") + " | " + std::string(row.event) + " | " + remark +
            std::string(crossing) + " |\n";
  }
  return text;
}

std::string document_of_prescriptions() {
  std::string text = "| from | act | to | event | by |\n|---|---|---|---|---|\n";
  for (const RxStep& step : prescription_steps()) {
    text += "| " + std::string(to_string(step.from)) + " | " + std::string(to_string(step.act)) + " | " +
            std::string(to_string(step.to)) + " | " + std::string(step.event) + " | " +
            (step.holder ? "its holder" : "") + " |\n";
  }
  return text;
}

}  // namespace

TEST_CASE("docs/WORKFLOWS.md has the tables as they are in the program", "[workflow]") {
  std::ifstream file(std::string(CAUSEWAY_SOURCE_DIR) + "/docs/WORKFLOWS.md");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  for (const Named& named : machines()) {
    INFO("docs/WORKFLOWS.md, " << named.name << " shall have:\n" << document_of(named));
    CHECK(text.find("## " + named.name + "\n") != std::string::npos);
    CHECK(text.find(document_of(named)) != std::string::npos);
  }
  INFO("docs/WORKFLOWS.md, Prescription shall have:\n" << document_of_prescriptions());
  CHECK(text.find(document_of_prescriptions()) != std::string::npos);
}
