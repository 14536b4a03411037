#include "gateway/trust/roster.h"

#include <sys/stat.h>

#include <algorithm>
#include <ctime>
#include <optional>
#include <utility>

#include "gateway/net/tls_certificate.h"

namespace gateway::trust {
namespace {

using fhir::Fault;
using net::PeerCertificate;

struct Entry {
  Party party;
  std::string san;
  std::vector<std::string> keys;
  bool enabled = true;
};

struct FileTime {
  std::int64_t seconds = 0, nanoseconds = 0;
  std::uint64_t size = 0, inode = 0;
  bool operator==(const FileTime&) const = default;
};

FileTime time_of(const std::string& path) {
  struct stat info{};
  if (path.empty() || stat(path.c_str(), &info) != 0) return {};
  return {info.st_mtim.tv_sec, info.st_mtim.tv_nsec, static_cast<std::uint64_t>(info.st_size), info.st_ino};
}

std::vector<Entry> entries_of(const config::Config& config) {
  std::vector<Entry> entries;
  for (const auto& peer : config.peers) {
    entries.push_back(
        {{Party::Kind::peer, peer.name, peer.organization.id, peer.speaks_for}, peer.san, peer.keys, peer.enabled});
  }
  for (const auto& partner : config.partners) {
    const bool local_staff = !partner.writes.empty() || !partner.sends.empty();
    entries.push_back({{Party::Kind::partner, partner.name, local_staff ? config.organization.id : "", {}},
                       partner.san,
                       partner.keys,
                       partner.enabled});
  }
  return entries;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

/// DNS names are the same in either case (RFC 4343); URIs are compared as they are. No wildcards.
bool carries(const PeerCertificate& certificate, std::string_view san) {
  const auto same = [&](const std::string& name) { return std::ranges::equal(name, san, {}, lower, lower); };
  return std::ranges::any_of(certificate.dns_names, same) ||
         std::ranges::find(certificate.uris, san) != certificate.uris.end();
}

bool has_key(const Entry& entry, const std::string& pin) {
  return !pin.empty() && std::ranges::find(entry.keys, pin) != entry.keys.end();
}

std::unexpected<fhir::Error> no(const char* code, const char* say) {
  return fhir::fail(Fault::forbidden, code, "", say);
}

}  // namespace

bool may_speak_for(const Party& party, std::string_view organization_id) {
  if (organization_id.empty()) return false;
  return party.organization == organization_id ||
         std::ranges::find(party.speaks_for, organization_id) != party.speaks_for.end();
}

struct Roster::State {
  std::shared_ptr<const config::Config> config;
  std::vector<Entry> entries;
  bool checks_revocation = false;
  std::optional<net::tls::Revocations> revocations;
  FileTime crl_time;

  Result<const Entry*> find(const PeerCertificate& certificate) const;
  Result<void> check(const PeerCertificate& certificate, std::int64_t now) const;
};

/// Name and key must meet in one entry; what is said otherwise tells a rotated key from a stranger.
Result<const Entry*> Roster::State::find(const PeerCertificate& certificate) const {
  const Entry *named = nullptr, *keyed = nullptr;
  for (const Entry& entry : entries) {
    const bool name = carries(certificate, entry.san), key = has_key(entry, certificate.key_pin);
    if (name && key) return &entry;
    if (name) named = &entry;
    if (key) keyed = &entry;
  }
  if (named != nullptr) return no("trust.unknown-key", "the certificate's key is not pinned for the name it carries");
  if (keyed != nullptr) return no("trust.wrong-san", "the key is known, but the certificate does not carry its name");
  return no("trust.unknown-name", "the certificate carries no name that is known here");
}

Result<void> Roster::State::check(const PeerCertificate& certificate, std::int64_t now) const {
  if (now > certificate.not_after) return no("trust.expired", "the certificate has expired");
  if (now < certificate.not_before) return no("trust.not-yet-valid", "the certificate is not valid yet");
  if (!checks_revocation) return {};
  if (!revocations) return no("trust.no-crl", "the revocation list cannot be read");
  if (revocations->revoked.contains({certificate.issuer, certificate.serial})) {
    return no("trust.revoked", "the certificate is revoked");
  }
  if (now > revocations->next_update) return no("trust.crl-expired", "the revocation list is out of date");
  return {};
}

class Roster::Expected final : public net::Gatekeeper {
 public:
  Expected(Roster& roster, std::string peer) : roster_(roster), peer_(std::move(peer)) {}

  Result<void> admit(const PeerCertificate& certificate) override {
    auto party = roster_.identify(certificate);
    if (!party) return fhir::pass(party);
    if (party->kind == Party::Kind::peer && party->name == peer_) return {};
    return no("trust.other-party", "the certificate is known, but belongs to another party than the one called");
  }
  void refused(const net::Refusal& refusal) override { roster_.refused(refusal); }

 private:
  Roster& roster_;
  std::string peer_;
};

Roster::Roster(std::shared_ptr<const config::Config> config, Sink sink, WallClock clock)
    : sink_(std::move(sink)), clock_(std::move(clock)) {
  if (!clock_) clock_ = [] { return static_cast<std::int64_t>(std::time(nullptr)); };
  state_ = make_state(std::move(config), nullptr);
}

Roster::~Roster() = default;

std::shared_ptr<const Roster::State> Roster::make_state(std::shared_ptr<const config::Config> config,
                                                        const State* before) const {
  auto state = std::make_shared<State>();
  state->entries = entries_of(*config);
  state->checks_revocation = !config->tls.crl.empty();
  state->crl_time = time_of(config->tls.crl);
  const bool same_file = before != nullptr && before->config->tls.crl == config->tls.crl;
  if (same_file) state->revocations = before->revocations;
  if (state->checks_revocation && !(same_file && before->crl_time == state->crl_time)) {
    if (auto read = net::tls::read_revocations(config->tls.crl)) state->revocations = *std::move(read);
  }
  state->config = std::move(config);
  return state;
}

void Roster::update(std::shared_ptr<const config::Config> config) {
  const std::lock_guard lock(mutex_);
  state_ = make_state(std::move(config), state_.get());
}

std::shared_ptr<const Roster::State> Roster::state() const {
  const std::int64_t now = std::time(nullptr);
  const std::lock_guard lock(mutex_);
  if (now != looked_) {
    looked_ = now;
    if (state_->checks_revocation && time_of(state_->config->tls.crl) != state_->crl_time) {
      state_ = make_state(state_->config, state_.get());
    }
  }
  return state_;
}

Result<Party> Roster::identify(const PeerCertificate& certificate) const {
  if (certificate.fingerprint.empty()) return no("trust.no-certificate", "no certificate was shown");
  const auto now_known = state();
  auto entry = now_known->find(certificate);
  if (!entry) return fhir::pass(entry);
  if (auto valid = now_known->check(certificate, clock_()); !valid) return fhir::pass(valid);
  if (!(*entry)->enabled) return no("trust.disabled", "this party is switched off in the configuration");
  const std::lock_guard lock(mutex_);
  ends_[(*entry)->party.name] = certificate.not_after;
  return (*entry)->party;
}

Result<void> Roster::admit(const PeerCertificate& certificate) {
  auto party = identify(certificate);
  if (!party) return fhir::pass(party);
  return {};
}

void Roster::refused(const net::Refusal& refusal) {
  if (sink_) sink_(refusal);
}

std::map<std::string, std::int64_t> Roster::certificates_end() const {
  const std::lock_guard lock(mutex_);
  return ends_;
}

net::Gatekeeper& Roster::expecting(const std::string& peer) {
  const std::lock_guard lock(mutex_);
  auto& expected = expected_[peer];
  if (!expected) expected = std::make_unique<Expected>(*this, peer);
  return *expected;
}

}  // namespace gateway::trust
