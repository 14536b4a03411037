// Names are given once; a certificate, a key or an organisation belongs to one party (trust.md S3: the certificate of
// hospital A never speaks for hospital B).
#include <fmt/format.h>

#include <map>
#include <set>

#include "adapters/identity_numbers.h"
#include "gateway/config/checks.h"
#include "gateway/config/codes.h"

namespace gateway::config {

namespace {

/// Who has a thing first, and where.
class Owners {
 public:
  Owners(Faults& faults, std::string_view code, std::string_view what) : faults_(faults), code_(code), what_(what) {}

  void add(const std::string& thing, const std::string& owner, Mark mark) {
    if (thing.empty()) return;
    const auto [first, fresh] = first_.try_emplace(thing, Entry{owner, mark});
    if (fresh || (first->second.owner == owner && !owner.empty())) return;
    faults_.error(mark, code_, fmt::format("{} '{}' is given twice", what_, thing), {},
                  faults_.also(first->second.mark, "first given here"));
  }

 private:
  struct Entry {
    std::string owner;
    Mark mark;
  };
  Faults& faults_;
  std::string_view code_, what_;
  std::map<std::string, Entry> first_;
};

template <class T>
void check_names(const Draft& draft, const std::vector<T>& list, std::string T::* name, const Origin& origin,
                 std::string_view key, std::string_view what) {
  Owners owners(draft.reader.faults, code::kTwice, what);
  for (std::size_t i = 0; i < list.size(); ++i) owners.add(list[i].*name, "", origin.at(i, key));
}

/// Of peers and partners alike.
template <class T>
void add_identity(const T& party, const std::string& owner, const Origin& origin, std::size_t i, Owners& names,
                  Owners& pins) {
  names.add(party.san, owner, origin.at(i, "san"));
  for (const auto& pin : party.keys) {
    const bool inline_pin = origin.has(i, "keys") && origin.at(i, "keys", pin) != origin.at(i, "keys");
    pins.add(pin, owner,
             inline_pin || !origin.has(i, "keys_file") ? origin.at(i, "keys", pin) : origin.at(i, "keys_file"));
  }
}

template <class T>
void require_keys(const Draft& draft, const std::vector<T>& list, const Origin& origin, std::string_view what) {
  for (std::size_t i = 0; i < list.size(); ++i)
    if (!origin.has(i, "keys") && !origin.has(i, "keys_file"))
      draft.reader.faults.error(origin.at(i), code::kKeys,
                                fmt::format("{} \"{}\" has neither `keys` nor `keys_file`", what, list[i].name),
                                "a certificate's name alone proves nothing: pin its key");
}

/// A peer is called, or it collects.
void check_ways(const Draft& draft) {
  for (std::size_t i = 0; i < draft.config.peers.size(); ++i) {
    const Peer& peer = draft.config.peers[i];
    const bool called = peer.mailbox != Mailbox::here, has = draft.peers.has(i, "address");
    if (called && !has)
      draft.reader.faults.error(draft.peers.at(i), code::kMissingKey,
                                fmt::format("peer \"{}\" has no `address`", peer.name),
                                "its FHIR API; a peer that opens no port has `mailbox: here` instead");
    if (!called && has)
      draft.reader.faults.error(draft.peers.at(i, "address"), code::kNoEffect,
                                fmt::format("`address` means nothing for peer \"{}\"", peer.name),
                                "it collects from its mailbox here and is never called");
  }
}

void check_parties(const Draft& draft) {
  Owners names(draft.reader.faults, code::kAmbiguous, "the certificate name");
  Owners pins(draft.reader.faults, code::kAmbiguous, "the key pin");
  for (std::size_t i = 0; i < draft.config.peers.size(); ++i)
    add_identity(draft.config.peers[i], "peer " + draft.config.peers[i].name, draft.peers, i, names, pins);
  for (std::size_t i = 0; i < draft.config.partners.size(); ++i)
    add_identity(draft.config.partners[i], "partner " + draft.config.partners[i].name, draft.partners, i, names, pins);
  require_keys(draft, draft.config.peers, draft.peers, "peer");
  require_keys(draft, draft.config.partners, draft.partners, "partner");
}

Mark organization_mark(const Documents& documents, std::size_t peer, std::string_view key) {
  const Yaml* peers = documents.peers->find("peers");
  const Yaml* organization = peers->items[peer].find("organization");
  const Yaml* value = organization == nullptr ? nullptr : organization->find(key);
  return value == nullptr ? peers->items[peer].mark : value->mark;
}

Mark own_organization_mark(const Documents& documents, std::string_view key) {
  const Yaml* organization = documents.site ? documents.site->find("organization") : nullptr;
  const Yaml* value = organization == nullptr ? nullptr : organization->find(key);
  return value == nullptr ? Mark{} : value->mark;
}

void check_organizations(const Draft& draft) {
  Owners owners(draft.reader.faults, code::kAmbiguous, "the organisation");
  if (draft.documents.site) owners.add(draft.config.organization.id, "", own_organization_mark(draft.documents, "id"));
  for (std::size_t i = 0; i < draft.config.peers.size(); ++i)
    owners.add(draft.config.peers[i].organization.id, "", organization_mark(draft.documents, i, "id"));
  for (std::size_t i = 0; i < draft.config.peers.size(); ++i)
    for (const auto& id : draft.config.peers[i].speaks_for) owners.add(id, "", draft.peers.at(i, "speaks_for", id));
}

void check_code(const Draft& draft, const Organization& organization, Mark mark) {
  if (organization.jurisdiction == "CN" && !organization.code.empty() && !adapters::is_uscc(organization.code))
    draft.reader.faults.warn(mark, code::kCheckDigit,
                             fmt::format("'{}' is no unified social credit code", organization.code),
                             "18 characters, the last one a check character (GB 32100)");
}

void check_codes(const Draft& draft) {
  if (draft.documents.site)
    check_code(draft, draft.config.organization, own_organization_mark(draft.documents, "code"));
  for (std::size_t i = 0; i < draft.config.peers.size(); ++i)
    check_code(draft, draft.config.peers[i].organization, organization_mark(draft.documents, i, "code"));
}

void check_powers(const Draft& draft) {
  for (std::size_t i = 0; i < draft.config.partners.size(); ++i) {
    const Partner& partner = draft.config.partners[i];
    if (!draft.partners.has(i, "reads") && partner.writes.empty() && partner.sends.empty())
      draft.reader.faults.warn(draft.partners.at(i), code::kPowerless,
                               fmt::format("partner \"{}\" may do nothing", partner.name),
                               "give it `reads`, `writes` or `sends`; to keep it out for a while, `enabled: false`");
  }
}

}  // namespace

void check_identities(const Draft& draft) {
  const Config& config = draft.config;
  check_names(draft, config.doors, &Door::name, draft.doors, "name", "the door");
  check_names(draft, config.systems, &System::name, draft.systems, "name", "the system");
  check_names(draft, config.peers, &Peer::name, draft.peers, "name", "the peer");
  check_names(draft, config.partners, &Partner::name, draft.partners, "name", "the partner");
  check_names(draft, config.routes, &Route::id, draft.routes, "id", "the route");
  check_ways(draft);
  check_parties(draft);
  check_organizations(draft);
  check_codes(draft);
  check_powers(draft);
}

}  // namespace gateway::config
