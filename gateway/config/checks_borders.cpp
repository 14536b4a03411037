// Where a route crosses a border, the peer needs a transfer basis that is valid and fits (domain.md §5). What is
// missing here is a warning that says what will happen: the policy step holds the records, whatever this file says.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "gateway/config/checks.h"
#include "gateway/config/codes.h"

namespace gateway::config {

namespace {

/// The nine Guangdong cities of the Greater Bay Area, and Hong Kong (GBA standard contract, 2023-12-13).
constexpr std::array<std::string_view, 11> kBayCities{"广州", "深圳", "珠海", "佛山", "惠州",     "东莞",
                                                      "中山", "江门", "肇庆", "香港", "Hong Kong"};

bool in_the_bay(const Organization& organization) {
  return organization.jurisdiction == "HK" || std::ranges::find(kBayCities, organization.city) != kBayCities.end();
}

std::string today(const Options& options) {
  if (!options.today.empty()) return options.today;
  const std::chrono::year_month_day day{std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now())};
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(day.year()), static_cast<unsigned>(day.month()),
                     static_cast<unsigned>(day.day()));
}

bool abroad(const Config& config, const Peer& peer) {
  return !peer.organization.jurisdiction.empty() && peer.organization.jurisdiction != config.organization.jurisdiction;
}

/// The first route that leads to the peer.
std::optional<std::size_t> route_to(const Config& config, const Peer& peer) {
  for (std::size_t i = 0; i < config.routes.size(); ++i)
    if (std::ranges::find(config.routes[i].to, "peer:" + peer.name) != config.routes[i].to.end()) return i;
  return std::nullopt;
}

void warn_missing(const Draft& draft, std::size_t i) {
  const Peer& peer = draft.config.peers[i];
  const auto route = route_to(draft.config, peer);
  if (!route) return;
  draft.reader.faults.warn(
      draft.peers.at(i), code::kTransferMissing,
      fmt::format("peer \"{}\" is in {} and has no transfer basis: every record routed to it will be held", peer.name,
                  peer.organization.jurisdiction),
      "give it a `transfer` section with basis, filing number, dates and purposes",
      draft.reader.faults.also(draft.routes.at(*route, "to", "peer:" + peer.name), "this route leads to it"));
}

void check_dates(const Draft& draft, std::size_t i, const TransferBasis& basis) {
  auto& faults = draft.reader.faults;
  const std::string& name = draft.config.peers[i].name;
  const std::string now = today(draft.reader.options);
  const Mark mark = draft.peers.at(i, "transfer");
  if (basis.valid_from.empty() || basis.valid_to.empty()) return;
  if (basis.valid_to < basis.valid_from)
    faults.error(mark, code::kRange, fmt::format("the transfer basis of peer \"{}\" ends before it begins", name));
  else if (basis.valid_to < now)
    faults.warn(
        mark, code::kTransferDates,
        fmt::format("the transfer basis of peer \"{}\" ended on {}: its records are held", name, basis.valid_to));
  else if (now < basis.valid_from)
    faults.warn(mark, code::kTransferDates,
                fmt::format("the transfer basis of peer \"{}\" begins on {}: its records are held until then", name,
                            basis.valid_from));
}

void check_place(const Draft& draft, std::size_t i, const TransferBasis& basis) {
  const Peer& peer = draft.config.peers[i];
  if (basis.type == "GBA-SCC" && !(in_the_bay(draft.config.organization) && in_the_bay(peer.organization)))
    draft.reader.faults.warn(
        draft.peers.at(i, "transfer"), code::kTransferPlace,
        fmt::format("peer \"{}\": both parties to a GBA standard contract must be registered in the Greater Bay Area",
                    peer.name),
        "use SCC, CERT or ASSESSMENT");
}

void check_purposes(const Draft& draft, const Peer& peer, const TransferBasis& basis) {
  for (std::size_t i = 0; i < draft.config.routes.size(); ++i) {
    const Route& route = draft.config.routes[i];
    const bool leads = std::ranges::find(route.to, "peer:" + peer.name) != route.to.end();
    if (leads && std::ranges::find(basis.purposes, route.purpose) == basis.purposes.end())
      draft.reader.faults.warn(
          draft.routes.at(i, "purpose"), code::kTransferMissing,
          fmt::format("the transfer basis of peer \"{}\" does not cover {}: what route \"{}\" sends there will be held",
                      peer.name, route.purpose, route.id));
  }
}

/// Records from the mainland leave minimised to P2 at least (domain.md §5.2).
void check_profile(const Draft& draft, std::size_t i) {
  const Peer& peer = draft.config.peers[i];
  if (draft.config.organization.jurisdiction == "CN" && peer.profile < "P2")
    draft.reader.faults.warn(draft.peers.at(i, "profile"), code::kTransferProfile,
                             fmt::format("profile {} is too wide for peer \"{}\" in {}: its records will be held",
                                         peer.profile, peer.name, peer.organization.jurisdiction),
                             "leave `profile` out, or write P2");
}

}  // namespace

void check_borders(const Draft& draft) {
  if (!draft.documents.site) return;
  for (std::size_t i = 0; i < draft.config.peers.size(); ++i) {
    Peer& peer = draft.config.peers[i];
    const bool border = abroad(draft.config, peer);
    if (peer.profile.empty()) peer.profile = border ? "P2" : "P1";
    if (border) check_profile(draft, i);
    if (peer.transfer) {
      check_dates(draft, i, *peer.transfer);
      check_place(draft, i, *peer.transfer);
      if (border) check_purposes(draft, peer, *peer.transfer);
    } else if (border) {
      warn_missing(draft, i);
    }
  }
}

}  // namespace gateway::config
