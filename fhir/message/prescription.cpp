#include "fhir/message/prescription.h"

#include <algorithm>
#include <array>

namespace fhir::message {
namespace {

using enum RxAct;
using S = RxState;

// What is not here is a conflict. Goods may come back as long as some were supplied, whatever became of the rest.
// clang-format off
constexpr auto kSteps = std::to_array<RxStep>({
    // from          act        to             event                   only the holder
    {S::draft,      issue,     S::open,       "prescription"},
    {S::draft,      reject,    S::rejected,   ""},
    {S::open,       claim,     S::claimed,    "prescription-claim"},
    {S::open,       cancel,    S::cancelled,  "prescription-cancel"},
    {S::open,       expire,    S::expired,    "prescription-expired"},
    {S::claimed,    claim,     S::claimed,    "prescription-claim",   true},  // again: its first answer was lost
    {S::claimed,    release,   S::open,       "prescription-release", true},
    {S::claimed,    time_out,  S::open,       "prescription-release"},
    {S::claimed,    dispense,  S::dispensing, "dispense",             true},
    {S::claimed,    finish,    S::completed,  "dispense",             true},
    {S::claimed,    expire,    S::expired,    "prescription-expired"},
    {S::dispensing, claim,     S::dispensing, "prescription-claim",   true},
    {S::dispensing, release,   S::open,       "prescription-release", true},
    {S::dispensing, time_out,  S::open,       "prescription-release"},
    {S::dispensing, dispense,  S::dispensing, "dispense",             true},
    {S::dispensing, finish,    S::completed,  "dispense",             true},
    {S::dispensing, expire,    S::expired,    "prescription-expired"},
    {S::open,       take_back, S::open,       "dispense-return"},
    {S::claimed,    take_back, S::claimed,    "dispense-return"},
    {S::dispensing, take_back, S::dispensing, "dispense-return"},
    {S::completed,  take_back, S::completed,  "dispense-return"},
    {S::cancelled,  take_back, S::cancelled,  "dispense-return"},
    {S::expired,    take_back, S::expired,    "dispense-return"},
});

struct StateRow {
  RxState state;
  std::string_view name, request, task;
  std::string_view refusal, say;  // why an act is not taken in this state
};

constexpr auto kStates = std::to_array<StateRow>({
    {S::draft,      "draft",      "draft",     "draft",       "rx.not-active",  "no pharmacist has passed this prescription yet"},
    {S::open,       "open",       "active",    "requested",   "rx.not-claimed", "no pharmacy has claimed this prescription"},
    {S::claimed,    "claimed",    "active",    "accepted",    "rx.claimed",     "a pharmacy holds this prescription"},
    {S::dispensing, "dispensing", "active",    "in-progress", "rx.claimed",     "a pharmacy holds this prescription"},
    {S::completed,  "completed",  "completed", "completed",   "rx.completed",   "all of this prescription has been supplied"},
    {S::rejected,   "rejected",   "cancelled", "rejected",    "rx.rejected",    "the pharmacist has rejected this prescription"},
    {S::cancelled,  "cancelled",  "cancelled", "cancelled",   "rx.cancelled",   "the prescriber has withdrawn this prescription"},
    {S::expired,    "expired",    "stopped",   "failed",      "rx.expired",     "the validity of this prescription is over"},
});
// clang-format on

constexpr std::array<std::string_view, 10> kActs = {"issue",    "reject", "claim",     "release", "time out",
                                                    "dispense", "finish", "take back", "cancel",  "expire"};

const StateRow& row(RxState state) { return *std::ranges::find(kStates, state, &StateRow::state); }

std::unexpected<Error> refuse(std::string code, std::string say) {
  return fail(Fault::conflict, std::move(code), "Task.status", std::move(say));
}

std::unexpected<Error> not_so(std::string code, std::string where, std::string say) {
  return fail(Fault::invalid, std::move(code), std::move(where), std::move(say));
}

const RxStep* find_step(RxState from, RxAct act) {
  const auto* found = std::ranges::find_if(kSteps, [&](const RxStep& s) { return s.from == from && s.act == act; });
  return found == kSteps.end() ? nullptr : found;
}

// Surely earlier: a validity that ends on a day lasts to the end of that day.
bool is_before(const std::optional<DateTime>& one, const DateTime& other) {
  return one && one->compare(other) == std::partial_ordering::less;
}

bool is_held(RxState state) { return state == S::claimed || state == S::dispensing; }

// The state as this act finds it: an overdue claim keeps neither another pharmacy nor the prescriber out.
RxState state_for(const Prescription& rx, const RxMove& move) {
  const bool by_other = move.act == cancel || (move.act == claim && move.by != rx.holder);
  return is_held(rx.state) && by_other && is_before(rx.claim_until, move.at) ? S::open : rx.state;
}

Result<void> check_time(const Prescription& rx, const RxMove& move) {
  const bool needs_validity = move.act == claim || move.act == dispense || move.act == finish || move.act == issue;
  if (needs_validity && is_before(rx.valid_to, move.at)) return refuse("rx.expired", std::string(row(S::expired).say));
  if (needs_validity && move.act != issue && rx.valid_from &&
      rx.valid_from->compare(move.at) == std::partial_ordering::greater) {
    return refuse("rx.not-yet", "the validity of this prescription has not begun");
  }
  if (move.act == time_out && !is_before(rx.claim_until, move.at)) {
    return refuse("rx.claim-runs", "the claim is not overdue");
  }
  if (move.act == expire && !is_before(rx.valid_to, move.at)) {
    return refuse("rx.still-valid", "the validity of this prescription is not over");
  }
  return {};
}

RxItem* find_item(Prescription& rx, const std::string& name) {
  const auto found = std::ranges::find_if(rx.items, [&](const RxItem& item) {
    return item.id == name || std::ranges::find(item.numbers, name) != item.numbers.end();
  });
  return found == rx.items.end() ? nullptr : &*found;
}

Result<void> check_part(const RxItem* item, const RxPart& part) {
  if (item == nullptr) {
    return not_so("rx.unknown-item", "MedicationDispense.authorizingPrescription", "the prescription has no such item");
  }
  if (!part.quantity || part.quantity->is_negative() || part.quantity->is_zero()) {
    return not_so("rx.quantity", "MedicationDispense.quantity", "how much it was must be said, and be more than none");
  }
  if (part.unit != item->unit) {
    return not_so("rx.unit", "MedicationDispense.quantity.unit",
                  "the unit is not the prescription's, so the amounts cannot be added up");
  }
  return {};
}

// `sum` + the part may not pass `limit`.
Result<void> add(Decimal& sum, const RxPart& part, const std::optional<Decimal>& limit, std::string_view code,
                 std::string_view say) {
  const auto total = sum.plus(*part.quantity);
  if (!limit || !total || *total > *limit) {
    return fail(Fault::conflict, std::string(code), "MedicationDispense.quantity", std::string(say));
  }
  sum = *total;
  return {};
}

Result<void> supply(RxItem& item, const RxPart& part) {
  return add(item.supplied, part, item.allowed, "rx.over-dispensed",
             "together with what was supplied before it is more than the prescription and its repeats allow");
}

Result<void> give_back(RxItem& item, const RxPart& part) {
  return add(item.returned, part, item.supplied, "rx.over-returned", "more would come back than was supplied");
}

Result<void> apply_parts(Prescription& rx, const RxMove& move) {
  if (move.act != dispense && move.act != finish && move.act != take_back) return {};
  if (move.parts.empty()) return not_so("rx.no-parts", "MedicationDispense", "the message says nothing of any drug");
  for (const RxPart& part : move.parts) {
    RxItem* item = find_item(rx, part.item);
    if (auto fits = check_part(item, part); !fits) return fits;
    if (auto done = move.act == take_back ? give_back(*item, part) : supply(*item, part); !done) return done;
  }
  return {};
}

bool is_all_supplied(const Prescription& rx) {
  return std::ranges::all_of(rx.items,
                             [](const RxItem& item) { return item.allowed && item.supplied == *item.allowed; });
}

Result<RxStep> step_for(const Prescription& rx, const RxMove& move) {
  const RxState state = state_for(rx, move);
  if (move.act == issue && state != S::draft) return refuse("rx.known", "this prescription has been issued before");
  const RxStep* step = find_step(state, move.act);
  const StateRow& stands = row(state);
  if (step == nullptr) return refuse(std::string(stands.refusal), std::string(stands.say));
  if (step->holder && move.by != rx.holder) return refuse("rx.claimed", "another pharmacy holds this prescription");
  return *step;
}

// ---- reading the resources ----------------------------------------------------------------------------------------

std::string_view text_at(JsonView value) { return value.is_string() ? value.text() : std::string_view{}; }

std::optional<DateTime> time_at(JsonView value) { return DateTime::parse(text_at(value)); }

std::string unit_of(JsonView quantity) {
  const std::string_view code = text_at(quantity["code"]);
  return std::string(code.empty() ? text_at(quantity["unit"]) : code);
}

std::optional<Decimal> number_at(JsonView value) {
  return value.kind() == JsonKind::number ? Decimal::parse(value.text()) : std::nullopt;
}

std::optional<Decimal> allowed_of(JsonView supply) {
  const auto once = number_at(supply["quantity"]["value"]);
  if (!once || once->is_negative()) return {};
  const JsonView repeats = supply["numberOfRepeatsAllowed"];
  const auto times = repeats ? number_at(repeats) : Decimal(0);
  if (!times || times->is_negative()) return {};
  const auto all = times->plus(Decimal(1));
  return all ? once->times(*all) : std::nullopt;
}

RxItem item_of(JsonView request) {
  RxItem item;
  item.id = text_at(request["id"]);
  for (const JsonView identifier : request["identifier"]) item.numbers.emplace_back(text_at(identifier["value"]));
  item.allowed = allowed_of(request["dispenseRequest"]);
  item.unit = unit_of(request["dispenseRequest"]["quantity"]);
  return item;
}

Result<RxState> state_of(JsonView task) {
  const std::string_view status = text_at(task["status"]);
  const auto* found = std::ranges::find(kStates, status, &StateRow::task);
  if (found == kStates.end()) {
    return fail(Fault::broken, "rx.task-status", "Task.status", "the Task's status is none of a prescription's");
  }
  return found->state;
}

// The later start and the earlier end of all items bind the whole: it is supplied as one.
void narrow(Prescription& rx, JsonView period) {
  const auto from = time_at(period["start"]), to = time_at(period["end"]);
  if (from && (!rx.valid_from || is_before(rx.valid_from, *from))) rx.valid_from = from;
  if (to && (!rx.valid_to || to->compare(*rx.valid_to) == std::partial_ordering::less)) rx.valid_to = to;
}

void count(Prescription& rx, JsonView dispense) {
  const auto part = read_part(dispense);
  if (!part || !part->quantity) return;
  RxItem* item = find_item(rx, part->item);
  if (item == nullptr) return;
  Decimal& sum = is_return(dispense) ? item->returned : item->supplied;
  if (const auto total = sum.plus(*part->quantity)) sum = *total;
}

}  // namespace

std::span<const RxStep> prescription_steps() { return kSteps; }
std::string_view to_string(RxState state) { return row(state).name; }
std::string_view to_string(RxAct act) { return kActs[static_cast<std::size_t>(act)]; }
std::string_view request_status(RxState state) { return row(state).request; }
std::string_view task_status(RxState state) { return row(state).task; }

Result<Prescription> read_prescription(JsonView task, std::span<const JsonView> requests,
                                       std::span<const JsonView> dispenses) {
  const auto state = state_of(task);
  if (!state) return std::unexpected(state.error());
  Prescription rx;
  rx.state = *state;
  rx.holder = read_holder(task["owner"]);
  rx.claim_until = time_at(task["restriction"]["period"]["end"]);
  for (const JsonView request : requests) {
    rx.items.push_back(item_of(request));
    narrow(rx, request["dispenseRequest"]["validityPeriod"]);
    if (text_at(request["status"]) == "draft") rx.state = RxState::draft;
  }
  for (const JsonView dispense : dispenses) count(rx, dispense);
  return rx;
}

std::string read_holder(JsonView reference) {
  const JsonView identifier = reference["identifier"];
  const std::string_view system = text_at(identifier["system"]), value = text_at(identifier["value"]);
  if (value.empty()) return std::string(text_at(reference["reference"]));
  return system.empty() ? std::string(value) : std::string(system) + "|" + std::string(value);
}

Result<RxPart> read_part(JsonView dispense) {
  const JsonView named = dispense["authorizingPrescription"].at(0);
  const std::string_view reference = text_at(named["reference"]);
  RxPart part;
  part.item = reference.empty() ? text_at(named["identifier"]["value"]) : reference.substr(reference.rfind('/') + 1);
  part.quantity = number_at(dispense["quantity"]["value"]);
  part.unit = unit_of(dispense["quantity"]);
  if (part.item.empty()) {
    return not_so("rx.unknown-item", "MedicationDispense.authorizingPrescription",
                  "a dispense names the item of the prescription it is for");
  }
  return part;
}

bool is_return(JsonView dispense) {
  const JsonView codings = dispense["type"]["coding"];
  return std::ranges::any_of(codings, [](JsonView coding) {
    return text_at(coding["system"]) == kDispenseTypeSystem && text_at(coding["code"]) == "return";
  });
}

Result<RxMoved> move(const Prescription& before, const RxMove& asked) {
  RxMove move = asked;
  if (move.act == claim && move.by.empty()) {
    return not_so("rx.no-pharmacy", "Task.owner", "a claim names the pharmacy that claims");
  }
  auto step = step_for(before, move);
  if (!step) return pass(step);
  if (auto in_time = check_time(before, move); !in_time) return pass(in_time);
  Prescription after = before;
  if (auto applied = apply_parts(after, move); !applied) return pass(applied);
  if (move.act == dispense || move.act == finish) {
    move.act = is_all_supplied(after) ? finish : dispense;
    step = step_for(before, move);
    if (!step) return pass(step);
  }
  after.state = step->to;
  const bool newly_claimed = move.act == claim && before.state != step->to;
  const bool taken_over = move.act == claim && move.by != before.holder;
  if (newly_claimed || taken_over) {
    after.holder = move.by;
    after.claim_until = move.claim_until;
  }
  return RxMoved{*step, std::move(after)};
}

}  // namespace fhir::message
