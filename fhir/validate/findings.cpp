#include "fhir/validate/findings.h"

namespace fhir::validate {

Findings::Step::Step(Findings& findings, std::string_view name) : findings_(findings), length_(findings.path_.size()) {
  if (length_ > 0) findings.path_ += '.';
  findings.path_ += name;
}

Findings::Step::Step(Findings& findings, std::string_view name, std::size_t index) : Step(findings, name) {
  findings.path_ += '[';
  findings.path_ += std::to_string(index);
  findings.path_ += ']';
}

void Findings::add(Severity severity, std::string_view code, std::string_view detail, JsonView at, std::string say) {
  if (full()) return;
  if (issues_.size() == most_) {
    issues_.push_back({Severity::error, "too-long", "", "there are more issues than are listed here", {0, 0}, "more"});
    return;
  }
  issues_.push_back({severity, std::string(code), path_, std::move(say), at.place(), std::string(detail)});
}

}  // namespace fhir::validate
