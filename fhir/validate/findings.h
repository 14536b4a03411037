// What a check finds, and where it is: the issues so far and the FHIRPath of the element being looked at. One per
// check, one thread.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

#include "fhir/json.h"
#include "fhir/outcome.h"

namespace fhir::validate {

class Findings {
 public:
  /// Past `most` issues one last says so, and the rest is dropped.
  explicit Findings(std::size_t most) : most_(most) {}

  /// Lengthens the path while it lives: `.name`, `.name[index]`, or the first step without a dot.
  class [[nodiscard]] Step {
   public:
    Step(Findings& findings, std::string_view name);
    Step(Findings& findings, std::string_view name, std::size_t index);
    ~Step() { findings_.path_.resize(length_); }
    Step(const Step&) = delete;
    Step& operator=(const Step&) = delete;

   private:
    Findings& findings_;
    std::size_t length_;
  };

  const std::string& path() const { return path_; }
  bool full() const { return issues_.size() > most_; }

  /// `code` is an IssueType, `detail` our stable code, `say` one sentence without data values.
  void error(std::string_view code, std::string_view detail, JsonView at, std::string say) {
    add(Severity::error, code, detail, at, std::move(say));
  }
  void warning(std::string_view code, std::string_view detail, JsonView at, std::string say) {
    add(Severity::warning, code, detail, at, std::move(say));
  }

  Issues take() { return std::move(issues_); }

 private:
  void add(Severity severity, std::string_view code, std::string_view detail, JsonView at, std::string say);

  std::size_t most_;
  std::string path_;
  Issues issues_;
};

}  // namespace fhir::validate
