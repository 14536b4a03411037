#include "fhir/validate/invariants.h"

#include <atomic>
#include <memory>
#include <vector>

namespace fhir::validate {
namespace {

/// One place for each constraint of the definitions. What the first thread has compiled is everybody's.
class Programs {
 public:
  Programs() : places_(all_constraints().size()) {}
  ~Programs() {
    for (auto& place : places_) delete place.load();
  }
  Programs(const Programs&) = delete;
  Programs& operator=(const Programs&) = delete;

  const path::Expression* of(const Constraint& constraint) {
    auto& place = places_[static_cast<std::size_t>(&constraint - all_constraints().data())];
    if (const path::Expression* known = place.load(std::memory_order_acquire)) return known;
    auto compiled = path::Expression::compile(constraint.expression);
    if (!compiled) return nullptr;
    auto mine = std::make_unique<path::Expression>(*std::move(compiled));
    const path::Expression* before = nullptr;
    if (place.compare_exchange_strong(before, mine.get(), std::memory_order_acq_rel)) return mine.release();
    return before;
  }

 private:
  std::vector<std::atomic<const path::Expression*>> places_;
};

bool holds(const Constraint& constraint, const path::Item& focus, const path::Environment& environment,
           path::Workspace& workspace) {
  static Programs programs;
  const path::Expression* program = programs.of(constraint);
  return program == nullptr || program->holds(focus, environment, workspace).value_or(true);
}

}  // namespace

void check_invariant(const Constraint& constraint, const path::Item& element, const path::Environment& environment,
                     path::Workspace& workspace, Findings& findings) {
  if (!holds(constraint, element, environment, workspace))
    findings.add_invariant(constraint.key, constraint.human, constraint.error, element.node);
}

}  // namespace fhir::validate
