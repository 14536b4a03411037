// The referral's state machine (fhir/message/workflow.h) applied to what arrives: a Task that this site already knows
// may only move as the table allows, moved by the side whose turn it is, and only its state is taken over: a peer's
// minimised copy never overwrites what we know. And the other way: a Task that our own staff PUTs becomes the message
// that tells the other side.
#pragma once
#include "gateway/exchange/passage.h"

namespace gateway::exchange {

/// Checks and merges every Task and Appointment of the passage's Bundle that is stored here, and its reports
/// (gateway/exchange/report.h). `conflict`: an illegal step, or task.stale, a withdrawal of what has changed since it
/// was read, or task.event, an event that names another step than its Task takes. `forbidden` task.not-yours: the Task
/// is another organisation's. Waits for a person: task.unknown. A step that crossed one of the other side
/// (docs/WORKFLOWS.md) is kept with the flag task.crossed.
fhir::Result<void> apply_workflow(const World& world, Passage& passage);

/// The message Bundle that a PUT of `task` by our staff amounts to. `conflict`: illegal step, or `version` (0: none
/// given) is not current. An empty event means: a note on the way, kept here and told to nobody.
struct TaskStep {
  std::string event;
  std::string bundle;  // JSON
};
fhir::Result<TaskStep> task_step(const World& world, const config::Config& config, fhir::JsonView task,
                                 std::int64_t version);

}  // namespace gateway::exchange
