// Codes without an answer go into the transaction of the message that had them, so the worklist misses none (`causeway
// map unmapped`). A message that is held for one of them and released later counts again what stood before it.
#pragma once
#include <span>
#include <string_view>

#include "adapters/map/map.h"
#include "gateway/store/store.h"

namespace gateway::exchange {

/// Counted together where they are the same. What is longer than a code ever is stays out: it is text in the wrong
/// place, and may be about a person.
void note_unmapped(store::Commit& commit, std::string_view map, std::span<const adapters::map::Unmapped> codes,
                   store::Millis at);

}  // namespace gateway::exchange
