// Issues with their place, and the OperationOutcome they become (FHIR R4 operationoutcome.html).
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "fhir/json.h"
#include "fhir/result.h"

namespace fhir {

enum class Severity { fatal, error, warning, information };

/// Of the texts for people.
enum class Language { en, zh };

struct Issue {
  Severity severity = Severity::error;
  std::string code;         // IssueType: structure, required, value, invariant, not-found, conflict, forbidden, ...
  std::string expression;   // FHIRPath of the element, or the source place (PID[1]-7)
  std::string details;      // one sentence for a person; no data values
  TextPlace place{0, 0};    // line 0: unknown
  std::string detail_code;  // stable code of ours ("unknown-element"), in details.coding; may be empty
};

using Issues = std::vector<Issue>;

bool has_errors(const Issues& issues);
JsonTree to_outcome(const Issues& issues);
/// One issue made of an Error (the fault picks the issue code).
Issue to_issue(const Error& error);
std::string_view issue_code(Fault fault);

}  // namespace fhir
