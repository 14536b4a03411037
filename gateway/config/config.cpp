#include "gateway/config/config.h"

#include <algorithm>

#include "gateway/config/events.h"

namespace gateway::config {

namespace {

template <class T>
const T* named(const std::vector<T>& list, std::string_view name) {
  const auto found = std::ranges::find(list, name, &T::name);
  return found == list.end() ? nullptr : &*found;
}

}  // namespace

const Peer* Config::peer(std::string_view name) const { return named(peers, name); }
const System* Config::system(std::string_view name) const { return named(systems, name); }

const Peer* Config::peer_of_organization(std::string_view id) const {
  const auto found = std::ranges::find_if(peers, [&](const Peer& peer) {
    return peer.organization.id == id || std::ranges::find(peer.speaks_for, id) != peer.speaks_for.end();
  });
  return found == peers.end() ? nullptr : &*found;
}

std::chrono::hours Retention::period_of(std::string_view event, bool refused) const {
  if (refused) return process;
  std::chrono::hours longest{0};
  for (const Keeping& one : keep)
    if (std::ranges::find(one.events, event) != one.events.end()) longest = std::max(longest, one.period);
  if (longest.count() != 0) return longest;
  return is_process(event) ? process : records;
}

}  // namespace gateway::config
