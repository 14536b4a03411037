// Runs a Program over one focus. One Evaluator serves one evaluation on one thread. A failure is remembered once: from
// then on every step yields an empty collection, and the caller asks failed() at the end. That keeps functions free of
// error plumbing while no failure is ever lost.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "fhir/path/arena.h"
#include "fhir/path/program.h"
#include "fhir/path/value.h"

namespace fhir::path {

/// A variable of defineVariable(), visible to what follows in its chain.
struct Binding {
  const Binding* next = nullptr;
  std::string_view name;
  Values value;
};

/// What $this, $index, $total and names refer to.
struct Scope {
  Values focus;
  std::int64_t index = 0;
  const Values* total = nullptr;
  const Binding* bindings = nullptr;
};

class Evaluator {
 public:
  /// All three outlive it, and what it gives lies in the arena.
  Evaluator(const Program& program, const Environment& environment, Arena& arena)
      : program_(program), environment_(environment), arena_(arena), allowed_(environment.steps) {}

  Values run(const Values& focus);
  Values run(const Block& block, const Scope& scope);

  bool failed() const { return failed_; }
  const Error& error() const { return *error_; }
  Values fail(const Step& step, std::string say, Fault fault = Fault::invalid);
  /// Pays for work; false when the budget is spent (and the evaluation has failed).
  bool charge(const Step& step, std::uint64_t steps = 1) {
    spent_ += steps;
    if (spent_ <= allowed_ && arena_.held() <= environment_.memory) [[likely]]
      return true;
    return spent_up(step);
  }

  Arena& arena() { return arena_; }
  const Program& program() const { return program_; }
  const Environment& environment() const { return environment_; }
  const Values& root() const { return root_; }
  /// What is at the end of the names, from every item; or whether there is something.
  Values members(const Step& step, const Values& from, std::span<const Name> names);
  /// FHIRPath's singleton rule for booleans: nothing for empty, an error for several.
  std::optional<bool> criterion(const Step& step, const Values& values);
  static Values make_truth(std::optional<bool> value) {
    return value ? Values::view(std::span(kTruths).subspan(*value ? 1 : 0, 1)) : Values();
  }

 private:
  Values steps(const Block& block, const Scope& scope);
  Values execute(const Step& step, const Values& input, const Scope*& inside, const Scope& outside);
  bool spent_up(const Step& step);
  Values root_member(const Step& step, const Values& focus);
  Values of_named_type(const Values& focus, const Name& name);
  Values call(const Step& step, const Values& input, const Scope*& scope);
  bool prepare(const Step& step, const Values& input, const Scope& scope, struct Call& call);
  Values define_variable(const struct Call& call, const Scope*& scope);
  Values variable(const Step& step, const Scope& scope);
  Values resource_around(const Values& focus);
  Values item(const Step& step, const Values& input, const Scope& scope);
  Values binary(const Step& step, const Values& left, const Scope& scope);
  Values logic(const Step& step, const Values& left, const Scope& scope);

  const Program& program_;
  const Environment& environment_;
  Arena& arena_;
  Values root_;
  Values resource_;  // %resource, of a program that has variables
  std::uint64_t spent_ = 0;
  std::uint64_t allowed_;  // steps; none after a failure
  bool failed_ = false;
  std::optional<Error> error_;  // made when something fails, which is seldom
};

}  // namespace fhir::path
