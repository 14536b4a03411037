#include "gateway/trust/digest.h"

#include <openssl/evp.h>

#include <cstdlib>

#include "gateway/net/openssl_handle.h"

namespace gateway::trust {
namespace {

// Fetched once: a lookup by name for every digest costs more than hashing a kilobyte.
const EVP_MD* algorithm() {
  static const EVP_MD* const fetched = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return fetched;
}

}  // namespace

Digest sha256(std::string_view bytes) {
  thread_local const net::tls::Handle<EVP_MD_CTX, EVP_MD_CTX_free> context{EVP_MD_CTX_new()};
  Digest digest;
  unsigned size = 0;
  const bool done = context != nullptr && EVP_DigestInit_ex2(context.get(), algorithm(), nullptr) == 1 &&
                    EVP_DigestUpdate(context.get(), bytes.data(), bytes.size()) == 1 &&
                    EVP_DigestFinal_ex(context.get(), digest.data(), &size) == 1 && size == digest.size();
  if (!done) std::abort();  // no SHA-256 in this OpenSSL: nothing here could be trusted
  return digest;
}

std::string sha256_hex(std::string_view bytes) { return to_hex(sha256(bytes)); }

struct Sha256::Context {
  net::tls::Handle<EVP_MD_CTX, EVP_MD_CTX_free> handle{EVP_MD_CTX_new()};
};

Sha256::Sha256() : context_(std::make_unique<Context>()) {
  if (context_->handle == nullptr || EVP_DigestInit_ex2(context_->handle.get(), algorithm(), nullptr) != 1)
    std::abort();
}

Sha256::~Sha256() = default;

void Sha256::add(std::string_view bytes) {
  if (EVP_DigestUpdate(context_->handle.get(), bytes.data(), bytes.size()) != 1) std::abort();
}

std::string Sha256::hex() {
  Digest digest;
  unsigned size = 0;
  if (EVP_DigestFinal_ex(context_->handle.get(), digest.data(), &size) != 1 || size != digest.size()) std::abort();
  return to_hex(digest);
}

std::string to_hex(std::span<const std::uint8_t> bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const std::uint8_t byte : bytes) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

}  // namespace gateway::trust
