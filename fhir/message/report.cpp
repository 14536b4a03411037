#include "fhir/message/report.h"

#include <algorithm>
#include <array>
#include <string>

#include "fhir/datetime.h"

namespace fhir::message {
namespace {

using enum Side;

constexpr std::string_view kReport = "report", kWithdrawn = "entered-in-error";

// Every step is told by a `report`: whoever had an earlier version gets the newer one. The same state again is a newer
// version, too: laboratories send a changed report as final once more.
// clang-format off
constexpr auto kRows = std::to_array<Transition>({
    // from               to                  by            event
    {"registered",       "registered",       "", owner, kReport, ""},
    {"registered",       "partial",          "", owner, kReport, ""},
    {"registered",       "preliminary",      "", owner, kReport, ""},
    {"registered",       "final",            "", owner, kReport, ""},
    {"registered",       "amended",          "", owner, kReport, ""},  // its final version went another way
    {"registered",       "corrected",        "", owner, kReport, ""},
    {"registered",       "appended",         "", owner, kReport, ""},
    {"registered",       "cancelled",        "", owner, kReport, ""},
    {"registered",       "entered-in-error", "", owner, kReport, ""},
    {"partial",          "partial",          "", owner, kReport, ""},
    {"partial",          "preliminary",      "", owner, kReport, ""},
    {"partial",          "final",            "", owner, kReport, ""},
    {"partial",          "amended",          "", owner, kReport, ""},
    {"partial",          "corrected",        "", owner, kReport, ""},
    {"partial",          "appended",         "", owner, kReport, ""},
    {"partial",          "cancelled",        "", owner, kReport, ""},
    {"partial",          "entered-in-error", "", owner, kReport, ""},
    {"preliminary",      "partial",          "", owner, kReport, ""},
    {"preliminary",      "preliminary",      "", owner, kReport, ""},
    {"preliminary",      "final",            "", owner, kReport, ""},
    {"preliminary",      "amended",          "", owner, kReport, ""},
    {"preliminary",      "corrected",        "", owner, kReport, ""},
    {"preliminary",      "appended",         "", owner, kReport, ""},
    {"preliminary",      "cancelled",        "", owner, kReport, ""},
    {"preliminary",      "entered-in-error", "", owner, kReport, ""},
    {"final",            "final",            "", owner, kReport, ""},
    {"final",            "amended",          "", owner, kReport, ""},
    {"final",            "corrected",        "", owner, kReport, ""},
    {"final",            "appended",         "", owner, kReport, ""},
    {"final",            "cancelled",        "", owner, kReport, ""},  // withdrawn: see report_step
    {"final",            "entered-in-error", "", owner, kReport, ""},
    {"amended",          "amended",          "", owner, kReport, ""},
    {"amended",          "corrected",        "", owner, kReport, ""},
    {"amended",          "appended",         "", owner, kReport, ""},
    {"amended",          "cancelled",        "", owner, kReport, ""},
    {"amended",          "entered-in-error", "", owner, kReport, ""},
    {"corrected",        "amended",          "", owner, kReport, ""},
    {"corrected",        "corrected",        "", owner, kReport, ""},
    {"corrected",        "appended",         "", owner, kReport, ""},
    {"corrected",        "cancelled",        "", owner, kReport, ""},
    {"corrected",        "entered-in-error", "", owner, kReport, ""},
    {"appended",         "amended",          "", owner, kReport, ""},
    {"appended",         "corrected",        "", owner, kReport, ""},
    {"appended",         "appended",         "", owner, kReport, ""},
    {"appended",         "cancelled",        "", owner, kReport, ""},
    {"appended",         "entered-in-error", "", owner, kReport, ""},
    {"cancelled",        "cancelled",        "", owner, kReport, ""},
    {"cancelled",        "entered-in-error", "", owner, kReport, ""},
    {"entered-in-error", "cancelled",        "", owner, kReport, ""},  // the withdrawal once more, in other words
    {"entered-in-error", "entered-in-error", "", owner, kReport, ""},
    {"unknown",          "unknown",          "", owner, kReport, ""},
    {"unknown",          "registered",       "", owner, kReport, ""},
    {"unknown",          "partial",          "", owner, kReport, ""},
    {"unknown",          "preliminary",      "", owner, kReport, ""},
    {"unknown",          "final",            "", owner, kReport, ""},
    {"unknown",          "amended",          "", owner, kReport, ""},
    {"unknown",          "corrected",        "", owner, kReport, ""},
    {"unknown",          "appended",         "", owner, kReport, ""},
    {"unknown",          "cancelled",        "", owner, kReport, ""},
    {"unknown",          "entered-in-error", "", owner, kReport, ""},
});
// clang-format on

// hl7.org/fhir/R4/valueset-diagnostic-report-status.html
constexpr auto kStatuses =
    std::to_array<std::string_view>({"registered", "partial", "preliminary", "final", "amended", "corrected",
                                     "appended", "cancelled", "entered-in-error", "unknown"});

constexpr Machine kMachine{kRows, kStatuses, "a report", "DiagnosticReport.status"};

std::string_view status_of(JsonView resource) {
  return resource["status"].is_string() ? resource["status"].text() : std::string_view{};
}

// It has been relied on: what is cancelled now had results before.
bool has_been_out(std::string_view status) {
  static constexpr auto kOut =
      std::to_array<std::string_view>({"final", "amended", "corrected", "appended", "entered-in-error"});
  return std::ranges::find(kOut, status) != kOut.end();
}

bool is_correction(std::string_view status) { return status != "final" && has_been_out(status); }

bool all_wrong(const std::vector<JsonView>& results) {
  return !results.empty() && std::ranges::all_of(results, [](JsonView r) { return status_of(r) == kWithdrawn; });
}

}  // namespace

const Machine& report_machine() { return kMachine; }

std::string_view to_string(ReportNews news) {
  static constexpr std::array<std::string_view, 4> kNames = {"progress", "correction", "withdrawal", "outdated"};
  return kNames[static_cast<std::size_t>(news)];
}

bool is_outdated(JsonView stored, JsonView update) {
  const auto known = DateTime::parse(stored["issued"].is_string() ? stored["issued"].text() : std::string_view{});
  const auto said = DateTime::parse(update["issued"].is_string() ? update["issued"].text() : std::string_view{});
  return known && said && said->compare(*known) == std::partial_ordering::less;
}

Result<std::string_view> first_status(JsonView report, const std::vector<JsonView>& results) {
  const auto known = std::ranges::find(kStatuses, status_of(report));
  if (known == kStatuses.end()) {
    return fail(Fault::invalid, "report.status", "DiagnosticReport.status",
                "the status is none of those that R4 gives this resource");
  }
  return all_wrong(results) ? kWithdrawn : *known;
}

Result<ReportStep> report_step(JsonView stored, JsonView update, const std::vector<JsonView>& results) {
  const auto said = first_status(update, results);
  if (!said) return std::unexpected(said.error());
  const std::string_view from = status_of(stored);
  if (is_outdated(stored, update)) return ReportStep{ReportNews::outdated, from};
  auto step = find_step(kMachine, from, *said, {}, owner, Heard::here);
  if (!step) {
    step.error().code = "report.transition";
    return pass(step);
  }
  const bool withdrawn = step->to == kWithdrawn || (step->to == "cancelled" && has_been_out(from));
  if (withdrawn) return ReportStep{ReportNews::withdrawal, kWithdrawn};
  const bool corrected = is_correction(step->to) || from == "final";
  return ReportStep{corrected ? ReportNews::correction : ReportNews::progress, step->to};
}

}  // namespace fhir::message
