#include "fhir/path/shortcut.h"

#include "fhir/json_tape.h"
#include "fhir/path/evaluator.h"
#include "fhir/path/navigate.h"
#include "fhir/path/trail.h"

namespace fhir::path {

std::span<const Name> whole_trail(const Program& program) {
  const Shape* focus = program.focus.type;
  if (focus == nullptr || program.main.count != 1) return {};
  const Step& only = program.steps[program.main.first];
  if (only.op != Op::root_member) return {};
  const std::span<const Name> names = program.names_of(only);
  const bool begins_with_type = names.front().type != nullptr;
  if (begins_with_type && !focus->is(*names.front().type)) return {};
  const std::span<const Name> trail = names.subspan(begins_with_type ? 1 : 0);
  const bool fits = !trail.empty() && trail.size() <= Trail::kMost;
  return fits ? trail : std::span<const Name>();
}

std::optional<Values> take_shortcut(const Program& program, JsonView focus, const Environment& environment,
                                    Arena& arena) {
  if (program.trail == nullptr || !JsonTape::begins_as(focus, program.focus.name)) return std::nullopt;
  const Asked asked = program.asked;
  Values out;
  Trail trail(arena, {program.trail, program.trail_names}, asked == Asked::elements ? &out : nullptr);
  trail.follow_root(focus, *program.focus.type);
  const bool paid = trail.work() < environment.steps && arena.held() <= environment.memory;  // and one for the step
  if (!paid) return std::nullopt;
  return asked == Asked::elements ? out : Evaluator::make_truth(trail.found() == (asked == Asked::exists));
}

}  // namespace fhir::path
