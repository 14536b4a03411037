// One referral asked of several sites (domain.md §6 S4): when the whole is answered, and with what. The first Task
// stands for the whole, the Tasks that are part of it for one site each. Pure, safe from any thread.
#pragma once
#include <cstddef>
#include <span>
#include <string_view>

namespace fhir::message {

/// Positive integer on the first Task: so many opinions answer it.
inline constexpr std::string_view kQuorumExtension = "https://causeway.example/StructureDefinition/quorum";
/// Boolean on a part: its first Task has taken its end into account.
inline constexpr std::string_view kCountedExtension = "https://causeway.example/StructureDefinition/counted";

/// Is nothing more to come of a Task in this state, unless it crosses its end on the way?
bool is_final(std::string_view status);

/// Task.status of the first one from now on: `completed` with the quorum; `failed` at the deadline, or when no part is
/// open any more; else, and once it is final, what it is. A part that is withdrawn or expired may still bring an
/// opinion: it counts like the others.
std::string_view settle(std::string_view status, std::size_t quorum, bool deadline_over,
                        std::span<const std::string_view> parts);

}  // namespace fhir::message
