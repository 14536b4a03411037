#include "gateway/exchange/unmapped.h"

#include <algorithm>

namespace gateway::exchange {

namespace {

constexpr std::size_t kLongestCode = 64, kLongestDisplay = 200;
constexpr std::size_t kMostOfOneMessage = 200;

}  // namespace

void note_unmapped(store::Commit& commit, std::string_view map, std::span<const adapters::map::Unmapped> codes,
                   store::Millis at) {
  for (const auto& code : codes) {
    if (code.code.size() > kLongestCode) continue;
    const auto known = std::ranges::find_if(commit.unmapped, [&](const store::UnmappedCode& other) {
      return other.table == code.table && other.code == code.code;
    });
    if (known != commit.unmapped.end()) {
      ++known->count;
      continue;
    }
    if (commit.unmapped.size() == kMostOfOneMessage) return;
    commit.unmapped.push_back({.table = code.table,
                               .code = code.code,
                               .map = std::string(map),
                               .display = code.display.size() > kLongestDisplay ? std::string() : code.display,
                               .place = code.place,
                               .count = 1,
                               .first = at,
                               .last = at});
  }
}

}  // namespace gateway::exchange
