#include "tests/sim/network.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "gateway/store/store.h"
#include "tests/sim/memory_vfs.h"

namespace gateway::sim {
namespace {

using namespace std::chrono_literals;
using config::Config;

constexpr const char* kSites[] = {"beijing", "hainan", "tianjin"};

net::PeerCertificate certificate_of(const std::string& site) {
  net::PeerCertificate made;
  made.fingerprint = "fingerprint of " + site;
  made.key_pin = "key of " + site;
  made.issuer = "the simulation";
  made.serial = site;
  made.dns_names = {site + ".causeway.example"};
  made.not_before = 0;
  made.not_after = std::int64_t{1} << 40;
  return made;
}

// Hours of patience become seconds: a run is short, and every retry, expiry and time-out shall happen in it.
void shorten(Config& config) {
  config.retry.first = 200ms;
  config.retry.longest = 1500ms;
  config.tls.crl.clear();
  for (auto& peer : config.peers) {
    peer.timeout = 2s;
    peer.keys = {certificate_of(peer.name).key_pin};
  }
  for (auto& system : config.systems) system.timeout = 3s;
}

// Tomorrow's routes: reports go to Beijing alone. What was accepted before must still reach Hainan.
Config reroute(Config config) {
  config.hash += "-rerouted";
  for (auto& route : config.routes) {
    if (config.site == "tianjin" && route.id.starts_with("reports")) route.to = {"peer:beijing"};
  }
  return config;
}

fhir::Result<SiteConfig> load_site(const std::string& source, const std::string& site) {
  config::Options options;
  options.environment = [](const std::string& name) -> std::optional<std::string> {
    if (name == "CAUSEWAY_DATA" || name == "CAUSEWAY_PKI") return "/nonexistent/causeway-sim";
    return std::nullopt;
  };
  options.today = "2026-03-10";
  std::vector<config::FileFault> faults;
  const auto loaded = config::load(std::filesystem::path(source) / "conf" / site, faults, options);
  if (!loaded) return fhir::fail(fhir::Fault::invalid, "sim.config", site, config::render(faults));
  Config config = *loaded;
  shorten(config);
  return SiteConfig{std::make_shared<const Config>(config), std::make_shared<const Config>(reroute(config)),
                    certificate_of(site)};
}

// Migrations take most of the time that opening takes.
fhir::Result<std::map<std::string, std::string>> make_fresh_store() {
  std::string folder = (std::filesystem::temp_directory_path() / "causeway-sim-XXXXXX").string();
  if (::mkdtemp(folder.data()) == nullptr)
    return fhir::fail(fhir::Fault::unavailable, "sim.folder", folder, "cannot be made");
  std::map<std::string, std::string> image;
  std::optional<fhir::Error> failed;
  {
    Disk disk(folder, Random(0));
    store::StoreOptions options;
    options.file = folder + "/causeway.db";
    options.vfs = Disk::kVfs;
    options.executor = [](auto) {};
    auto store = store::open_sqlite(options);
    if (!store) failed = store.error();
    if (store) store->reset();
    image = disk.image();
  }
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
  if (failed) return std::unexpected(*failed);
  return image;
}

}  // namespace

fhir::Result<Network> load_network(const std::string& source) {
  Network network;
  for (const char* name : kSites) {
    auto site = load_site(source, name);
    if (!site) return fhir::pass(site);
    network.sites[name] = *std::move(site);
  }
  auto fresh = make_fresh_store();
  if (!fresh) return fhir::pass(fresh);
  network.fresh_store = *std::move(fresh);
  return network;
}

const config::Door& Network::door(const std::string& site, const std::string& name) const {
  return *std::ranges::find(sites.at(site).usual->doors, name, &config::Door::name);
}

const config::System& Network::system(const std::string& site, const std::string& name) const {
  return *std::ranges::find(sites.at(site).usual->systems, name, &config::System::name);
}

}  // namespace gateway::sim
