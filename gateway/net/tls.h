// TLS for gateway/net, out of OpenSSL's hands: contexts made from files, a session over a non-blocking socket, what a
// certificate says, and why a handshake failed. No OpenSSL type is visible outside tls.cpp.
//
// TLS 1.3 only; both sides show a certificate; key usage is checked in both directions; security level 2 (no RSA below
// 2048, no SHA-1); chains of at most four; CRLs fail closed. Sessions are resumed from the server's memory, never from
// tickets (stack.md §6), no early data. Resumption skips verification: whoever owns a Session asks `still_valid` after
// a handshake and whenever the files changed. Threads: Context is immutable and Credentials is safe for all; a Session
// belongs to one thread.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "gateway/net/net.h"

namespace gateway::net::tls {

enum class Role : std::uint8_t { server, client };
/// What is spoken inside; offered and demanded through ALPN where a client uses it.
enum class Speaks : std::uint8_t { http, mllp };

/// Certificate, key, trusted CAs and revocation list, loaded and found to fit together. Immutable.
class Context {
 public:
  /// Errors name the file: missing, not PEM, a key that group or others may read, a key that does not belong to the
  /// certificate, an empty CRL file. Codes: tls.files, tls.key-mode, tls.key-mismatch.
  static Result<std::shared_ptr<const Context>> load(const TlsFiles& files, Role role, Speaks speaks);
  ~Context();

  struct Impl;
  const Impl& impl() const { return *impl_; }

 private:
  explicit Context(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// The Context of a set of files as they are now.
class Credentials {
 public:
  static Result<std::shared_ptr<Credentials>> open(const TlsFiles& files, Role role, Speaks speaks);

  std::shared_ptr<const Context> current() const;
  /// Loads again what changed since the last look (or anyway). On an error the old Context stays in use; a fault is
  /// reported once, not again until the files change. True: there is a new one.
  Result<bool> refresh(bool anyway);

 private:
  Credentials(TlsFiles files, Role role, Speaks speaks);
  TlsFiles files_;
  Role role_;
  Speaks speaks_;
  mutable std::mutex mutex_;
  std::string seen_;  // sizes, times and inodes of the files at the last look
  std::shared_ptr<const Context> current_;
};

/// What a client needs to resume; opaque.
using Resumption = std::shared_ptr<void>;

enum class Step : std::uint8_t { done, want_read, want_write, closed, failed };

/// One TLS connection over a non-blocking socket that somebody else owns, waits for and closes.
class Session {
 public:
  static std::unique_ptr<Session> accept(std::shared_ptr<const Context> context, int socket);
  /// `name`: sent as SNI when it is a name; verified against the server's certificate when `check_name`.
  static std::unique_ptr<Session> connect(std::shared_ptr<const Context> context, int socket, const std::string& name,
                                          bool check_name, const Resumption& resume);
  ~Session();

  Step handshake();
  Step read(char* into, std::size_t size, std::size_t& got);
  Step write(const char* from, std::size_t size, std::size_t& put);
  /// Says goodbye (close_notify), without waiting.
  void finish();

  /// After `failed`: why; `forbidden` when one side refused the other, `unavailable` when the connection broke.
  const Error& failure() const;
  /// What the other side showed, also when it was refused; empty when nothing was shown.
  const PeerCertificate& certificate() const;
  bool resumed() const;
  /// The newest session to resume from, if the server gave one.
  Resumption resumption() const;

  /// Verifies the other side again: its dates always, its whole chain when `now` is not the context it was verified
  /// with.
  Result<void> still_valid(const std::shared_ptr<const Context>& now);

  struct Impl;

 private:
  explicit Session(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace gateway::net::tls
