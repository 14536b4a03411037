// Who is who: the peers and partners of the configuration, known by their certificates.
//
// A certificate is accepted only when one entry's name (DNS or URI) stands in it AND its key is among that entry's pins
// AND the entry is enabled AND the certificate is within its dates AND it is not revoked. TLS has verified the chain
// before; this is asked again before each request and every few seconds, because resumed sessions skip verification and
// live connections outlast revocation, expiry and a peer that was switched off (trust.md R14).
// Each refusal names its rule: trust.no-certificate, trust.unknown-name, trust.wrong-san, trust.unknown-key,
// trust.disabled, trust.expired, trust.not-yet-valid, trust.revoked, trust.no-crl, trust.crl-expired,
// trust.other-party.
//
// Threads: safe for all. The revocation list is read again when its file changed, looked at once a second at most; a
// list that cannot be read leaves the last good one in force until that expires.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/config/config.h"
#include "gateway/net/net.h"

namespace gateway::trust {

using fhir::Result;

struct Party {
  enum class Kind : std::uint8_t { peer, partner };
  Kind kind = Kind::peer;
  std::string name;                     // as in peers.yaml or partners.yaml
  std::string organization;             // id; of a partner that may write or send: this site's; else empty
  std::vector<std::string> speaks_for;  // further organisation ids (hubs)
};

/// May this party say that a record comes from that organisation? Hospital A never speaks for B.
bool may_speak_for(const Party& party, std::string_view organization_id);

class Roster final : public net::Gatekeeper {
 public:
  using Sink = std::function<void(const net::Refusal&)>;
  using WallClock = std::function<std::int64_t()>;  // Unix seconds

  /// `sink` hears of everybody who was refused, on I/O threads; may be empty. `clock` empty: the system's.
  explicit Roster(std::shared_ptr<const config::Config> config, Sink sink = {}, WallClock clock = {});
  ~Roster() override;

  /// From the next question on. Connections whose party is gone or disabled are closed in a few seconds.
  void update(std::shared_ptr<const config::Config> config);

  Result<Party> identify(const net::PeerCertificate& certificate) const;
  Result<void> admit(const net::PeerCertificate& certificate) override;
  void refused(const net::Refusal& refusal) override;

  /// When the certificate ends that each party last showed and was admitted with (Unix seconds), since the start.
  std::map<std::string, std::int64_t> certificates_end() const;

  /// For calls to one peer: admits that peer's certificate and nobody else's. Lives as long as the Roster.
  net::Gatekeeper& expecting(const std::string& peer);

 private:
  struct State;
  class Expected;
  std::shared_ptr<const State> state() const;
  std::shared_ptr<const State> make_state(std::shared_ptr<const config::Config> config, const State* before) const;

  Sink sink_;
  WallClock clock_;
  mutable std::mutex mutex_;
  mutable std::shared_ptr<const State> state_;
  mutable std::map<std::string, std::int64_t> ends_;
  mutable std::int64_t looked_ = 0;  // when the revocation list was last looked at
  std::map<std::string, std::unique_ptr<Expected>> expected_;
};

}  // namespace gateway::trust
