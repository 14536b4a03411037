// What the parts of the prescription's binding share (prescription.cpp, prescription_message.cpp and
// prescription_clock.cpp): the case as this site has stored it, and how its resources are written. `coded` and
// `entry_at` serve the other workflows, too. Values own their bytes; any thread.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/message/prescription.h"
#include "gateway/exchange/passage.h"

namespace gateway::exchange::rx {

using fhir::JsonTree;
using fhir::JsonView;
using fhir::Result;
using fhir::message::Prescription;
using fhir::message::RxMove;
using fhir::message::RxMoved;

inline constexpr std::string_view kReasonSystem = "https://causeway.example/CodeSystem/prescription-reason";

struct Known {
  store::StoredResource row;
  fhir::Json json;
};

struct Case {
  Known task;
  std::vector<Known> requests, dispenses;
};

/// Nothing when this site has no prescription under that case.
Result<std::optional<Case>> find_case(const World& world, const std::string& correlation);
Result<Prescription> prescription_of(const Case& known);
/// nullptr when none of them has that id.
const Known* with_id(const std::vector<Known>& known, std::string_view id);
bool is_ours(const Passage& passage);

JsonTree coded(std::string_view system, std::string_view code);
/// An entry of a Bundle, its fullUrl at this site.
JsonTree entry_at(const config::Config& config, JsonTree resource);

/// The stored Task after the move.
JsonTree moved_task(const Passage& passage, const Case& known, const RxMoved& moved);
/// Makes the passage's message the one that goes on: who speaks and what was supplied from the message itself, all else
/// as this site stored it, in the state of `after`.
Result<void> rebuild(const World& world, Passage& passage, const Case& known, const RxMove& move, JsonTree task,
                     const Prescription& after);

}  // namespace gateway::exchange::rx
