#include "fhir/validate/findings.h"

#include <algorithm>

namespace fhir::validate {

std::string Findings::path() const {
  std::string path;
  for (const Part& part : steps_) {
    if (!path.empty()) path += '.';
    path += part.name;
    if (part.index == Step::kNoIndex) continue;
    path += '[';
    path += std::to_string(part.index);
    path += ']';
  }
  return path;
}

bool Findings::room(Severity severity) {
  const bool error = severity == Severity::error || severity == Severity::fatal;
  if (issues_.size() >= most_ && error && advice_ > 0) {
    const auto last = std::ranges::find_if(issues_.rbegin(), issues_.rend(), [](const Issue& issue) {
      return issue.severity == Severity::warning || issue.severity == Severity::information;
    });
    issues_.erase(std::next(last).base());
    --advice_;
    lost_advice_ = true;
  }
  if (issues_.size() >= most_) {
    (error ? lost_error_ : lost_advice_) = true;
    return false;
  }
  if (!error) ++advice_;
  return true;
}

Issues Findings::take() {
  if (lost_error_ || lost_advice_) {
    const MessageRow& more = Message("more").row();
    issues_.push_back({lost_error_ ? Severity::error : Severity::information,
                       std::string(more.issue),
                       "",
                       std::string(text(more, language_)),
                       {0, 0},
                       "more"});
  }
  return std::move(issues_);
}

void Findings::add(Severity severity, Message message, JsonView at, Holes holes) {
  last_kept_ = room(severity);
  if (!last_kept_) return;
  const MessageRow& row = message.row();
  issues_.push_back({severity, std::string(row.issue), path(), filled(text(row, language_), holes), at.place(),
                     std::string(row.detail)});
}

void Findings::add_invariant(std::string_view key, std::string_view human, bool error, JsonView at) {
  const Severity severity = error ? Severity::error : Severity::warning;
  if (!room(severity)) return;
  const MessageRow& row = Message("invariant").row();
  issues_.push_back({severity, std::string(row.issue), path(),
                     filled(text(row, language_), {key, invariant_text(key, human, language_)}), at.place(),
                     std::string(key)});
}

void Findings::suggest(std::string_view word, std::string_view meant) {
  if (!last_kept_) return;
  issues_.back().details += filled(text(Message("did-you-mean").row(), language_), {word, meant});
}

}  // namespace fhir::validate
