#include "gateway/trust/demo_ca.h"

#include <fcntl.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <ctime>
#include <fstream>
#include <memory>
#include <string_view>

#include "gateway/net/openssl_handle.h"
#include "gateway/net/tls_certificate.h"

namespace gateway::trust {
namespace {

namespace fs = std::filesystem;
using fhir::Fault;

constexpr long kDay = 24 * 3600;
constexpr long kCaLife = 3650 * kDay;
constexpr long kCertificateLife = 397 * kDay;
constexpr long kListLife = 365 * kDay;
constexpr long kClockSkew = 3600;  // machines of a demonstration do not agree to the second

using net::tls::BioPtr;
using net::tls::CertificatePtr;
using net::tls::CrlPtr;
using net::tls::Handle;
using net::tls::KeyPtr;
using TimePtr = Handle<ASN1_TIME, ASN1_TIME_free>;
using ExtensionPtr = Handle<X509_EXTENSION, X509_EXTENSION_free>;
using RevokedPtr = Handle<X509_REVOKED, X509_REVOKED_free>;

struct Authority {
  KeyPtr key;
  CertificatePtr certificate;
};

std::unexpected<fhir::Error> crypto_error(const char* what) {
  ERR_clear_error();
  return fhir::fail(Fault::broken, "demo.crypto", "", what);
}

// --- Files -------------------------------------------------------------------------------------------------------

Result<void> write_whole(const fs::path& file, std::string_view text, unsigned mode) {
  const std::string draft = file.string() + ".new";
  ::unlink(draft.c_str());
  const int fd = ::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  const bool written = fd >= 0 && ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  if (fd >= 0) ::close(fd);
  if (!written || ::rename(draft.c_str(), file.c_str()) != 0) {
    return fhir::fail(Fault::broken, "demo.write", file.string(), "the file cannot be written");
  }
  return {};
}

template <class Write>
Result<void> write_pem(const fs::path& file, unsigned mode, Write write) {
  const BioPtr out(BIO_new(BIO_s_mem()));
  if (write(out.get()) != 1) return crypto_error("PEM could not be made");
  char* text = nullptr;
  const auto size = BIO_get_mem_data(out.get(), &text);
  return write_whole(file, {text, static_cast<std::size_t>(size)}, mode);
}

Result<void> write_key(const fs::path& file, EVP_PKEY* key) {
  return write_pem(file, 0600, [&](BIO* out) {
    return PEM_write_bio_PKCS8PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr);
  });
}

Result<void> write_certificate(const fs::path& file, X509* certificate) {
  return write_pem(file, 0644, [&](BIO* out) { return PEM_write_bio_X509(out, certificate); });
}

std::unexpected<fhir::Error> broken_file(const fs::path& file) {
  ERR_clear_error();
  return fhir::fail(Fault::invalid, "demo.read", file.string(), "the file is missing or broken");
}

Result<CertificatePtr> read_certificate(const fs::path& file) {
  const BioPtr in(BIO_new_file(file.c_str(), "r"));
  CertificatePtr certificate(in ? PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr) : nullptr);
  if (!certificate) return broken_file(file);
  return certificate;
}

Result<Authority> read_authority(const fs::path& folder) {
  auto certificate = read_certificate(folder / "ca.pem");
  if (!certificate) return fhir::pass(certificate);
  const BioPtr in(BIO_new_file((folder / "ca.key").c_str(), "r"));
  KeyPtr key(in ? PEM_read_bio_PrivateKey(in.get(), nullptr, nullptr, nullptr) : nullptr);
  if (!key) return broken_file(folder / "ca.key");
  return Authority{std::move(key), *std::move(certificate)};
}

// --- Certificates ------------------------------------------------------------------------------------------------

Result<KeyPtr> new_key() {
  KeyPtr key(EVP_EC_gen("P-256"));
  if (!key) return crypto_error("no key could be made");
  return key;
}

bool set_random_serial(X509* certificate) {
  std::array<unsigned char, 16> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) return false;
  bytes[0] &= 0x7f;  // positive
  BIGNUM* number = BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr);
  const bool set = BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != nullptr;
  BN_free(number);
  return set;
}

bool set_common_name(X509_NAME* name, const std::string& text) {
  return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(text.c_str()), -1,
                                    -1, 0) == 1;
}

struct Extension {
  int nid;
  std::string value;
};

bool add_extensions(X509* certificate, X509* issuer, const std::vector<Extension>& extensions) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  for (const auto& [nid, value] : extensions) {
    const ExtensionPtr extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
    if (!extension || X509_add_ext(certificate, extension.get(), -1) != 1) return false;
  }
  return true;
}

/// `authority` null: it signs itself.
Result<CertificatePtr> new_certificate(const std::string& name, long life, EVP_PKEY* key, const Authority* authority,
                                       const std::vector<Extension>& extensions) {
  CertificatePtr certificate(X509_new());
  X509* it = certificate.get();
  X509* issuer = authority == nullptr ? it : authority->certificate.get();
  const bool made = X509_set_version(it, X509_VERSION_3) == 1 && set_random_serial(it) &&
                    X509_gmtime_adj(X509_getm_notBefore(it), -kClockSkew) != nullptr &&
                    X509_gmtime_adj(X509_getm_notAfter(it), life) != nullptr &&
                    set_common_name(X509_get_subject_name(it), name) &&
                    X509_set_issuer_name(it, X509_get_subject_name(issuer)) == 1 && X509_set_pubkey(it, key) == 1 &&
                    add_extensions(it, issuer, extensions) &&
                    X509_sign(it, authority == nullptr ? key : authority->key.get(), EVP_sha256()) > 0;
  if (!made) return crypto_error("the certificate could not be made");
  return certificate;
}

Result<Authority> new_authority(const fs::path& folder) {
  auto key = new_key();
  if (!key) return fhir::pass(key);
  auto certificate =
      new_certificate("Causeway demonstration CA " + folder.filename().string(), kCaLife, key->get(), nullptr,
                      {{NID_basic_constraints, "critical,CA:TRUE,pathlen:1"},
                       {NID_key_usage, "critical,keyCertSign,cRLSign"},
                       {NID_subject_key_identifier, "hash"}});
  if (!certificate) return fhir::pass(certificate);
  if (auto done = write_key(folder / "ca.key", key->get()); !done) return fhir::pass(done);
  if (auto done = write_certificate(folder / "ca.pem", certificate->get()); !done) return fhir::pass(done);
  return Authority{*std::move(key), *std::move(certificate)};
}

Result<void> add_pin(const fs::path& folder, const std::string& name) {
  auto certificate = net::tls::read_certificate((folder / (name + ".pem")).string());
  if (!certificate) return fhir::pass(certificate);
  const fs::path file = folder / (name + ".pins");
  std::ifstream in(file);
  const std::string before{std::istreambuf_iterator<char>(in), {}};
  return write_whole(file, before + certificate->key_pin + "\n", 0644);
}

Result<void> issue(const fs::path& folder, const Authority& authority, const DemoHolder& holder) {
  auto key = new_key();
  if (!key) return fhir::pass(key);
  const bool uri = holder.san.find("://") != std::string::npos;
  auto certificate = new_certificate(holder.name, kCertificateLife, key->get(), &authority,
                                     {{NID_basic_constraints, "critical,CA:FALSE"},
                                      {NID_key_usage, "critical,digitalSignature"},
                                      {NID_ext_key_usage, "serverAuth,clientAuth"},
                                      {NID_subject_key_identifier, "hash"},
                                      {NID_authority_key_identifier, "keyid:always"},
                                      {NID_subject_alt_name, (uri ? "URI:" : "DNS:") + holder.san}});
  if (!certificate) return fhir::pass(certificate);
  if (auto done = write_key(folder / (holder.name + ".key"), key->get()); !done) return done;
  if (auto done = write_certificate(folder / (holder.name + ".pem"), certificate->get()); !done) return done;
  return add_pin(folder, holder.name);
}

// --- The revocation list -----------------------------------------------------------------------------------------

bool set_times(X509_CRL* list) {
  const TimePtr last(X509_gmtime_adj(nullptr, -kClockSkew)), next(X509_gmtime_adj(nullptr, kListLife));
  return X509_CRL_set1_lastUpdate(list, last.get()) == 1 && X509_CRL_set1_nextUpdate(list, next.get()) == 1;
}

bool add_revoked(X509_CRL* list, const ASN1_INTEGER* serial) {
  RevokedPtr entry(X509_REVOKED_new());
  const TimePtr now(X509_gmtime_adj(nullptr, 0));
  if (X509_REVOKED_set_serialNumber(entry.get(), const_cast<ASN1_INTEGER*>(serial)) != 1 ||
      X509_REVOKED_set_revocationDate(entry.get(), now.get()) != 1 || X509_CRL_add0_revoked(list, entry.get()) != 1) {
    return false;
  }
  static_cast<void>(entry.release());  // the list's now
  return true;
}

Result<void> sign_list(const fs::path& folder, const Authority& authority, X509_CRL* list) {
  const bool made = X509_CRL_set_version(list, X509_CRL_VERSION_2) == 1 &&
                    X509_CRL_set_issuer_name(list, X509_get_subject_name(authority.certificate.get())) == 1 &&
                    set_times(list) && X509_CRL_sort(list) == 1 &&
                    X509_CRL_sign(list, authority.key.get(), EVP_sha256()) > 0;
  if (!made) return crypto_error("the revocation list could not be made");
  return write_pem(folder / "crl.pem", 0644, [&](BIO* out) { return PEM_write_bio_X509_CRL(out, list); });
}

}  // namespace

Result<void> make_demo_pki(const fs::path& folder, const std::vector<DemoHolder>& holders) {
  std::error_code failed;
  fs::create_directories(folder, failed);
  const bool there = fs::exists(folder / "ca.key", failed);
  auto authority = there ? read_authority(folder) : new_authority(folder);
  if (!authority) return fhir::pass(authority);
  if (!fs::exists(folder / "crl.pem", failed)) {
    const CrlPtr list(X509_CRL_new());
    if (auto done = sign_list(folder, *authority, list.get()); !done) return done;
  }
  for (const DemoHolder& holder : holders) {
    if (fs::exists(folder / (holder.name + ".pins"), failed)) continue;
    if (auto done = issue(folder, *authority, holder); !done) return done;
  }
  return {};
}

Result<void> revoke_demo_certificate(const fs::path& folder, const std::string& name) {
  auto authority = read_authority(folder);
  if (!authority) return fhir::pass(authority);
  auto certificate = read_certificate(folder / (name + ".pem"));
  if (!certificate) return fhir::pass(certificate);
  const BioPtr in(BIO_new_file((folder / "crl.pem").c_str(), "r"));
  const CrlPtr list(in ? PEM_read_bio_X509_CRL(in.get(), nullptr, nullptr, nullptr) : nullptr);
  if (!list) return broken_file(folder / "crl.pem");
  if (!add_revoked(list.get(), X509_get0_serialNumber(certificate->get()))) {
    return crypto_error("the revocation list could not be made");
  }
  return sign_list(folder, *authority, list.get());
}

Result<void> rotate_demo_key(const fs::path& folder, const DemoHolder& holder) {
  auto authority = read_authority(folder);
  if (!authority) return fhir::pass(authority);
  return issue(folder, *authority, holder);
}

}  // namespace gateway::trust
