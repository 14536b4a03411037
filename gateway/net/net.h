// Sockets seen from above: small interfaces, no Asio type in sight, so the exchange core also runs in a simulation.
// The implementation (asio_net.cpp) is the only place that knows Asio and TLS streams; http1.cpp is the only one that
// knows Beast.
//
// Threads: handlers, gatekeepers and watchers are called on I/O threads, several at once, and must not block; a reply
// may be given later and from any thread. A reply that is destroyed without being called answers 500 (MLLP: closes).
// Lifetime: what is passed by reference or pointer (handler, gatekeeper) must outlive the Listener, and for outgoing
// calls the Net. Never destroy a Listener or stop a Net from an I/O thread.
#pragma once
#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fhir/result.h"

namespace gateway::net {

using fhir::Error;
using fhir::Result;
using Clock = std::chrono::steady_clock;
using Deadline = Clock::time_point;

struct Address {
  std::string host;  // IPv4, IPv6 or a name
  std::uint16_t port = 0;
};

/// The certificate the other side proved to hold; empty `fingerprint` on plaintext connections.
struct PeerCertificate {
  std::string fingerprint;                     // SHA-256 of the DER, lower-case hex
  std::string key_pin;                         // SHA-256 of the SubjectPublicKeyInfo, base64: what peers.yaml pins
  std::string issuer, serial;                  // serial in hex
  std::vector<std::string> dns_names, uris;    // subject alternative names
  std::int64_t not_before = 0, not_after = 0;  // Unix seconds
};

using Headers = std::vector<std::pair<std::string, std::string>>;  // names in lower case
std::string_view header(const Headers& headers, std::string_view lower_case_name);

struct HttpRequest {
  std::string method, target;  // target as sent: path and query, percent-encoded
  Headers headers;
  std::string body;
  PeerCertificate certificate;
  std::string remote;  // address:port; over a Unix socket local:UID
};

struct HttpResponse {
  int status = 200;
  Headers headers;  // content-length, date and connection are added by net
  std::string body;
};

class HttpHandler {
 public:
  virtual ~HttpHandler() = default;
  virtual void handle(HttpRequest request, std::move_only_function<void(HttpResponse)> reply) = 0;
};

/// How MLLP is spoken with one endpoint.
enum class MllpRelease : std::uint8_t { one, two };
enum class Framing : std::uint8_t {
  lenient,  // what surrounds a whole message wrongly is survived, and noted
  strict,   // any byte that is not as the standard has it ends the connection
};
struct Mllp {
  MllpRelease release = MllpRelease::one;
  Framing framing = Framing::lenient;
  bool stored_is_enough =
      false;  // calls, release 2: once the other side has stored it no HL7 acknowledgement is awaited
};

struct MllpRequest {
  std::string bytes;  // one message without its frame, undecoded
  PeerCertificate certificate;
  std::string remote;
};

class MllpHandler {
 public:
  virtual ~MllpHandler() = default;
  /// Each reply is sent as one frame, in order; an empty list sends nothing. In release 2 the first is the handler's
  /// word about the message itself (adapters::hl7v2::kStored, kNotStored); the other side answers each other one with
  /// its own word, and a message it could not store is sent again, twice at most.
  virtual void handle(MllpRequest request, std::move_only_function<void(std::vector<std::string>)> reply) = 0;
  /// A frame that never became whole: over the limit (too_large), half a frame until the deadline or the end of the
  /// connection (invalid). `partial.bytes` is what arrived, at most the limit. What is replied is sent, if the other
  /// side still listens; then the connection is closed.
  virtual void broken(MllpRequest partial, Error why, std::move_only_function<void(std::vector<std::string>)> reply);
};

/// Somebody who was not let in. `certificate` is empty when none was shown; `why.code` is stable ("tls.expired",
/// "trust.disabled"), `why.say` names the rule.
struct Refusal {
  std::string remote;
  PeerCertificate certificate;
  Error why;
};

/// May this certificate talk to us at all, now? Asked after every handshake (also a resumed one: resumption skips
/// revocation), before each request, and every few seconds for connections that are open.
class Gatekeeper {
 public:
  virtual ~Gatekeeper() = default;
  /// An error's `say` names the rule (expired, revoked, unknown key, peer switched off).
  virtual Result<void> admit(const PeerCertificate& certificate) = 0;
  /// Called for everybody who was refused: by `admit`, or by TLS before `admit` was asked. To be logged and audited.
  virtual void refused(const Refusal& refusal) = 0;
};

/// Files in PEM. TLS 1.3 only, unless `from_1_2`; both sides show a certificate; CRL checking fails closed when `crl`
/// is set.
struct TlsFiles {
  std::string certificate, key, trust, crl;
  bool from_1_2 = false;  // TLS 1.2 with forward secrecy and AEAD, too: for local systems that have nothing newer
  auto operator<=>(const TlsFiles&) const = default;
};

struct Limits {
  std::size_t body = 32u << 20;
  std::size_t header = 32u << 10;
  std::size_t connections = 2000;
  std::size_t connections_each = 200;  // of one certificate
  std::chrono::milliseconds header_time{10'000}, body_time{60'000}, idle_time{120'000}, handshake_time{10'000};
};

/// What the log should say about a connection that ended badly or was not taken; no data values.
struct Note {
  std::string remote;
  Error why;
};
using Watch = std::function<void(const Note&)>;

/// Since the start, over all listeners and clients; `open` is now.
struct Counters {
  std::uint64_t accepted = 0, open = 0, connected = 0, requests = 0, handshakes = 0, resumed = 0, refused = 0;
};

/// Listens until destroyed: then its connections are closed and no handler call of it is running any more.
/// `tls` null: plaintext. `gatekeeper` null: every certificate that `tls` trusts.
class Listener {
 public:
  virtual ~Listener() = default;
  virtual std::uint16_t port() const = 0;  // the real one when 0 was asked for
};

class Net {
 public:
  virtual ~Net() = default;

  virtual Result<std::unique_ptr<Listener>> listen_http(const Address& at, const TlsFiles* tls, Gatekeeper* gatekeeper,
                                                        HttpHandler& handler, const Limits& limits) = 0;
  virtual Result<std::unique_ptr<Listener>> listen_mllp(const Address& at, const TlsFiles* tls, Gatekeeper* gatekeeper,
                                                        MllpHandler& handler, const Limits& limits,
                                                        const Mllp& manner) = 0;
  /// HTTP on a Unix socket that only the owner may open (mode 0600).
  virtual Result<std::unique_ptr<Listener>> listen_unix(const std::string& path, HttpHandler& handler,
                                                        const Limits& limits) = 0;

  /// One request over a pooled keep-alive connection. `done` is called exactly once, on an I/O thread, at the latest
  /// about when `within` has passed. An error is
  /// `unavailable` when nothing was sent, `in_doubt` when the request may have arrived, `forbidden` for a TLS refusal
  /// (of theirs or of ours). The server's certificate must be the one `gatekeeper` admits; without a gatekeeper it must
  /// carry the name or address we called. Redirects are never followed. content-length, host and connection are added.
  virtual void send_http(const Address& to, const TlsFiles* tls, Gatekeeper* gatekeeper, HttpRequest request,
                         std::chrono::milliseconds within,
                         std::move_only_function<void(Result<HttpResponse>)> done) = 0;
  /// Sends one frame and waits for one frame. A late or broken answer closes the connection. In release 2 the other
  /// side first says that it stored the message; `mllp.not-stored` when it says it did not. What says that is not there
  /// is missed only when framing is strict (`mllp.no-commit`): many send their acknowledgement right away. With
  /// `stored_is_enough` the answer is empty.
  virtual void send_mllp(const Address& to, const TlsFiles* tls, Gatekeeper* gatekeeper, std::string bytes,
                         const Mllp& manner, std::chrono::milliseconds within,
                         std::move_only_function<void(Result<std::string>)> done) = 0;
  /// Runs `task` on an I/O thread after `delay`; dropped when the Net stops first.
  virtual void after(std::chrono::milliseconds delay, std::move_only_function<void()> task) = 0;
  /// Reads the TLS files again: new connections use them, those whose certificate no longer passes are closed. Files
  /// that cannot be used are noted and the ones in use stay. Changed files are also noticed without this call, in 5
  /// seconds.
  virtual void reload_tls() = 0;
  virtual Counters counters() const = 0;
  /// Stops accepting, lets requests in progress finish (for 5 seconds), ends the I/O threads; no handler is called
  /// afterwards, every `done` has been called.
  virtual void stop() = 0;
};

/// `watch` may be empty.
std::unique_ptr<Net> make_net(unsigned threads, Watch watch = {});

}  // namespace gateway::net
