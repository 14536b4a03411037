// Certificates of every kind a test needs, good and bad, made with OpenSSL in this process; and a blocking TLS endpoint
// that shows whatever it is told to, without the checks of the product.
#pragma once
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mini_ca {

using Key = std::shared_ptr<EVP_PKEY>;
using Certificate = std::shared_ptr<X509>;

inline Key ec_key() { return {EVP_EC_gen("P-256"), EVP_PKEY_free}; }
inline Key rsa_key(unsigned bits) { return {EVP_RSA_gen(bits), EVP_PKEY_free}; }

struct Identity {
  Key key;
  Certificate certificate;
  std::vector<Certificate> chain;  // shown besides
};

/// What stands in a certificate. The defaults are a good one.
struct Order {
  std::string name = "hospital a";
  std::string alternative = "DNS:a.example";
  std::string purpose = "serverAuth,clientAuth";
  std::string basic = "critical,CA:FALSE";
  std::string usage = "critical,digitalSignature";
  std::string constraints = "";            // name constraints
  long from = -3600, until = 30L * 86400;  // seconds from now
  const EVP_MD* digest = EVP_sha256();
  Key key = nullptr;  // null: a new P-256
};

inline Order ca_order(std::string name) {
  return {std::move(name), "", "", "critical,CA:TRUE", "critical,keyCertSign,cRLSign"};
}

inline void extend(X509* certificate, X509* issuer, int nid, const std::string& value) {
  if (value.empty()) return;
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  REQUIRE(extension != nullptr);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

/// `issuer` null: it signs itself.
inline Identity make(Order order, const Identity* issuer) {
  static long serial = 1000;
  const Key key = order.key ? order.key : ec_key();
  const Certificate certificate(X509_new(), X509_free);
  X509* it = certificate.get();
  X509* signer = issuer == nullptr ? it : issuer->certificate.get();
  X509_set_version(it, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(it), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(it), order.from);
  X509_gmtime_adj(X509_getm_notAfter(it), order.until);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(it), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(order.name.c_str()), -1, -1, 0);
  X509_set_issuer_name(it, X509_get_subject_name(signer));
  X509_set_pubkey(it, key.get());
  extend(it, signer, NID_basic_constraints, order.basic);
  extend(it, signer, NID_key_usage, order.usage);
  extend(it, signer, NID_ext_key_usage, order.purpose);
  extend(it, signer, NID_subject_alt_name, order.alternative);
  extend(it, signer, NID_name_constraints, order.constraints);
  REQUIRE(X509_sign(it, issuer == nullptr ? key.get() : issuer->key.get(), order.digest) > 0);
  return {key, certificate, {}};
}

template <class Write>
std::string pem(Write write) {
  BIO* out = BIO_new(BIO_s_mem());
  write(out);
  char* text = nullptr;
  const auto size = BIO_get_mem_data(out, &text);
  std::string result(text, static_cast<std::size_t>(size));
  BIO_free(out);
  return result;
}

inline std::string pem(const Certificate& certificate) {
  return pem([&](BIO* out) { PEM_write_bio_X509(out, certificate.get()); });
}
inline std::string pem(const Key& key) {
  return pem([&](BIO* out) { PEM_write_bio_PKCS8PrivateKey(out, key.get(), nullptr, nullptr, 0, nullptr, nullptr); });
}

/// A revocation list of this issuer, in PEM.
inline std::string crl(const Identity& issuer, const std::vector<Certificate>& revoked, long until = 86400,
                       long from = -3600) {
  X509_CRL* list = X509_CRL_new();
  X509_CRL_set_version(list, X509_CRL_VERSION_2);
  X509_CRL_set_issuer_name(list, X509_get_subject_name(issuer.certificate.get()));
  ASN1_TIME* time = X509_gmtime_adj(nullptr, from);
  X509_CRL_set1_lastUpdate(list, time);
  X509_gmtime_adj(time, until);
  X509_CRL_set1_nextUpdate(list, time);
  for (const auto& certificate : revoked) {
    X509_REVOKED* entry = X509_REVOKED_new();
    X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(certificate.get()));
    X509_REVOKED_set_revocationDate(entry, time);
    X509_CRL_add0_revoked(list, entry);
  }
  ASN1_TIME_free(time);
  X509_CRL_sign(list, issuer.key.get(), EVP_sha256());
  std::string text = pem([&](BIO* out) { PEM_write_bio_X509_CRL(out, list); });
  X509_CRL_free(list);
  return text;
}

/// A folder of its own under the temporary one, removed in the end.
class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "causeway-trust-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  /// Written beside and moved into place, as an administrator's tool would.
  std::string write(const std::string& name, std::string_view text, unsigned mode = 0600) const {
    const auto file = path_ / name, draft = path_ / (name + ".new");
    std::ofstream(draft, std::ios::binary) << text;
    ::chmod(draft.c_str(), mode);
    std::filesystem::rename(draft, file);
    return file.string();
  }

 private:
  std::filesystem::path path_;
};

/// What a raw endpoint does; anything goes.
struct Endpoint {
  const Identity* identity = nullptr;  // null: shows no certificate
  int max_version = TLS1_3_VERSION;
  std::string alpn = "";  // wire format
  SSL_SESSION* resume = nullptr;
};

/// A blocking TLS connection over a socket that somebody else owns. It trusts everybody.
class RawTls {
 public:
  RawTls(int socket, bool server, const Endpoint& endpoint)
      : context_(SSL_CTX_new(TLS_method()), SSL_CTX_free), ssl_(nullptr, SSL_free) {
    SSL_CTX_set_security_level(context_.get(), 0);
    SSL_CTX_set_max_proto_version(context_.get(), endpoint.max_version);
    SSL_CTX_set_verify(context_.get(), server ? SSL_VERIFY_PEER : SSL_VERIFY_NONE,
                       [](int, X509_STORE_CTX*) { return 1; });
    // A session that a context remembers cannot be resumed after that context is gone.
    SSL_CTX_set_session_cache_mode(context_.get(), SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    if (endpoint.identity != nullptr) {
      SSL_CTX_use_certificate(context_.get(), endpoint.identity->certificate.get());
      SSL_CTX_use_PrivateKey(context_.get(), endpoint.identity->key.get());
      for (const auto& link : endpoint.identity->chain) SSL_CTX_add1_chain_cert(context_.get(), link.get());
    }
    ssl_.reset(SSL_new(context_.get()));
    if (!endpoint.alpn.empty()) {
      SSL_set_alpn_protos(ssl_.get(), reinterpret_cast<const unsigned char*>(endpoint.alpn.data()),
                          static_cast<unsigned>(endpoint.alpn.size()));
    }
    if (endpoint.resume != nullptr) SSL_set_session(ssl_.get(), endpoint.resume);
    SSL_set_fd(ssl_.get(), socket);
    server ? SSL_set_accept_state(ssl_.get()) : SSL_set_connect_state(ssl_.get());
  }

  bool handshake() {
    ERR_clear_error();
    return SSL_do_handshake(ssl_.get()) == 1;
  }
  bool send(std::string_view bytes) {
    ERR_clear_error();
    return SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size())) > 0;
  }
  /// Some bytes; empty at the end.
  std::string read() {
    ERR_clear_error();
    char buffer[16384];
    const int got = SSL_read(ssl_.get(), buffer, sizeof buffer);
    return got > 0 ? std::string(buffer, static_cast<std::size_t>(got)) : "";
  }
  bool resumed() const { return SSL_session_reused(ssl_.get()) == 1; }
  std::shared_ptr<SSL_SESSION> session() const { return {SSL_get1_session(ssl_.get()), SSL_SESSION_free}; }
  void finish() { SSL_shutdown(ssl_.get()); }

 private:
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl_;
};

}  // namespace mini_ca
