// The life of a report (domain.md §4.3, contract.md §2.5): from registered over final to amended, corrected, appended,
// and withdrawn. One table, in report.cpp. Pure, safe from any thread.
//
// A final report never goes back; what was made before the version that is known here (DiagnosticReport.issued) is
// outdated, in whatever order the two arrived. A report that has been out and is then cancelled (OBR-25 X), or whose
// results are all wrong (OBX-11 W, D), is withdrawn: it and its results are entered-in-error.
#pragma once
#include <vector>

#include "fhir/json.h"
#include "fhir/message/steps.h"

namespace fhir::message {

const Machine& report_machine();

enum class ReportNews : std::uint8_t { progress, correction, withdrawal, outdated };
std::string_view to_string(ReportNews news);

struct ReportStep {
  ReportNews news = ReportNews::progress;
  std::string_view status;  // DiagnosticReport.status from now on; outdated: as it stays
};

/// What `update`, with these results, is to the `stored` report. `conflict` (report.transition) when its status may not
/// follow: `say` names both states and what may. `invalid` for a status that is none of R4's.
Result<ReportStep> report_step(JsonView stored, JsonView update, const std::vector<JsonView>& results);

/// The status by which the very first version of a report goes on: entered-in-error when all its results are.
Result<std::string_view> first_status(JsonView report, const std::vector<JsonView>& results);

/// Was `update` certainly issued before `stored`?
bool is_outdated(JsonView stored, JsonView update);

}  // namespace fhir::message
