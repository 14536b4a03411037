// The shipped configuration of three sites, as the simulator runs it: the same doors, maps, routes and peers, but with
// certificates that are only values, shorter times, and a second version with other routes that a site may start with
// after a crash. Loaded once for all seeds.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "gateway/config/config.h"

namespace gateway::sim {

struct SiteConfig {
  std::shared_ptr<const config::Config> usual, rerouted;
  net::PeerCertificate certificate;
};

struct Network {
  std::map<std::string, SiteConfig> sites;         // "beijing", "hainan", "tianjin"
  std::map<std::string, std::string> fresh_store;  // the files of a store that was just made

  const config::Door& door(const std::string& site, const std::string& name) const;
  const config::System& system(const std::string& site, const std::string& name) const;
};

/// `source`: the project's folder. Fails with the faults of the configuration as a person reads them.
fhir::Result<Network> load_network(const std::string& source);

}  // namespace gateway::sim
