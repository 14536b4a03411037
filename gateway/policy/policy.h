// What may go to whom, and in which shape. Pure functions over FHIR values: the caller brings clock and configuration
// and logs what was decided. Everything that is not clearly allowed is held with its reason (domain.md §5).
#pragma once
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/json.h"
#include "fhir/result.h"
#include "gateway/config/config.h"

namespace gateway::policy {

enum class Verdict : std::uint8_t { permit, hold, deny };

struct Decision {
  Verdict verdict = Verdict::hold;
  std::string code;      // "consent-missing", "consent-expired", "consent-purpose", "transfer-basis-missing", "domestic", ...
  std::string reason;    // one sentence with the rule; no data values
  std::string profile;   // permit: P0, P1, P2
  std::string consent;   // the Consent's identifier, when one was needed
  std::string basis;     // type and filing number, when the border was crossed
};

/// The case a message belongs to, as this site knows it: an answer may go back to who asked, under the same consent.
struct CaseContext {
  std::string origin_organization;   // who asked; empty: a new case
  std::vector<fhir::JsonTree> consents;  // Consents stored for this case
};

/// May `bundle` (a message Bundle) go from `own` to `peer` for `purpose` at `now` (an instant)?
Decision decide(fhir::JsonView bundle, const config::Organization& own, const config::Peer& peer,
                std::string_view purpose, std::string_view now, const CaseContext& context);

struct Removal {
  std::string path;  // Patient.identifier[1]
  std::string rule;  // "P2.identifier"
};

struct Minimised {
  fhir::JsonTree bundle;
  std::vector<Removal> removed;
  std::string pseudonym;            // empty: the patient goes under its own name
  std::string patient;              // the Patient as it was, JSON: for the re-link table
};

/// `pseudonym` makes a stable name for (recipient, patient key); see trust/pseudonym.h.
using PseudonymMaker = std::function<std::string(std::string_view recipient, std::string_view patient_key)>;

/// A new Bundle as the profile allows. What cannot be minimised safely (an identifier of the patient inside a narrative
/// or an attachment that cannot be searched) is an error `needs_person`.
fhir::Result<Minimised> minimise(fhir::JsonView bundle, const config::Peer& peer, std::string_view profile,
                                 const PseudonymMaker& pseudonym);

/// Puts the real Patient back where `lookup` knows the pseudonym; absent result: this patient is none of ours.
using RelinkLookup = std::function<std::string(std::string_view pseudonym)>;  // Patient JSON or ""
fhir::Result<fhir::JsonTree> relink(fhir::JsonView bundle, const RelinkLookup& lookup);

}  // namespace gateway::policy
