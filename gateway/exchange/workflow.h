// The referral's state machine (fhir/message/workflow.h) applied to what arrives: a Task that this site already knows
// may only move as the table allows, moved by the side whose turn it is, and only its state is taken over: a peer's
// minimised copy never overwrites what we know. And the other way: a Task that our own staff PUTs becomes the message
// that tells the other side.
#pragma once
#include "gateway/exchange/passage.h"

namespace gateway::exchange {

/// Checks and merges every Task of the passage's Bundle that is stored here. `conflict` for an illegal step.
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
