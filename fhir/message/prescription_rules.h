// May this prescription be issued to other sites at all? The mainland's rules of internet hospitals (domain.md §4.1)
// and what supplying it needs. Pure, safe from any thread.
#pragma once
#include "fhir/datetime.h"
#include "fhir/json.h"
#include "fhir/result.h"

namespace fhir::message {

/// MedicationRequest.category of a controlled drug: any code of this system.
inline constexpr std::string_view kDrugControlSystem = "https://causeway.example/CodeSystem/drug-control";
/// Encounter.type: `first` or `follow-up`.
inline constexpr std::string_view kVisitKindSystem = "https://causeway.example/CodeSystem/visit-kind";

/// `bundle`: the message that issues it. The first rule that does not hold gives the error.
/// Waits for a person (`needs_person`): rx.not-reviewed, no pharmacist has passed every item yet.
/// Never leaves (`forbidden`): rx.rejected, rx.reviewed-by-prescriber, rx.controlled-drug, rx.first-visit,
/// rx.child-without-guardian.
/// `conflict`: rx.expired. `invalid`: rx.no-task, rx.no-items, rx.not-an-order, rx.no-group, rx.no-quantity.
Result<void> check_issue(JsonView bundle, const DateTime& now);

/// Is there an order for a drug in it, also among contained resources? What the border stops: an expert abroad gives an
/// opinion, and a prescription of one side is none of the other's (domain.md §4.4).
bool has_drug_order(JsonView bundle);

}  // namespace fhir::message
