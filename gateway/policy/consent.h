// Does a Consent allow this transfer? Reading R4 Consent strictly: what is not said is not allowed, what cannot be read
// is not said. (consent.html; domain.md §5, §5.1)
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "fhir/datetime.h"
#include "fhir/json.h"
#include "gateway/policy/policy.h"

namespace gateway::policy {

/// A Consent and where its references lead: entries of a Bundle, or resources stored beside it.
struct Paper {
  fhir::JsonView consent;
  fhir::JsonView bundle;
};

struct Need {
  std::vector<std::string> patient;     // references by which the patient is known: fullUrl, Patient/id
  std::vector<std::string> recipients;  // ids and codes of the organisation that must be named
  std::string_view purpose;             // v3-ActReason
  fhir::DateTime now;
  bool guardian = false;  // signed by a RelatedPerson
};

struct Finding {
  Verdict verdict = Verdict::hold;
  std::string code, reason;  // why not; of several Consents the one that came nearest speaks
  std::string consent;       // identifier of the one that permits
};

Finding weigh(const std::vector<Paper>& papers, const Need& need);

}  // namespace gateway::policy
