#include "fhir/message/steps.h"

#include <algorithm>

namespace fhir::message {
namespace {

std::string quoted(std::string_view state) { return "'" + std::string(state) + "'"; }
std::string_view name(Side side) { return side == Side::owner ? "the owner" : "the requester"; }

std::string allowed_text(const Machine& machine, std::string_view from, Side side) {
  std::string text;
  for (const std::string_view state : allowed_from(machine, from, side))
    text += (text.empty() ? "" : ", ") + std::string(state);
  return text.empty() ? "nothing: the state is final" : text;
}

std::unexpected<Error> illegal(const Machine& machine, std::string_view from, std::string_view to, Side side) {
  return fail(Fault::conflict, "task.transition", std::string(machine.element),
              std::string(machine.noun) + " that is " + quoted(from) + " cannot become " + quoted(to) + " by " +
                  std::string(name(side)) + "; allowed from here: " + allowed_text(machine, from, side));
}

bool knows(const Machine& machine, std::string_view status) {
  return std::ranges::find(machine.statuses, status) != machine.statuses.end();
}

}  // namespace

std::vector<std::string_view> allowed_from(const Machine& machine, std::string_view from, Side side) {
  std::vector<std::string_view> states;
  for (const Transition& row : machine.rows) {
    const bool ours = row.from == from && row.by == side && row.crossing == Crossing::none;
    if (ours && std::ranges::find(states, row.to) == states.end()) states.push_back(row.to);
  }
  return states;
}

Result<Transition> find_step(const Machine& machine, std::string_view from, std::string_view to,
                             std::string_view business, Side by, Heard heard) {
  if (!knows(machine, from) || !knows(machine, to)) {
    return fail(Fault::invalid, "task.status", std::string(machine.element),
                "the status is none of those that R4 gives this resource");
  }
  const auto row = std::ranges::find_if(machine.rows, [&](const Transition& t) {
    return t.from == from && t.to == to && t.by == by && (t.business.empty() || t.business == business) &&
           (t.crossing == Crossing::none || heard == Heard::from_other);
  });
  if (row == machine.rows.end()) return illegal(machine, from, to, by);
  return *row;
}

}  // namespace fhir::message
