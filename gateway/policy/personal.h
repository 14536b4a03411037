// Numbers that betray a person by their shape alone, whoever's they are (domain.md §1.1).
#pragma once
#include <string_view>
#include <vector>

#include "gateway/policy/search.h"

namespace gateway::policy {

/// Resident ids in a text as it is seen: standing alone, or inside the 24 or 27 digits of a qualification certificate
/// (which are then taken out whole). Parts of a dotted number (a DICOM UID) are none.
std::vector<Span> find_resident_ids(std::string_view seen);

/// Mainland mobile numbers (1[3-9] and nine digits), also with +86 before.
std::vector<Span> find_mobile_numbers(std::string_view seen);

}  // namespace gateway::policy
