// The life of a referral (domain.md §4.2): which state may follow which, who may say so, and which message tells the
// other side. One table, kTransitions in workflow.cpp; everything else here asks it. Pure, safe from any thread.
//
// A referral is a ServiceRequest (what is asked) and a Task (who does it, and how far it is). The Task's status moves
// by the table; Task.businessStatus picks the finer step inside a state (`scheduled`, `opinion-draft`).
#pragma once
#include <span>
#include <string_view>
#include <vector>

#include "fhir/json.h"
#include "fhir/result.h"

namespace fhir::message {

/// Who moves the Task: the site that asked, or the one that does the work (Task.owner).
enum class Side : std::uint8_t { requester, owner };

struct Transition {
  std::string_view from, to;  // Task.status
  std::string_view business;  // Task.businessStatus code that picks this row; empty: any other
  Side by = Side::owner;
  std::string_view event;    // MessageHeader.eventCoding of the message that tells the other side; empty: none
  std::string_view request;  // ServiceRequest.status afterwards
  bool reason = false;       // Task.statusReason must be there
  bool output = false;       // Task.output must be there
};

std::span<const Transition> transitions();

/// The row for this step. `conflict` when there is none: `say` names both states and what is allowed instead.
/// `invalid` when one of the two is no Task.status of R4.
Result<Transition> find_transition(std::string_view from, std::string_view to, std::string_view business, Side by);

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
