#include "gateway/config/config.h"

#include <algorithm>

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

}  // namespace gateway::config
