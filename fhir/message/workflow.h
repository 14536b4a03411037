// The life of a referral (domain.md §4.2): which state may follow which, who may say so, and which message tells the
// other side. One table, kTransitions in workflow.cpp; everything else here asks it. Pure, safe from any thread.
//
// A referral is a ServiceRequest (what is asked) and a Task (who does it, and how far it is). The Task's status moves
// by the table; Task.businessStatus picks the finer step inside a state (`scheduled`, `opinion-draft`).
//
// The owner's last word, an opinion or a refusal, stands against a withdrawal or an expiry that crosses it on the way;
// anything else the owner may have said does not: then the withdrawal stands. Both sites come to the same end.
#pragma once
#include <span>
#include <string_view>
#include <vector>

#include "fhir/json.h"
#include "fhir/message/steps.h"

namespace fhir::message {

const Machine& referral_machine();
std::span<const Transition> transitions();

/// find_step() of this machine.
Result<Transition> find_transition(std::string_view from, std::string_view to, std::string_view business, Side by,
                                   Heard heard = Heard::here);

/// The states `side` may go to from here, without repeats, in the table's order.
std::vector<std::string_view> allowed_from(std::string_view from, Side side);

/// May `update` replace the `stored` Task, put by `side`? Only status, businessStatus, statusReason, output, note,
/// executionPeriod, location, lastModified, meta and text may differ: a change of anything else (who, for whom, about
/// what) is a `conflict` that names the element; a missing reason or output is `invalid`. A step inside one state has
/// an event only when businessStatus, executionPeriod or output changed, so a repeated PUT tells nobody anything.
Result<Transition> change_task(JsonView stored, JsonView update, Side side);

/// The Task's businessStatus code, or "".
std::string_view business_status(JsonView task);

}  // namespace fhir::message
