#include "fhir/message/fan_out.h"

#include <algorithm>
#include <array>

namespace fhir::message {

bool is_final(std::string_view status) {
  static constexpr std::array<std::string_view, 5> kFinal = {"completed", "rejected", "cancelled", "failed",
                                                             "entered-in-error"};
  return std::ranges::find(kFinal, status) != kFinal.end();
}

std::string_view settle(std::string_view status, std::size_t quorum, bool deadline_over,
                        std::span<const std::string_view> parts) {
  if (is_final(status)) return status;
  const auto opinions = static_cast<std::size_t>(std::ranges::count(parts, std::string_view("completed")));
  if (opinions >= quorum) return "completed";
  return deadline_over || std::ranges::all_of(parts, is_final) ? "failed" : status;
}

}  // namespace fhir::message
