#include "gateway/net/tls.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <ctime>
#include <utility>

#include "gateway/net/openssl_handle.h"
#include "gateway/net/tls_certificate.h"

namespace gateway::net::tls {
namespace {

using fhir::Fault;

using CtxPtr = Handle<SSL_CTX, SSL_CTX_free>;
using SslPtr = Handle<SSL, SSL_free>;
using StoreContextPtr = Handle<X509_STORE_CTX, X509_STORE_CTX_free>;

constexpr int kSecurityLevel = 2;
constexpr int kChainDepth = 4;
constexpr std::int64_t kSessionSeconds = 3600;
constexpr std::int64_t kSessionsKept = 1024;
constexpr std::string_view kHttpAlpn{"\x08http/1.1", 9};

std::unexpected<Error> file_error(const std::string& file, std::string say) {
  ERR_clear_error();
  return fhir::fail(Fault::invalid, "tls.files", file, std::move(say));
}

// --- Why a handshake failed --------------------------------------------------------------------------------------

/// The stable code of a verification error (X509_V_ERR_*); everything rare is "tls.certificate".
std::string_view verify_code(int error) {
  switch (error) {
    case X509_V_ERR_CERT_HAS_EXPIRED: return "tls.expired";
    case X509_V_ERR_CERT_NOT_YET_VALID: return "tls.not-yet-valid";
    case X509_V_ERR_CERT_REVOKED: return "tls.revoked";
    case X509_V_ERR_UNABLE_TO_GET_CRL: return "tls.no-crl";
    case X509_V_ERR_CRL_HAS_EXPIRED:
    case X509_V_ERR_CRL_NOT_YET_VALID: return "tls.crl-expired";
    case X509_V_ERR_CRL_SIGNATURE_FAILURE: return "tls.crl-signature";
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN: return "tls.unknown-ca";
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT: return "tls.self-signed";
    case X509_V_ERR_CERT_SIGNATURE_FAILURE: return "tls.signature";
    case X509_V_ERR_INVALID_PURPOSE: return "tls.wrong-purpose";
    case X509_V_ERR_INVALID_CA:
    case X509_V_ERR_KEYUSAGE_NO_CERTSIGN: return "tls.issuer-not-ca";
    case X509_V_ERR_PATH_LENGTH_EXCEEDED:
    case X509_V_ERR_CERT_CHAIN_TOO_LONG: return "tls.chain-too-long";
    case X509_V_ERR_EE_KEY_TOO_SMALL:
    case X509_V_ERR_CA_KEY_TOO_SMALL: return "tls.weak-key";
    case X509_V_ERR_CA_MD_TOO_WEAK: return "tls.weak-signature";
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH: return "tls.wrong-name";
    case X509_V_ERR_PERMITTED_VIOLATION:
    case X509_V_ERR_EXCLUDED_VIOLATION: return "tls.name-constraint";
    default: return "tls.certificate";
  }
}

Error verify_error(int error) {
  return {Fault::forbidden, std::string(verify_code(error)), "", X509_verify_cert_error_string(error)};
}

/// TLS alerts reach us as reasons of 1000 + the alert's number (RFC 8446 §6).
bool is_alert(int reason) { return reason >= SSL_AD_REASON_OFFSET && reason < SSL_AD_REASON_OFFSET + 256; }

std::string_view library_code(int reason) {
  if (is_alert(reason)) return "tls.refused-by-peer";
  switch (reason) {
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE: return "tls.no-certificate";
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_NO_PROTOCOLS_AVAILABLE: return "tls.version";
    case SSL_R_HTTP_REQUEST:
    case SSL_R_HTTPS_PROXY_REQUEST:
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_PACKET_LENGTH_TOO_LONG:
    case SSL_R_BAD_RECORD_TYPE: return "tls.plaintext";
    case SSL_R_NO_APPLICATION_PROTOCOL: return "tls.protocol";
    default: return "tls.handshake";
  }
}

Error library_error() {
  const unsigned long code = ERR_peek_error();
  const int reason = ERR_GET_REASON(code);
  const char* text = ERR_reason_error_string(code);
  ERR_clear_error();
  if (reason == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
    return {Fault::unavailable, "net.closed", "", "the connection was cut without a goodbye"};
  }
  std::string say = text == nullptr ? "TLS failed" : text;
  if (is_alert(reason)) say = "the other side refused: " + say;
  return {Fault::forbidden, std::string(library_code(reason)), "", std::move(say)};
}

// --- Files -------------------------------------------------------------------------------------------------------

Result<std::string> read_key_file(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat info{};
  if (file < 0 || fstat(file, &info) != 0 || !S_ISREG(info.st_mode) || info.st_size > 64 << 10) {
    if (file >= 0) close(file);
    return file_error(path, "the key file cannot be read");
  }
  if ((info.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    close(file);
    return fhir::fail(Fault::forbidden, "tls.key-mode", path,
                      "the private key may be read by group or others: chmod 600");
  }
  std::string text(static_cast<std::size_t>(info.st_size), '\0');
  const ssize_t got = read(file, text.data(), text.size());
  close(file);
  if (got != info.st_size) return file_error(path, "the key file cannot be read");
  return text;
}

int no_passphrase(char*, int, int, void*) { return 0; }

/// The one place where private keys come from: a PKCS#11 provider would be plugged in here.
Result<KeyPtr> load_private_key(const std::string& path) {
  auto text = read_key_file(path);
  if (!text) return fhir::pass(text);
  const BioPtr bio(BIO_new_mem_buf(text->data(), static_cast<int>(text->size())));
  KeyPtr key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr));
  OPENSSL_cleanse(text->data(), text->size());
  if (!key) return file_error(path, "this is no private key in PEM without a passphrase");
  return key;
}

Result<void> use_own_certificate(SSL_CTX* context, const TlsFiles& files) {
  if (SSL_CTX_use_certificate_chain_file(context, files.certificate.c_str()) != 1) {
    return file_error(files.certificate, "this is no certificate chain in PEM, or one weaker than RSA 2048 / SHA-256");
  }
  auto key = load_private_key(files.key);
  if (!key) return fhir::pass(key);
  if (SSL_CTX_use_PrivateKey(context, key->get()) != 1 || SSL_CTX_check_private_key(context) != 1) {
    ERR_clear_error();
    return fhir::fail(Fault::invalid, "tls.key-mismatch", files.key, "the key does not belong to the certificate");
  }
  return {};
}

Result<void> use_trust(SSL_CTX* context, const TlsFiles& files, Role role) {
  if (SSL_CTX_load_verify_file(context, files.trust.c_str()) != 1) {
    return file_error(files.trust, "no trusted CA certificates in PEM");
  }
  if (role == Role::server) SSL_CTX_set_client_CA_list(context, SSL_load_client_CA_file(files.trust.c_str()));
  if (files.crl.empty()) return {};
  X509_STORE* store = SSL_CTX_get_cert_store(context);
  X509_LOOKUP* lookup = X509_STORE_add_lookup(store, X509_LOOKUP_file());
  if (X509_load_crl_file(lookup, files.crl.c_str(), X509_FILETYPE_PEM) < 1) {
    return file_error(files.crl, "no certificate revocation list in PEM");
  }
  X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
  return {};
}

// --- Callbacks ---------------------------------------------------------------------------------------------------

Session::Impl& session_of(const SSL* ssl);

/// Verifies as OpenSSL would, and keeps what was shown: after a refusal the library forgets it.
int verify_chain(X509_STORE_CTX* store, void*);

int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* in, unsigned in_size,
                    void* speaks) {
  if (speaks == nullptr) return SSL_TLSEXT_ERR_ALERT_FATAL;  // MLLP has no ALPN name: whoever offers one is lost
  unsigned char* chosen = nullptr;
  const int found = SSL_select_next_proto(&chosen, out_size, reinterpret_cast<const unsigned char*>(kHttpAlpn.data()),
                                          kHttpAlpn.size(), in, in_size);
  *out = chosen;
  return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

int keep_session(SSL* ssl, SSL_SESSION* session);

void configure_server(SSL_CTX* context, Speaks speaks) {
  std::array<unsigned char, 16> id{};
  RAND_bytes(id.data(), static_cast<int>(id.size()));
  SSL_CTX_set_session_id_context(context, id.data(), static_cast<unsigned>(id.size()));
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_SERVER);
  SSL_CTX_sess_set_cache_size(context, kSessionsKept);
  SSL_CTX_set_num_tickets(context, 1);
  static int http = 0;  // its address says: HTTP
  SSL_CTX_set_alpn_select_cb(context, choose_protocol, speaks == Speaks::http ? &http : nullptr);
}

void configure_client(SSL_CTX* context, Speaks speaks) {
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context, keep_session);
  if (speaks != Speaks::http) return;
  SSL_CTX_set_alpn_protos(context, reinterpret_cast<const unsigned char*>(kHttpAlpn.data()), kHttpAlpn.size());
}

}  // namespace

// --- Context and Credentials -------------------------------------------------------------------------------------

struct Context::Impl {
  CtxPtr ssl;
  Role role;
};

Context::Context(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Context::~Context() = default;

Result<std::shared_ptr<const Context>> Context::load(const TlsFiles& files, Role role, Speaks speaks) {
  ERR_clear_error();
  CtxPtr context(SSL_CTX_new(role == Role::server ? TLS_server_method() : TLS_client_method()));
  if (!context) return fhir::fail(Fault::broken, "tls.library", "", "OpenSSL gave no context");
  SSL_CTX_set_min_proto_version(context.get(), files.from_1_2 ? TLS1_2_VERSION : TLS1_3_VERSION);
  SSL_CTX_set_cipher_list(context.get(), "ECDHE+AESGCM:ECDHE+CHACHA20");  // of 1.2; what 1.3 has is all good
  SSL_CTX_set_security_level(context.get(), kSecurityLevel);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(context.get(),
                   SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  SSL_CTX_set_verify_depth(context.get(), kChainDepth);
  SSL_CTX_set_cert_verify_callback(context.get(), verify_chain, nullptr);
  SSL_CTX_set_timeout(context.get(), kSessionSeconds);
  role == Role::server ? configure_server(context.get(), speaks) : configure_client(context.get(), speaks);
  if (auto own = use_own_certificate(context.get(), files); !own) return fhir::pass(own);
  if (auto trust = use_trust(context.get(), files, role); !trust) return fhir::pass(trust);
  return std::shared_ptr<const Context>(new Context(std::make_unique<Impl>(std::move(context), role)));
}

namespace {

std::string look(const TlsFiles& files) {
  std::string seen;
  for (const std::string* path : {&files.certificate, &files.key, &files.trust, &files.crl}) {
    struct stat info{};
    if (path->empty() || stat(path->c_str(), &info) != 0) {
      seen += "-;";
      continue;
    }
    seen += std::to_string(info.st_mtim.tv_sec) + "." + std::to_string(info.st_mtim.tv_nsec) + "," +
            std::to_string(info.st_size) + "," + std::to_string(info.st_ino) + "," + std::to_string(info.st_mode) + ";";
  }
  return seen;
}

}  // namespace

Credentials::Credentials(TlsFiles files, Role role, Speaks speaks)
    : files_(std::move(files)), role_(role), speaks_(speaks) {}

Result<std::shared_ptr<Credentials>> Credentials::open(const TlsFiles& files, Role role, Speaks speaks) {
  std::shared_ptr<Credentials> credentials(new Credentials(files, role, speaks));
  if (auto loaded = credentials->refresh(true); !loaded) return fhir::pass(loaded);
  return credentials;
}

std::shared_ptr<const Context> Credentials::current() const {
  const std::lock_guard lock(mutex_);
  return current_;
}

Result<bool> Credentials::refresh(bool anyway) {
  std::string now = look(files_);
  {
    const std::lock_guard lock(mutex_);
    if (!anyway && now == seen_) return false;
    seen_ = std::move(now);
  }
  auto loaded = Context::load(files_, role_, speaks_);
  if (!loaded) return fhir::pass(loaded);
  const std::lock_guard lock(mutex_);
  current_ = *std::move(loaded);
  return true;
}

// --- Session -----------------------------------------------------------------------------------------------------

struct Session::Impl {
  std::shared_ptr<const Context> context;  // the one it was last verified with
  SslPtr ssl;
  PeerCertificate certificate;
  int verified = X509_V_OK;
  Error failure;
  Resumption resumption;

  Step step(int result) {
    const int error = SSL_get_error(ssl.get(), result);
    if (error == SSL_ERROR_WANT_READ) return Step::want_read;
    if (error == SSL_ERROR_WANT_WRITE) return Step::want_write;
    if (error == SSL_ERROR_ZERO_RETURN) return Step::closed;
    if (verified != X509_V_OK) {
      failure = verify_error(verified);
    } else if (error == SSL_ERROR_SSL) {
      failure = library_error();
    } else {
      failure = {Fault::unavailable, "net.closed", "", "the connection broke"};
    }
    ERR_clear_error();
    return Step::failed;
  }
};

namespace {

int session_index() {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

Session::Impl& session_of(const SSL* ssl) {
  return *static_cast<Session::Impl*>(SSL_get_ex_data(ssl, session_index()));
}

int verify_chain(X509_STORE_CTX* store, void*) {
  auto* ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  Session::Impl& session = session_of(ssl);
  session.certificate = describe(X509_STORE_CTX_get0_cert(store));
  const int ok = X509_verify_cert(store);
  session.verified = ok == 1 ? X509_V_OK : X509_STORE_CTX_get_error(store);
  return ok == 1 ? 1 : 0;
}

int keep_session(SSL* ssl, SSL_SESSION* session) {
  session_of(ssl).resumption =
      Resumption(session, [](void* kept) { SSL_SESSION_free(static_cast<SSL_SESSION*>(kept)); });
  return 1;  // the reference is ours now
}

bool is_literal_address(const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  return inet_pton(AF_INET, host.c_str(), bytes.data()) == 1 || inet_pton(AF_INET6, host.c_str(), bytes.data()) == 1;
}

void expect_name(SSL* ssl, const std::string& name) {
  X509_VERIFY_PARAM* parameters = SSL_get0_param(ssl);
  if (is_literal_address(name)) {
    X509_VERIFY_PARAM_set1_ip_asc(parameters, name.c_str());
  } else {
    X509_VERIFY_PARAM_set_hostflags(parameters,
                                    X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    X509_VERIFY_PARAM_set1_host(parameters, name.c_str(), name.size());
  }
}

}  // namespace

Session::Session(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Session::~Session() = default;

std::unique_ptr<Session> Session::accept(std::shared_ptr<const Context> context, int socket) {
  auto impl = std::make_unique<Impl>();
  impl->ssl.reset(SSL_new(context->impl().ssl.get()));
  impl->context = std::move(context);
  SSL_set_ex_data(impl->ssl.get(), session_index(), impl.get());
  SSL_set_fd(impl->ssl.get(), socket);
  SSL_set_accept_state(impl->ssl.get());
  return std::unique_ptr<Session>(new Session(std::move(impl)));
}

std::unique_ptr<Session> Session::connect(std::shared_ptr<const Context> context, int socket, const std::string& name,
                                          bool check_name, const Resumption& resume) {
  auto session = accept(std::move(context), socket);
  SSL* ssl = session->impl_->ssl.get();
  SSL_set_connect_state(ssl);
  if (!is_literal_address(name)) SSL_set_tlsext_host_name(ssl, name.c_str());
  if (check_name) expect_name(ssl, name);
  if (resume) SSL_set_session(ssl, static_cast<SSL_SESSION*>(resume.get()));
  return session;
}

Step Session::handshake() {
  ERR_clear_error();
  const int result = SSL_do_handshake(impl_->ssl.get());
  if (result != 1) return impl_->step(result);
  if (const X509* shown = SSL_get0_peer_certificate(impl_->ssl.get()); shown != nullptr && resumed()) {
    impl_->certificate = describe(shown);
  }
  return Step::done;
}

Step Session::read(char* into, std::size_t size, std::size_t& got) {
  ERR_clear_error();
  const int result = SSL_read_ex(impl_->ssl.get(), into, size, &got);
  return result == 1 ? Step::done : impl_->step(result);
}

Step Session::write(const char* from, std::size_t size, std::size_t& put) {
  ERR_clear_error();
  const int result = SSL_write_ex(impl_->ssl.get(), from, size, &put);
  return result == 1 ? Step::done : impl_->step(result);
}

void Session::finish() {
  SSL_shutdown(impl_->ssl.get());
  ERR_clear_error();
}

const Error& Session::failure() const { return impl_->failure; }
const PeerCertificate& Session::certificate() const { return impl_->certificate; }
bool Session::resumed() const { return SSL_session_reused(impl_->ssl.get()) == 1; }
Resumption Session::resumption() const { return impl_->resumption; }

namespace {

int verify_again(SSL* ssl, const Context::Impl& context) {
  X509* leaf = SSL_get0_peer_certificate(ssl);
  const StoreContextPtr store(X509_STORE_CTX_new());
  if (leaf == nullptr || !store ||
      X509_STORE_CTX_init(store.get(), SSL_CTX_get_cert_store(context.ssl.get()), leaf, SSL_get_peer_cert_chain(ssl)) !=
          1) {
    return X509_V_ERR_UNSPECIFIED;
  }
  X509_STORE_CTX_set_default(store.get(), context.role == Role::server ? "ssl_client" : "ssl_server");
  X509_VERIFY_PARAM_set1(X509_STORE_CTX_get0_param(store.get()), SSL_get0_param(ssl));
  X509_VERIFY_PARAM_set_auth_level(X509_STORE_CTX_get0_param(store.get()), kSecurityLevel);
  return X509_verify_cert(store.get()) == 1 ? X509_V_OK : X509_STORE_CTX_get_error(store.get());
}

int check_dates(const PeerCertificate& certificate) {
  const std::int64_t now = std::time(nullptr);
  if (now > certificate.not_after) return X509_V_ERR_CERT_HAS_EXPIRED;
  return now < certificate.not_before ? X509_V_ERR_CERT_NOT_YET_VALID : X509_V_OK;
}

}  // namespace

Result<void> Session::still_valid(const std::shared_ptr<const Context>& now) {
  int error = check_dates(impl_->certificate);
  if (error == X509_V_OK && now != impl_->context) error = verify_again(impl_->ssl.get(), now->impl());
  ERR_clear_error();
  if (error != X509_V_OK) return std::unexpected(verify_error(error));
  impl_->context = now;  // the SSL holds its own reference to the one it was made from
  return {};
}

}  // namespace gateway::net::tls
