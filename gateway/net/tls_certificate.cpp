#include "gateway/net/tls_certificate.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <limits>
#include <memory>

#include "gateway/net/openssl_handle.h"

namespace gateway::net::tls {
namespace {

using NamesPtr = Handle<GENERAL_NAMES, GENERAL_NAMES_free>;

std::string hex(const unsigned char* bytes, std::size_t size) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < size; ++i) {
    text += digits[bytes[i] >> 4];
    text += digits[bytes[i] & 15];
  }
  return text;
}

std::string base64(const unsigned char* bytes, std::size_t size) {
  std::string text(4 * ((size + 2) / 3) + 1, '\0');
  const int written = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes, static_cast<int>(size));
  text.resize(static_cast<std::size_t>(written));
  return text;
}

std::string key_pin(const X509* certificate) {
  unsigned char* der = nullptr;
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
  if (size <= 0) return {};
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  EVP_Digest(der, static_cast<std::size_t>(size), digest.data(), &length, EVP_sha256(), nullptr);
  OPENSSL_free(der);
  return base64(digest.data(), length);
}

std::string serial_text(const ASN1_INTEGER* serial) {
  BIGNUM* number = ASN1_INTEGER_to_BN(serial, nullptr);
  char* text = number == nullptr ? nullptr : BN_bn2hex(number);
  std::string result = text == nullptr ? "" : text;
  OPENSSL_free(text);
  BN_free(number);
  std::ranges::transform(result, result.begin(),
                         [](char c) { return c >= 'A' && c <= 'F' ? static_cast<char>(c + 32) : c; });
  return result;
}

std::string name_text(const X509_NAME* name) {
  const BioPtr out(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_RFC2253);
  char* text = nullptr;
  const auto size = BIO_get_mem_data(out.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

std::int64_t unix_seconds(const ASN1_TIME* time) {
  std::tm parts{};
  return ASN1_TIME_to_tm(time, &parts) == 1 ? static_cast<std::int64_t>(timegm(&parts)) : 0;
}

/// Names with a NUL inside are left out: to a C string they would look like another name.
void add_name(std::vector<std::string>& to, const ASN1_IA5STRING* name) {
  std::string text(reinterpret_cast<const char*>(ASN1_STRING_get0_data(name)),
                   static_cast<std::size_t>(ASN1_STRING_length(name)));
  if (text.find('\0') == std::string::npos) to.push_back(std::move(text));
}

void read_alternative_names(const X509* certificate, PeerCertificate& into) {
  const NamesPtr names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type == GEN_DNS) add_name(into.dns_names, name->d.dNSName);
    if (name->type == GEN_URI) add_name(into.uris, name->d.uniformResourceIdentifier);
  }
}

}  // namespace

PeerCertificate describe(const X509* certificate) {
  PeerCertificate result;
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  X509_digest(certificate, EVP_sha256(), digest.data(), &length);
  result.fingerprint = hex(digest.data(), length);
  result.key_pin = key_pin(certificate);
  result.issuer = name_text(X509_get_issuer_name(certificate));
  result.serial = serial_text(X509_get0_serialNumber(certificate));
  result.not_before = unix_seconds(X509_get0_notBefore(certificate));
  result.not_after = unix_seconds(X509_get0_notAfter(certificate));
  read_alternative_names(certificate, result);
  return result;
}

namespace {

std::unexpected<Error> unreadable(const std::string& path, std::string say) {
  ERR_clear_error();
  return fhir::fail(fhir::Fault::invalid, "tls.files", path, std::move(say));
}

void add_list(X509_CRL* list, Revocations& into) {
  const std::string issuer = name_text(X509_CRL_get_issuer(list));
  const ASN1_TIME* next = X509_CRL_get0_nextUpdate(list);
  into.next_update = std::min(into.next_update, next == nullptr ? 0 : unix_seconds(next));
  const STACK_OF(X509_REVOKED)* entries = X509_CRL_get_REVOKED(list);
  for (int i = 0; i < sk_X509_REVOKED_num(entries); ++i) {
    into.revoked.emplace(issuer, serial_text(X509_REVOKED_get0_serialNumber(sk_X509_REVOKED_value(entries, i))));
  }
}

}  // namespace

Result<PeerCertificate> read_certificate(const std::string& path) {
  const BioPtr file(BIO_new_file(path.c_str(), "r"));
  const CertificatePtr certificate(file ? PEM_read_bio_X509(file.get(), nullptr, nullptr, nullptr) : nullptr);
  if (!certificate) return unreadable(path, "there is no certificate in PEM");
  return describe(certificate.get());
}

Result<Revocations> read_revocations(const std::string& path) {
  const BioPtr file(BIO_new_file(path.c_str(), "r"));
  Revocations all;
  all.next_update = std::numeric_limits<std::int64_t>::max();
  std::size_t lists = 0;
  while (file) {
    const CrlPtr list(PEM_read_bio_X509_CRL(file.get(), nullptr, nullptr, nullptr));
    if (!list) break;
    add_list(list.get(), all);
    ++lists;
  }
  const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  if (lists == 0 || !at_end) return unreadable(path, "no certificate revocation list in PEM, or a broken one");
  ERR_clear_error();
  return all;
}

}  // namespace gateway::net::tls
