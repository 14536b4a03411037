#include "gateway/trust/signature.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <array>
#include <fstream>
#include <iterator>
#include <vector>

#include "gateway/net/openssl_handle.h"

namespace gateway::trust {
namespace {

using fhir::Fault;
using net::tls::BioPtr;
using net::tls::CertificatePtr;
using net::tls::Handle;
using net::tls::KeyPtr;
using ContextPtr = Handle<EVP_MD_CTX, EVP_MD_CTX_free>;
using KeyContextPtr = Handle<EVP_PKEY_CTX, EVP_PKEY_CTX_free>;

constexpr std::uintmax_t kLargestFile = 64u << 10;
constexpr std::size_t kShortestSecret = 16;

std::unexpected<fhir::Error> key_error(const std::filesystem::path& file, std::string say) {
  return fhir::fail(Fault::broken, "signature.key", file.string(), std::move(say));
}

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

KeyPtr read_key(const std::string& pem, SignatureKey::Use use) {
  const auto bio = [&] { return BioPtr(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))); };
  // Without a passphrase: an encrypted key is none, rather than a question on the terminal.
  char none[] = "";
  if (use == SignatureKey::Use::sign) return KeyPtr(PEM_read_bio_PrivateKey(bio().get(), nullptr, nullptr, none));
  if (KeyPtr key{PEM_read_bio_PUBKEY(bio().get(), nullptr, nullptr, none)}) return key;
  const CertificatePtr certificate(PEM_read_bio_X509(bio().get(), nullptr, nullptr, none));
  return KeyPtr(certificate ? X509_get_pubkey(certificate.get()) : nullptr);
}

bool is_sm2(EVP_PKEY* key) {
  std::array<char, 32> group{};
  std::size_t size = 0;
  return EVP_PKEY_get_group_name(key, group.data(), group.size(), &size) == 1 &&
         std::string_view(group.data(), size) == "SM2";
}

std::string trimmed(std::string text) {
  constexpr std::string_view kBlank = " \t\r\n";
  const auto first = text.find_first_not_of(kBlank);
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

}  // namespace

struct SignatureKey::Parts {
  SignatureKind kind;
  KeyPtr key;          // SM2
  std::string id;      // SM2
  std::string secret;  // HMAC

  /// A context that signs or verifies with SM2 under `id`; null when this OpenSSL cannot.
  ContextPtr begin(Use use, KeyContextPtr& key_context) const {
    ContextPtr context(EVP_MD_CTX_new());
    key_context.reset(EVP_PKEY_CTX_new(key.get(), nullptr));
    if (context == nullptr || key_context == nullptr) return nullptr;
    EVP_MD_CTX_set_pkey_ctx(context.get(), key_context.get());
    const auto init = use == Use::sign ? EVP_DigestSignInit : EVP_DigestVerifyInit;
    // The identifier goes into the digest, so it is set before anything is hashed (GB/T 32918.2 §5.5).
    const bool ready = EVP_PKEY_CTX_set1_id(key_context.get(), id.data(), static_cast<int>(id.size())) == 1 &&
                       init(context.get(), nullptr, EVP_sm3(), nullptr, key.get()) == 1;
    return ready ? std::move(context) : nullptr;
  }

  std::string hmac(std::string_view text) const {
    std::string mac(32, '\0');
    const char* digest = kind == SignatureKind::hmac_sm3 ? "SM3" : "SHA256";
    std::size_t size = 0;
    const auto* done =
        EVP_Q_mac(nullptr, "HMAC", nullptr, digest, nullptr, secret.data(), secret.size(), bytes_of(text), text.size(),
                  reinterpret_cast<unsigned char*>(mac.data()), mac.size(), &size);
    return done != nullptr && size == mac.size() ? mac : std::string();
  }
};

SignatureKey::SignatureKey(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
SignatureKey::~SignatureKey() { OPENSSL_cleanse(parts_->secret.data(), parts_->secret.size()); }

Result<std::shared_ptr<const SignatureKey>> SignatureKey::open(SignatureKind kind, const std::filesystem::path& file,
                                                               Use use, std::string id) {
  std::error_code unreadable;
  const auto size = std::filesystem::file_size(file, unreadable);
  std::ifstream in(file, std::ios::binary);
  if (unreadable || !in) return key_error(file, "the key file cannot be read");
  if (size > kLargestFile) return key_error(file, "this is no key: the file is too large");
  std::string text{std::istreambuf_iterator<char>(in), {}};
  auto parts = std::make_unique<Parts>(kind, nullptr, std::move(id), std::string());
  if (kind == SignatureKind::sm2_sm3) {
    parts->key = read_key(text, use);
    OPENSSL_cleanse(text.data(), text.size());
    if (parts->key == nullptr)
      return key_error(file, use == Use::sign ? "the file holds no private key in PEM (without a passphrase)"
                                              : "the file holds no public key and no certificate in PEM");
    if (!is_sm2(parts->key.get())) return key_error(file, "the key is not on the curve SM2");
  } else {
    parts->secret = trimmed(text);
    OPENSSL_cleanse(text.data(), text.size());
    if (parts->secret.size() < kShortestSecret) return key_error(file, "the secret has fewer than 16 bytes");
  }
  return std::shared_ptr<const SignatureKey>(new SignatureKey(std::move(parts)));
}

Result<std::string> SignatureKey::sign(std::string_view text) const {
  const auto failed = [] {
    return fhir::fail(Fault::broken, "signature.failed", "", "the text could not be signed with this key");
  };
  if (parts_->kind != SignatureKind::sm2_sm3) {
    auto mac = parts_->hmac(text);
    return mac.empty() ? Result<std::string>(failed()) : std::move(mac);
  }
  KeyContextPtr key_context;
  const ContextPtr context = parts_->begin(Use::sign, key_context);
  std::size_t size = 0;
  if (context == nullptr || EVP_DigestSign(context.get(), nullptr, &size, bytes_of(text), text.size()) != 1)
    return failed();
  std::string signature(size, '\0');
  if (EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, bytes_of(text),
                     text.size()) != 1)
    return failed();
  signature.resize(size);
  return signature;
}

bool SignatureKey::verifies(std::string_view text, std::string_view signature) const {
  if (parts_->kind != SignatureKind::sm2_sm3) {
    const std::string mac = parts_->hmac(text);
    return !mac.empty() && mac.size() == signature.size() &&
           CRYPTO_memcmp(mac.data(), signature.data(), mac.size()) == 0;
  }
  KeyContextPtr key_context;
  const ContextPtr context = parts_->begin(Use::verify, key_context);
  return context != nullptr &&
         EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(), bytes_of(text), text.size()) == 1;
}

}  // namespace gateway::trust
