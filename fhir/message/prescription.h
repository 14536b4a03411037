// The life of a prescription (domain.md §4.4, contract.md §2.6): which act may follow in which state, who may do it,
// and which message tells the other side. One table, kSteps in prescription.cpp; everything else here asks it. Pure:
// time is an argument, and both sites judge the same act the same way. Safe from any thread.
//
// A prescription is its MedicationRequests (what may be supplied, never changed once issued), one Task `fulfill` (who
// supplies it: one pharmacy at a time) and the MedicationDispenses (what was supplied, and what came back).
#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/datetime.h"
#include "fhir/decimal.h"
#include "fhir/json.h"
#include "fhir/result.h"

namespace fhir::message {

enum class RxState : std::uint8_t { draft, open, claimed, dispensing, completed, rejected, cancelled, expired };

enum class RxAct : std::uint8_t {
  issue,      // the pharmacist has passed it
  reject,     // the pharmacist has not: it never leaves
  claim,      // one pharmacy takes it
  release,    // that pharmacy gives it back, with what it has not supplied
  time_out,   // the clock does that for it
  dispense,   // a part is supplied
  finish,     // the last part is supplied
  take_back,  // goods come back: noted beside what was supplied, which stays as it happened
  cancel,     // the prescriber withdraws, as long as nobody holds it
  expire,     // the validity is over
};

struct RxStep {
  RxState from;
  RxAct act;
  RxState to;
  std::string_view event;  // MessageHeader.eventCoding of the message that tells the other side; empty: nobody is told
  bool holder = false;     // only the pharmacy that holds the claim
};

std::span<const RxStep> prescription_steps();
std::string_view to_string(RxState state);
std::string_view to_string(RxAct act);
/// What the resources say in that state: MedicationRequest.status and Task.status.
std::string_view request_status(RxState state);
std::string_view task_status(RxState state);

/// One drug of the prescription. A unit is compared by its code where it has one.
struct RxItem {
  std::string id;                    // MedicationRequest.id
  std::vector<std::string> numbers;  // its identifiers' values
  std::optional<Decimal> allowed;    // quantity × (1 + repeats); none: not said, so nothing may be supplied
  std::string unit;
  Decimal supplied, returned;
};

struct Prescription {
  RxState state = RxState::draft;
  std::string holder;  // the pharmacy that has claimed it; kept afterwards as the one that had it last
  std::optional<DateTime> valid_from, valid_to, claim_until;
  std::vector<RxItem> items;
};

/// As the stored resources say. `broken` when the Task's status is none of this machine's.
Result<Prescription> read_prescription(JsonView task, std::span<const JsonView> requests,
                                       std::span<const JsonView> dispenses);

/// The name of a pharmacy as a reference gives it: "system|value" of its identifier, else the literal reference.
std::string read_holder(JsonView reference);

/// So much of one drug, as a MedicationDispense says.
struct RxPart {
  std::string item;  // MedicationRequest.id, or one of its numbers
  std::optional<Decimal> quantity;
  std::string unit;
};

/// `invalid` when it names no prescription item.
Result<RxPart> read_part(JsonView dispense);
/// Does this MedicationDispense tell of goods that came back?
bool is_return(JsonView dispense);
/// MedicationDispense.type of a return: code `return`.
inline constexpr std::string_view kDispenseTypeSystem = "https://causeway.example/CodeSystem/dispense-type";

struct RxMove {
  RxAct act;  // `dispense` becomes `finish` by itself when nothing is left
  std::string by;
  DateTime at;
  std::vector<RxPart> parts;  // dispense, take_back
  std::optional<DateTime> claim_until;
};

struct RxMoved {
  RxStep step;
  Prescription after;
};

/// What the prescription is after the move, or why not. `conflict` with one of these codes: rx.not-active (before the
/// review), rx.not-claimed, rx.claimed (by somebody else; for a cancellation: by anybody), rx.completed, rx.rejected,
/// rx.cancelled, rx.expired, rx.not-yet, rx.over-dispensed, rx.over-returned, rx.claim-runs, rx.still-valid, rx.known.
/// `invalid`: rx.no-pharmacy, rx.no-parts, rx.unknown-item, rx.quantity, rx.unit.
///
/// A claim that is overdue no longer keeps another pharmacy or a cancellation out, also before the clock has said so.
Result<RxMoved> move(const Prescription& before, const RxMove& move);

}  // namespace fhir::message
