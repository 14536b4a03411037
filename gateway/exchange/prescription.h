// The prescription's state machine (fhir/message/prescription.h) applied to what arrives, at the prescriber's site and
// at the pharmacy's alike. The message says what somebody did; what the prescription is stays what this site stored:
// its MedicationRequests, its Patient and its Task take the place of the copies in the message, only the state moves.
//
// A prescription is found by its case, "ORGANISATION/NUMBER": numbers of two hospitals never meet. Two acts at once are
// kept apart by the version of its Task: the later one is a `conflict` at the commit and may come again.
#pragma once
#include "gateway/exchange/passage.h"

namespace gateway::exchange {

/// How long a pharmacy may hold a prescription without supplying all of it. Then the clock gives it back.
inline constexpr Millis kClaimTime = 2 * 3600 * Millis{1000};

bool is_prescription_event(std::string_view event);
/// Is this the Task by which a prescription is supplied?
bool is_fulfilment(fhir::JsonView task);
/// What a PUT of that Task by our own staff amounts to; empty: nothing that anybody is told.
std::string_view fulfilment_event(fhir::JsonView task);

/// The codes of refusals: fhir/message/prescription.h and prescription_rules.h, and here rx.no-case, rx.unknown,
/// rx.changed (an issued prescription does not change), rx.cross-border, rx.not-prescriber, rx.not-addressed,
/// rx.foreign-pharmacy, rx.other-patient, rx.other-drug, rx.dispense-final, rx.dispense-status, rx.future,
/// rx.original-altered.
fhir::Result<void> apply_prescription(const World& world, Passage& passage);

/// The last moment of the prescription in `bundle`, a day of validity being the sender's: after it nobody needs it any
/// more. Nothing when it says none.
std::optional<Millis> valid_until(fhir::JsonView bundle, std::string_view zone);

/// Keys under which the store finds what the clock must look at, beside the resource's own identifiers.
std::vector<std::pair<std::string, std::string>> clock_keys(fhir::JsonView resource);
/// What the clock has to say, as messages to be taken as our own: they give back the claims of our pharmacies that are
/// overdue, and end our prescriptions whose validity has been over for a day (a dispense told late still counts). The
/// same state gives the same message, so asking twice tells nobody twice; what is owed is read from the store, so it
/// survives a restart.
std::vector<std::string> overdue_claims(const World& world, const config::Config& config);
std::vector<std::string> ended_prescriptions(const World& world, const config::Config& config);

}  // namespace gateway::exchange
