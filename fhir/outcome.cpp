#include "fhir/outcome.h"

#include <algorithm>

namespace fhir {
namespace {

constexpr std::string_view kDetailSystem = "https://causeway.example/CodeSystem/issue";
constexpr std::string_view kLineExtension = "http://hl7.org/fhir/StructureDefinition/operationoutcome-issue-line";
constexpr std::string_view kColumnExtension = "http://hl7.org/fhir/StructureDefinition/operationoutcome-issue-col";

std::string_view name(Severity severity) {
  switch (severity) {
    case Severity::fatal: return "fatal";
    case Severity::error: return "error";
    case Severity::warning: return "warning";
    case Severity::information: return "information";
  }
  return "error";
}

JsonTree extension(std::string_view url, std::size_t value) {
  return JsonTree::object({{"url", url}, {"valueInteger", JsonTree::number(std::to_string(value))}});
}

JsonTree issue_tree(const Issue& issue) {
  JsonTree tree = JsonTree::object();
  if (issue.place.line != 0) {
    tree["extension"].push(extension(kLineExtension, issue.place.line));
    tree["extension"].push(extension(kColumnExtension, issue.place.column));
  }
  tree.set("severity", name(issue.severity));
  tree.set("code", issue.code);
  if (!issue.detail_code.empty()) {
    tree["details"]["coding"].push(JsonTree::object({{"system", kDetailSystem}, {"code", issue.detail_code}}));
  }
  if (!issue.details.empty()) tree["details"].set("text", issue.details);
  if (!issue.expression.empty()) tree["expression"].push(issue.expression);
  return tree;
}

}  // namespace

bool has_errors(const Issues& issues) {
  return std::ranges::any_of(
      issues, [](const Issue& i) { return i.severity == Severity::fatal || i.severity == Severity::error; });
}

JsonTree to_outcome(const Issues& issues) {
  JsonTree outcome = JsonTree::object({{"resourceType", "OperationOutcome"}});
  JsonTree& list = outcome["issue"];
  for (const Issue& issue : issues) list.push(issue_tree(issue));
  if (issues.empty()) list.push(issue_tree({Severity::information, "informational", "", "All OK", {0, 0}, ""}));
  return outcome;
}

std::string_view issue_code(Fault fault) {
  switch (fault) {
    case Fault::invalid: return "invalid";
    case Fault::unsupported: return "not-supported";
    case Fault::too_large: return "too-long";
    case Fault::not_found: return "not-found";
    case Fault::conflict: return "conflict";
    case Fault::forbidden: return "forbidden";
    case Fault::unavailable: return "transient";
    case Fault::in_doubt: return "incomplete";
    case Fault::needs_person: return "suppressed";
    case Fault::broken: return "exception";
  }
  return "exception";
}

Issue to_issue(const Error& error) {
  return {Severity::error, std::string(issue_code(error.fault)), error.where, error.say, {0, 0}, error.code};
}

}  // namespace fhir
