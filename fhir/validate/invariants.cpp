#include "fhir/validate/invariants.h"

#include <fmt/format.h>

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

path::Environment environment_of(const Surroundings& where) {
  path::Environment environment;
  environment.resource = where.resource;
  environment.root_resource = where.root_resource;
  environment.resolve = where.resolve;
  environment.as_filters = true;
  return environment;
}

bool holds(const Constraint& constraint, const path::Item& focus, const path::Environment& environment) {
  static Programs programs;
  const path::Expression* program = programs.of(constraint);
  return program == nullptr || program->holds(focus, environment).value_or(true);
}

}  // namespace

void check_invariants(std::span<const Constraint> constraints, const path::Item& element, const Surroundings& where,
                      Findings& findings) {
  if (constraints.empty() || findings.full()) return;
  const path::Environment environment = environment_of(where);
  for (const Constraint& constraint : constraints) {
    if (holds(constraint, element, environment)) continue;
    const std::string say = fmt::format("{}: {}", constraint.key, constraint.human);
    if (constraint.error) {
      findings.error("invariant", constraint.key, element.node, say);
    } else {
      findings.warning("invariant", constraint.key, element.node, say);
    }
  }
}

void check_type_invariants(const TypeDefinition& type, const path::Item& element, const Surroundings& where,
                           Findings& findings) {
  for (const TypeDefinition* at = &type; at != nullptr; at = find_type(at->base)) {
    check_invariants(at->constraints, element, where, findings);
  }
}

}  // namespace fhir::validate
