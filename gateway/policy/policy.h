// What may go to whom, and in which shape. Pure functions over FHIR values, safe from any thread: the caller brings
// clock and configuration and logs what was decided. Everything that is not clearly allowed is held with its reason
// (domain.md §5). No reason, rule or path ever holds a data value.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/json.h"
#include "fhir/result.h"
#include "gateway/config/config.h"

namespace gateway::policy {

/// hold: a person may look and release; deny: the law or the patient says no, and releasing would be wrong.
enum class Verdict : std::uint8_t { permit, hold, deny };

struct Decision {
  Verdict verdict = Verdict::hold;
  std::string
      code;  // "consent-missing", "consent-expired", "consent-purpose", "transfer-basis-missing", "domestic", ...
  std::string reason;   // one sentence with the rule; no data values
  std::string profile;  // permit: P0, P1, P2
  std::string consent;  // the Consent's identifier, when one was needed
  std::string basis;    // type and filing number, when the border was crossed
};

/// The case a message belongs to, as this site knows it: an answer may go back to who asked, under the same consent.
struct CaseContext {
  std::string origin_organization;            // who asked; empty: a new case
  std::vector<fhir::JsonTree> consents;       // Consents stored for this case
  std::vector<fhir::JsonTree> organizations;  // stored for this case: what actors of those Consents may refer to
};

/// May `bundle` (a message Bundle) go from `own` to `peer` for `purpose` (v3-ActReason) at `now` (an instant in the
/// site's own zone: its date is compared with the dates of the transfer basis)?
///
/// Never what carries a label against passing on, but back to the organisation that asked. Within one jurisdiction: P1.
/// Across a border all of this must hold, and the first that does not gives the code: one Patient that everything
/// refers to; a transfer basis configured for this peer, valid today, for this purpose; a Consent that is active, of
/// this patient, whose permitting provision names the recipient (actor with role IRCP -> Organization.identifier, or
/// reference.identifier: the peer's organisation id or registered code) and the purpose, begun (dateTime, period.start)
/// and not over (period.end). A matching deny, and a withdrawal (any version of the same Consent that is not active any
/// more), beat every permit. A child's consent is signed by a RelatedPerson. An answer to the organisation that asked
/// (`context.origin_organization`) needs the Consent under which we received the case: there the recipient it names is
/// `own`. It goes as P1, since the patient is theirs and carries the pseudonym they gave.
Decision decide(fhir::JsonView bundle, const config::Organization& own, const config::Peer& peer,
                std::string_view purpose, std::string_view now, const CaseContext& context);

/// The patient's only identifier across a border: system kPseudonymSystem + "/" + organisation id of the recipient.
inline constexpr std::string_view kPseudonymSystem = "https://causeway.example/sid/pseudonym";
/// Provenance.activity of the resource that a minimised Bundle carries.
inline constexpr std::string_view kActivitySystem = "https://causeway.example/CodeSystem/provenance-activity";
/// What stands where a text was taken out.
inline constexpr std::string_view kRedacted = "REDACTED";

struct Removal {
  std::string path;  // Patient.identifier[1]; Observation[2].note[0].text is in the third Observation of the Bundle
  std::string rule;  // "P2.identifier"
};

struct Minimised {
  fhir::JsonTree bundle;
  std::vector<Removal> removed;
  std::string pseudonym;  // empty: the patient goes under its own name
  std::string patient;    // the Patient as it was, JSON: for the re-link table; empty: it was pseudonymous already
};

/// `pseudonym` makes a stable name for (recipient, patient key); see trust/pseudonym.h. It must be keyed by a secret
/// (HMAC), and its result must be a FHIR id: it becomes Patient.id. Also used, with other keys, for ids of resources
/// that are made from patient data.
using PseudonymMaker = std::function<std::string(std::string_view recipient, std::string_view patient_key)>;

/// A new Bundle as the profile allows: P0 unchanged; P1 without ethnicity and employer; P2 as minimise.cpp lists, with
/// a Provenance of what was done and labels on every resource. `own` is who did it. Doing it twice changes nothing
/// more. What cannot be minimised safely (an attachment that cannot be searched, several patients) is an error
/// `needs_person` whose `where` is the element; a profile that is not offered is `unsupported`.
fhir::Result<Minimised> minimise(fhir::JsonView bundle, const config::Organization& own, const config::Peer& peer,
                                 std::string_view profile, const PseudonymMaker& pseudonym);

/// Puts the real Patient back where `lookup` knows the pseudonym: the resource, every reference to it (also where the
/// Patient itself is not in the Bundle: Patient/PSEUDONYM) and displays. A patient it does not know, and all else,
/// stays untouched. `invalid` when `bundle` is no Bundle, `broken` when `lookup` gives what is no Patient.
using RelinkLookup = std::function<std::string(std::string_view pseudonym)>;  // Patient JSON or ""
fhir::Result<fhir::JsonTree> relink(fhir::JsonView bundle, const RelinkLookup& lookup);

}  // namespace gateway::policy
