#include "fhir/message/workflow.h"

#include <algorithm>
#include <array>
#include <string>

#include "fhir/message/canonical.h"

namespace fhir::message {
namespace {

using enum Side;
using enum Crossing;

// Rows with a business status stand before the row for any other. A step that keeps the state and has no event is a
// note on the way. What is not here is a conflict: nothing leads out of rejected, cancelled and failed (a rejected
// request is routed anew, by a new Task), and nothing but an amended opinion out of completed.
// clang-format off
constexpr auto kTransitions = std::to_array<Transition>({
    // from          to             business          by         event                request
    {"draft",       "draft",       "",               requester, "",                  "draft"},
    {"draft",       "requested",   "down-referral",  requester, "referral-back",     "active"},
    {"draft",       "requested",   "",               requester, "referral-request",  "active"},
    {"draft",       "cancelled",   "",               requester, "",                  "revoked"},
    {"requested",   "requested",   "",               owner,     "",                  "active"},
    {"requested",   "received",    "",               owner,     "referral-received", "active"},
    {"requested",   "accepted",    "",               owner,     "referral-accept",   "active"},
    {"requested",   "rejected",    "",               owner,     "referral-reject",   "active", true},
    {"requested",   "on-hold",     "",               owner,     "info-request",      "active", true},
    {"requested",   "cancelled",   "",               requester, "referral-cancel",   "revoked"},
    {"requested",   "failed",      "",               requester, "referral-expired",  "active"},
    {"received",    "received",    "",               owner,     "",                  "active"},
    {"received",    "accepted",    "",               owner,     "referral-accept",   "active"},
    {"received",    "rejected",    "",               owner,     "referral-reject",   "active", true},
    {"received",    "on-hold",     "",               owner,     "info-request",      "active", true},
    {"received",    "cancelled",   "",               requester, "referral-cancel",   "revoked"},
    {"received",    "failed",      "",               requester, "referral-expired",  "active"},
    {"on-hold",     "on-hold",     "",               owner,     "",                  "active"},
    {"on-hold",     "received",    "",               requester, "info-supplied",     "active"},
    {"on-hold",     "accepted",    "",               owner,     "referral-accept",   "active"},
    {"on-hold",     "rejected",    "",               owner,     "referral-reject",   "active", true},
    {"on-hold",     "cancelled",   "",               requester, "referral-cancel",   "revoked"},
    {"on-hold",     "failed",      "",               requester, "referral-expired",  "active"},
    {"accepted",    "accepted",    "scheduled",      owner,     "appointment-notify", "active"},
    {"accepted",    "accepted",    "",               owner,     "",                  "active"},
    {"accepted",    "in-progress", "",               owner,     "encounter-start",   "active"},
    {"accepted",    "on-hold",     "",               owner,     "info-request",      "active", true},
    {"accepted",    "rejected",    "",               owner,     "referral-reject",   "active", true},
    {"accepted",    "completed",   "",               owner,     "opinion-published", "completed", false, true},
    {"accepted",    "cancelled",   "",               requester, "referral-cancel",   "revoked"},
    {"accepted",    "failed",      "",               requester, "referral-expired",  "active"},
    {"in-progress", "in-progress", "opinion-draft",  owner,     "",                  "active"},
    {"in-progress", "in-progress", "",               owner,     "",                  "active"},
    {"in-progress", "on-hold",     "",               owner,     "info-request",      "active", true},
    {"in-progress", "completed",   "",               owner,     "opinion-published", "completed", false, true},
    {"in-progress", "cancelled",   "",               requester, "referral-cancel",   "revoked"},
    {"in-progress", "failed",      "",               requester, "referral-expired",  "active"},
    {"completed",   "completed",   "",               owner,     "opinion-amended",   "completed", false, true},
    // Withdrawn or expired here, and the owner had not heard of it.
    {"cancelled",   "received",    "",               owner,     "referral-received", "revoked", false, false, stays},
    {"cancelled",   "accepted",    "scheduled",      owner,     "appointment-notify", "revoked", false, false, stays},
    {"cancelled",   "accepted",    "",               owner,     "referral-accept",   "revoked", false, false, stays},
    {"cancelled",   "on-hold",     "",               owner,     "info-request",      "revoked", true,  false, stays},
    {"cancelled",   "in-progress", "",               owner,     "encounter-start",   "revoked", false, false, stays},
    {"cancelled",   "rejected",    "",               owner,     "referral-reject",   "revoked", true,  false, moves},
    {"cancelled",   "completed",   "",               owner,     "opinion-published", "completed", false, true,  moves},
    {"failed",      "received",    "",               owner,     "referral-received", "active", false, false, stays},
    {"failed",      "accepted",    "scheduled",      owner,     "appointment-notify", "active", false, false, stays},
    {"failed",      "accepted",    "",               owner,     "referral-accept",   "active", false, false, stays},
    {"failed",      "on-hold",     "",               owner,     "info-request",      "active", true,  false, stays},
    {"failed",      "in-progress", "",               owner,     "encounter-start",   "active", false, false, stays},
    {"failed",      "rejected",    "",               owner,     "referral-reject",   "active", true,  false, moves},
    {"failed",      "completed",   "",               owner,     "opinion-published", "completed", false, true,  moves},
    // What was asked for, when the owner has gone on without it: kept.
    {"received",    "received",    "",               requester, "info-supplied",     "active", false, false, stays},
    {"accepted",    "received",    "",               requester, "info-supplied",     "active", false, false, stays},
    {"in-progress", "received",    "",               requester, "info-supplied",     "active", false, false, stays},
    {"completed",   "received",    "",               requester, "info-supplied",     "completed", false, false, stays},
    {"rejected",    "received",    "",               requester, "info-supplied",     "active", false, false, stays},
});
// clang-format on

// hl7.org/fhir/R4/valueset-task-status.html
constexpr auto kStatuses =
    std::to_array<std::string_view>({"draft", "requested", "received", "accepted", "rejected", "ready", "cancelled",
                                     "in-progress", "on-hold", "failed", "completed", "entered-in-error"});

constexpr Machine kMachine{kTransitions, kStatuses, "a Task", "Task.status"};

constexpr auto kMayChange =
    std::to_array<std::string_view>({"status", "businessStatus", "statusReason", "output", "note", "executionPeriod",
                                     "location", "lastModified", "meta", "text"});

bool may_change(std::string_view member) { return std::ranges::find(kMayChange, member) != kMayChange.end(); }

// A member's name comes from the sender: only what can be a name of an element is repeated to anybody.
std::string element_path(std::string_view member) {
  const bool plain = member.size() <= 32 && std::ranges::all_of(member, [](char c) {
                       return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
                     });
  return plain ? "Task." + std::string(member) : "Task";
}

std::unexpected<Error> changed(std::string_view member) {
  return fail(Fault::conflict, "task.identity", element_path(member),
              "only state, reason, output and notes of a Task may change; this element may not");
}

// The first member of `one` that `other` says differently.
Result<void> same_identity(JsonView one, JsonView other) {
  for (auto it = one.begin(); it != one.end(); ++it) {
    if (!may_change(it.key()) && !same(*it, other[it.key()])) return changed(it.key());
  }
  return {};
}

Result<void> required(const Transition& step, JsonView update) {
  if (step.reason && update["statusReason"].size() == 0) {
    return fail(Fault::invalid, "task.reason-missing", "Task.statusReason", "this step needs a statusReason");
  }
  if (step.output && update["output"].size() == 0) {
    return fail(Fault::invalid, "task.output-missing", "Task.output", "a completed Task names its output");
  }
  return {};
}

// Inside a state only these are news to the other side; a repeated PUT or a note is not.
bool is_news(JsonView stored, JsonView update) {
  return std::ranges::any_of(std::array{"businessStatus", "executionPeriod", "output"},
                             [&](const char* member) { return !same(stored[member], update[member]); });
}

std::string_view status_of(JsonView task) {
  return task["status"].is_string() ? task["status"].text() : std::string_view{};
}

}  // namespace

const Machine& referral_machine() { return kMachine; }
std::span<const Transition> transitions() { return kTransitions; }

std::vector<std::string_view> allowed_from(std::string_view from, Side side) {
  return allowed_from(kMachine, from, side);
}

Result<Transition> find_transition(std::string_view from, std::string_view to, std::string_view business, Side by,
                                   Heard heard) {
  return find_step(kMachine, from, to, business, by, heard);
}

std::string_view business_status(JsonView task) {
  const JsonView coding = task["businessStatus"]["coding"].at(0);
  return coding["code"].is_string() ? coding["code"].text() : std::string_view{};
}

Result<Transition> change_task(JsonView stored, JsonView update, Side side) {
  auto step = find_transition(status_of(stored), status_of(update), business_status(update), side);
  if (!step) return step;
  if (auto kept = same_identity(stored, update); !kept) return pass(kept);
  if (auto added = same_identity(update, stored); !added) return pass(added);
  if (auto complete = required(*step, update); !complete) return pass(complete);
  if (step->from == step->to && !is_news(stored, update)) step->event = {};
  return step;
}

}  // namespace fhir::message
